"""Knowledge bases and their documents: list, read, add, retry, delete.

Vectors and files are never touched inside a transaction: deleting rows records a job that removes the rest, and what
has no row is not found by any search in the meantime.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.knowledge.content import read_text
from privexbot_app.domains.knowledge.models import Document, KnowledgeBase, Source
from privexbot_app.domains.knowledge.repository import (
    ChunkRepository,
    DocumentRepository,
    KnowledgeBaseRepository,
    SourceRepository,
)
from privexbot_app.domains.knowledge.schemas import (
    BaseStatus,
    ChunkView,
    DocumentCounts,
    DocumentError,
    DocumentTextView,
    DocumentTicket,
    DocumentView,
    KnowledgeBaseChange,
    KnowledgeBaseView,
    KnowledgeSettings,
)
from privexbot_app.domains.knowledge.sources import StoredDocument, StoredSource
from privexbot_app.domains.knowledge.states import RUNNING, DocumentStatus
from privexbot_app.integrations.plugins import Plugins, Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import ConflictError, NotFoundError
from privexbot_app.kit.pagination import Page, PageParams
from privexbot_app.kit.scope import Namespace, Scope

SPACE_KIND = "kb"
QUEUE_PATIENCE = timedelta(minutes=5)
"""How long a document may wait before the watchdog queues it again, in case the queue has lost it."""


class DocumentBusyError(ConflictError):
    """The document is being indexed right now."""

    code = "document_busy"

    def __init__(self) -> None:
        super().__init__("This document is being indexed. Wait until it is done.")


class KnowledgeService:
    """The knowledge bases of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._bases = work.repository(KnowledgeBaseRepository)
        self._documents = work.repository(DocumentRepository)

    async def list_bases(self, params: PageParams) -> Page[KnowledgeBaseView]:
        """Knowledge bases, newest first. Needs `kb.read`."""
        self._work.scope.require("kb.read")
        page = await self._bases.page(params)
        counts = await self._bases.counts([base.id for base in page.items])
        return Page(items=[_base_view(base, counts[base.id]) for base in page.items], next_cursor=page.next_cursor)

    async def get_base(self, base_id: UUID) -> KnowledgeBaseView:
        """One knowledge base. Needs `kb.read`. Raises NotFoundError (`knowledge_base_not_found`)."""
        self._work.scope.require("kb.read")
        base = await self._bases.get(base_id)
        return _base_view(base, (await self._bases.counts([base_id]))[base_id])

    async def change_base(self, base_id: UUID, change: KnowledgeBaseChange) -> KnowledgeBaseView:
        """Rename or describe a knowledge base. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        base = await self._bases.get(base_id)
        base.name, base.description = change.name, change.description
        AuditService(self._work).record("knowledge_base.changed", base_id, name=base.name)
        return await self.get_base(base_id)

    async def list_missing(self, base_ids: list[UUID]) -> list[UUID]:
        """Which of these knowledge bases do not exist here."""
        found = {base.id for base in await self._bases.list_all(base_ids)}
        return [base_id for base_id in base_ids if base_id not in found]

    async def delete_base(self, base_id: UUID) -> None:
        """Delete a knowledge base with its documents, vectors and files. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        base = await self._bases.get(base_id)
        documents = await self._documents.all(self._documents.query(Document.knowledge_base_id == base_id))
        await self._bases.delete(base_id)
        self._work.record_job(
            "knowledge.delete_remains",
            base_id=str(base_id),
            generation=base.generation,
            vector_store=KnowledgeSettings.model_validate(base.settings).vector_store,
            document_ids=None,
            folders=[document.storage_path for document in documents],
        )
        AuditService(self._work).record("knowledge_base.deleted", base_id, name=base.name)

    async def list_documents(self, base_id: UUID, params: PageParams) -> Page[DocumentView]:
        """Documents of a knowledge base, newest first. Needs `kb.read`."""
        self._work.scope.require("kb.read")
        await self._bases.get(base_id)
        page = await self._documents.page(params, Document.knowledge_base_id == base_id)
        types = await self._work.repository(SourceRepository).types([row.source_id for row in page.items])
        views = [document_view(row, types[row.source_id]) for row in page.items]
        return Page(items=views, next_cursor=page.next_cursor)

    async def get_document(self, base_id: UUID, document_id: UUID) -> DocumentView:
        """One document. Needs `kb.read`. Raises NotFoundError (`document_not_found`)."""
        self._work.scope.require("kb.read")
        document = await self._find(base_id, document_id)
        types = await self._work.repository(SourceRepository).types([document.source_id])
        return document_view(document, types[document.source_id])

    async def add_documents(self, base_id: UUID, sources: list[StoredSource]) -> list[DocumentTicket]:
        """Queue the documents of new sources. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        await self._bases.get(base_id)
        tickets = await take_in(self._work, base_id, sources)
        AuditService(self._work).record("documents.added", base_id, documents=len(tickets))
        return tickets

    async def retry_document(self, base_id: UUID, document_id: UUID) -> DocumentTicket:
        """Index a failed document once more. Needs `kb.write`. Raises DocumentBusyError."""
        self._work.scope.require("kb.write")
        document = await self._find(base_id, document_id)
        if document.status in (*RUNNING, DocumentStatus.QUEUED):
            raise DocumentBusyError
        queue(self._work, document)
        return DocumentTicket(document_id=document.id, status=DocumentStatus.QUEUED)

    async def retry_failed(self, base_id: UUID) -> list[DocumentTicket]:
        """Index every failed document of a knowledge base once more. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        await self._bases.get(base_id)
        documents = await self._documents.list_by_status(base_id, DocumentStatus.FAILED)
        for document in documents:
            queue(self._work, document)
        return [DocumentTicket(document_id=document.id, status=DocumentStatus.QUEUED) for document in documents]

    async def set_enabled(self, base_id: UUID, document_id: UUID, *, is_enabled: bool) -> DocumentView:
        """Let searches find a document, or not. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        document = await self._find(base_id, document_id)
        document.is_enabled = is_enabled
        AuditService(self._work).record("document.enabled" if is_enabled else "document.disabled", document_id)
        return await self.get_document(base_id, document_id)

    async def delete_document(self, base_id: UUID, document_id: UUID) -> None:
        """Delete a document with its chunks, vectors and file. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        base = await self._bases.get(base_id)
        document = await self._find(base_id, document_id)
        await self._documents.delete(document_id)
        self._work.record_job(
            "knowledge.delete_remains",
            base_id=str(base_id),
            generation=base.generation,
            vector_store=KnowledgeSettings.model_validate(base.settings).vector_store,
            document_ids=[str(document_id)],
            folders=[document.storage_path],
        )
        AuditService(self._work).record("document.deleted", document_id, name=document.name)

    async def list_chunks(self, base_id: UUID, document_id: UUID, *, offset: int, limit: int) -> list[ChunkView]:
        """Chunks of a document in order. Needs `kb.read`."""
        self._work.scope.require("kb.read")
        await self._find(base_id, document_id)
        chunks = self._work.repository(ChunkRepository)
        return [
            ChunkView.model_validate(row) for row in await chunks.list_slice(document_id, offset=offset, limit=limit)
        ]

    async def find_text(self, base_id: UUID, document_id: UUID) -> tuple[str, str]:
        """A document's name and the folder of its text, for `read_document_text`. Needs `kb.read`."""
        self._work.scope.require("kb.read")
        document = await self._find(base_id, document_id)
        return document.name, document.storage_path

    async def _find(self, base_id: UUID, document_id: UUID) -> Document:
        document = await self._documents.get(document_id)
        if document.knowledge_base_id != base_id:
            raise NotFoundError("There is no such document.", code="document_not_found")
        return document


