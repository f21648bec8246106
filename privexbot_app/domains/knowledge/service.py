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
    DocumentRepository,
    KnowledgeBaseRepository,
    RebuildRepository,
    SourceRepository,
)
from privexbot_app.domains.knowledge.schemas import (
    DocumentTextView,
    DocumentTicket,
    DocumentView,
    KnowledgeBaseChange,
    KnowledgeBaseView,
    KnowledgeSettings,
)
from privexbot_app.domains.knowledge.showing import view_bases, view_documents
from privexbot_app.domains.knowledge.sources import StoredDocument, StoredSource
from privexbot_app.domains.knowledge.states import OPEN, RETRIED, DocumentStatus
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


class DocumentSettledError(ConflictError):
    """The document is not on its way, so there is nothing to cancel."""

    code = "document_settled"

    def __init__(self) -> None:
        super().__init__("This document is not being indexed, so there is nothing to cancel.")


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
        return Page(items=await view_bases(self._work, page.items), next_cursor=page.next_cursor)

    async def get_base(self, base_id: UUID) -> KnowledgeBaseView:
        """One knowledge base. Needs `kb.read`. Raises NotFoundError (`knowledge_base_not_found`)."""
        self._work.scope.require("kb.read")
        base = await self._bases.get(base_id)
        return (await view_bases(self._work, [base]))[0]

    async def change_base(self, base_id: UUID, change: KnowledgeBaseChange) -> KnowledgeBaseView:
        """Rename or describe a knowledge base, or change how passages are found. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        base = await self._bases.get(base_id)
        base.name = base.name if change.name is None else change.name
        base.description = base.description if change.description is None else change.description
        if change.retrieval is not None:
            if change.retrieval.rerank is not None:
                self._work.plugins.rerankers.get(change.retrieval.rerank)
            base.settings = {**base.settings, "retrieval": change.retrieval.model_dump(mode="json")}
        AuditService(self._work).record("knowledge_base.changed", base_id, fields=sorted(change.model_fields_set))
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
        rebuild = await self._work.repository(RebuildRepository).find_of(base_id)
        await self._bases.delete(base_id)
        folders = [document.storage_path for document in documents]
        self._record_removal(base, base.generation, None, folders)
        if rebuild is not None:
            self._record_removal(base, rebuild.generation, None, [])
        AuditService(self._work).record("knowledge_base.deleted", base_id, name=base.name)

    async def list_documents(self, base_id: UUID, params: PageParams) -> Page[DocumentView]:
        """Documents of a knowledge base, newest first. Needs `kb.read`."""
        self._work.scope.require("kb.read")
        await self._bases.get(base_id)
        page = await self._documents.page(params, Document.knowledge_base_id == base_id)
        return Page(items=await view_documents(self._work, page.items), next_cursor=page.next_cursor)

    async def get_document(self, base_id: UUID, document_id: UUID) -> DocumentView:
        """One document. Needs `kb.read`. Raises NotFoundError (`document_not_found`)."""
        self._work.scope.require("kb.read")
        document = await self._find(base_id, document_id)
        return (await view_documents(self._work, [document]))[0]

    async def add_documents(self, base_id: UUID, sources: list[StoredSource]) -> list[DocumentTicket]:
        """Queue the documents of new sources. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        await self._bases.get(base_id)
        tickets = await take_in(self._work, base_id, sources)
        AuditService(self._work).record("documents.added", base_id, documents=len(tickets))
        return tickets

    async def retry_document(self, base_id: UUID, document_id: UUID) -> DocumentTicket:
        """Index a document once more. Needs `kb.write`. Raises DocumentBusyError."""
        self._work.scope.require("kb.write")
        document = await self._find(base_id, document_id)
        if document.status in OPEN:
            raise DocumentBusyError
        queue(self._work, document)
        return DocumentTicket(document_id=document.id, status=DocumentStatus.QUEUED)

    async def retry_failed(self, base_id: UUID) -> list[DocumentTicket]:
        """Index every failed or cancelled document of a knowledge base once more. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        await self._bases.get(base_id)
        documents = await self._documents.list_by_status(base_id, *RETRIED)
        for document in documents:
            queue(self._work, document)
        return [DocumentTicket(document_id=document.id, status=DocumentStatus.QUEUED) for document in documents]

    async def cancel_document(self, base_id: UUID, document_id: UUID) -> DocumentTicket:
        """Stop a document that is on its way; it is not found until it is tried again. Needs `kb.write`.

        Raises DocumentSettledError if there is nothing to stop.
        """
        self._work.scope.require("kb.write")
        await self._find(base_id, document_id)
        if not await self._documents.cancel(base_id, document_id):
            raise DocumentSettledError
        AuditService(self._work).record("document.cancelled", document_id)
        return DocumentTicket(document_id=document_id, status=DocumentStatus.CANCELLED)

    async def cancel_documents(self, base_id: UUID) -> list[DocumentTicket]:
        """Stop every document of a knowledge base that is on its way. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        await self._bases.get(base_id)
        ids = await self._documents.cancel(base_id)
        AuditService(self._work).record("documents.cancelled", base_id, documents=len(ids))
        return [DocumentTicket(document_id=id, status=DocumentStatus.CANCELLED) for id in ids]

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
        self._record_removal(base, base.generation, [str(document_id)], [document.storage_path])
        AuditService(self._work).record("document.deleted", document_id, name=document.name)

    async def find_text(self, base_id: UUID, document_id: UUID) -> tuple[str, str]:
        """A document's name and the folder of its text, for `read_document_text`. Needs `kb.read`."""
        self._work.scope.require("kb.read")
        document = await self._find(base_id, document_id)
        return document.name, document.storage_path

    def _record_removal(
        self, base: KnowledgeBase, generation: int, document_ids: list[str] | None, folders: list[str]
    ) -> None:
        self._work.record_job(
            "knowledge.delete_remains",
            base_id=str(base.id),
            generation=generation,
            vector_store=KnowledgeSettings.model_validate(base.settings).vector_store,
            document_ids=document_ids,
            folders=folders,
        )

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