async def read_document_text(plugins: Plugins, document_id: UUID, name: str, folder: str) -> DocumentTextView:
    """The extracted text of a document. Raises NotFoundError (`text_not_ready`) before it was parsed."""
    document = await read_text(plugins.storage, folder)
    if document is None:
        raise NotFoundError("The text of this document has not been extracted yet.", code="text_not_ready")
    return DocumentTextView(document_id=document_id, name=name, text=document.text)


async def take_in(work: Work, base_id: UUID, sources: Sequence[StoredSource]) -> list[DocumentTicket]:
    """Write the rows of stored sources and queue their documents; a failed source becomes a failed document."""
    rows = work.repository(SourceRepository)
    for stored in sources:
        rows.add(
            Source(
                id=stored.view.source_id,
                workspace_id=work.scope.workspace_id,
                knowledge_base_id=base_id,
                type=stored.view.type,
                name=stored.view.name,
                config=stored.config,
                sealed=stored.sealed,
                excluded_keys=list(stored.excluded_keys),
                sync_minutes=stored.sync_minutes,
                next_sync_at=next_sync(stored.sync_minutes),
                last_synced_at=utc_now() if stored.documents else None,
            )
        )
    await work.session.flush()  # documents point at their sources
    documents = [
        take_in_document(work, base_id, stored.view.source_id, document)
        for stored in sources
        for document in stored.own_documents
    ]
    return [DocumentTicket(document_id=row.id, status=DocumentStatus(row.status)) for row in documents]


def take_in_document(work: Work, base_id: UUID, source_id: UUID, stored: StoredDocument) -> Document:
    """Write the row of a stored document and queue it, or note why it cannot be read."""
    document = Document(
        workspace_id=work.scope.workspace_id,
        knowledge_base_id=base_id,
        source_id=source_id,
        name=stored.name,
        media_type=stored.media_type,
        url=stored.url,
        size_bytes=stored.size_bytes,
        content_hash=stored.content_hash,
        storage_path=stored.folder,
        source_key=stored.key,
        is_edited=stored.is_edited,
    )
    work.repository(DocumentRepository).add(document)
    if stored.error is not None:
        document.status = DocumentStatus.FAILED
        document.error_code, document.error_message = stored.error.code, stored.error.message
    else:
        queue(work, document)
    return document


def next_sync(sync_minutes: int | None) -> datetime | None:
    """When a source is to be loaded again, if ever by itself."""
    return None if sync_minutes is None else utc_now() + timedelta(minutes=sync_minutes)


def space_of(scope: Scope, base_id: UUID, *, generation: int) -> Namespace:
    """Where the vectors of a knowledge base are."""
    return scope.namespace(SPACE_KIND, base_id, generation=generation)


def queue(work: Work, document: Document) -> None:
    """Have a document indexed from the start."""
    document.status = DocumentStatus.QUEUED
    document.progress = 0.0
    document.tries = 0
    document.error_code = document.error_message = None
    document.lease_until = utc_now() + QUEUE_PATIENCE
    work.record_job("knowledge.index_document", document_id=str(document.id))


def _base_view(base: KnowledgeBase, counts: dict[str, tuple[int, float, int]]) -> KnowledgeBaseView:
    documents = {status: counts.get(status, (0, 0.0, 0)) for status in DocumentStatus}
    total = sum(count for count, _, _ in documents.values())
    indexed, failed = documents[DocumentStatus.INDEXED][0], documents[DocumentStatus.FAILED][0]
    done = indexed + failed + sum(documents[status][1] for status in RUNNING)
    return KnowledgeBaseView(
        id=base.id,
        name=base.name,
        description=base.description,
        created_at=base.created_at,
        status=_status(total=total, indexed=indexed, failed=failed),
        documents=DocumentCounts(total=total, indexed=indexed, failed=failed, processing=total - indexed - failed),
        progress=round(done / total, 4) if total else 1.0,
        chunk_count=sum(chunks for _, _, chunks in documents.values()),
        settings=KnowledgeSettings.model_validate(base.settings),
        embedding_model=base.embedding_model,
    )


def _status(*, total: int, indexed: int, failed: int) -> BaseStatus:
    if total == 0:
        return BaseStatus.EMPTY
    if indexed + failed < total:
        return BaseStatus.PROCESSING
    if failed == 0:
        return BaseStatus.READY
    return BaseStatus.PARTIAL if indexed else BaseStatus.FAILED


def document_view(document: Document, source_type: str) -> DocumentView:
    """What others see of a row."""
    error = None
    if document.error_code:
        error = DocumentError(code=document.error_code, message=document.error_message or "")
    return DocumentView(
        document_id=document.id,
        source_id=document.source_id,
        source_type=source_type,
        name=document.name,
        media_type=document.media_type,
        url=document.url,
        size_bytes=document.size_bytes,
        status=DocumentStatus(document.status),
        error=error,
        progress=round(document.progress, 4),
        chunk_count=document.chunk_count,
        token_count=document.token_count,
        is_enabled=document.is_enabled,
        created_at=document.created_at,
        indexed_at=document.indexed_at,
    )
