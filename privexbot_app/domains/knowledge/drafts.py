"""A knowledge base in the making: free to change, free to throw away, nothing in the database until it is finalized."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.knowledge.chunking import build_chunker, complete
from privexbot_app.domains.knowledge.content import ensure_text
from privexbot_app.domains.knowledge.models import KnowledgeBase
from privexbot_app.domains.knowledge.pages import forget_pages, read_page_text, with_documents, with_progress
from privexbot_app.domains.knowledge.repository import KnowledgeBaseRepository
from privexbot_app.domains.knowledge.schemas import (
    ChunkPreview,
    ChunkPreviews,
    Finalized,
    KnowledgeDraftChange,
    KnowledgeDraftView,
    KnowledgeSettings,
    NewKnowledgeBase,
    NewSource,
    SourceView,
)
from privexbot_app.domains.knowledge.service import take_in
from privexbot_app.domains.knowledge.sources import (
    StoredSource,
    UploadedFile,
    require_files,
    store_file,
    take_source,
)
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.drafts import Draft
from privexbot_app.kit.errors import ConflictError, FieldProblem, InvalidError, NotFoundError
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.text import StructuredText
from privexbot_app.rag.chunkers.base import Chunk

KIND = "kb"
MOST_SOURCES = 1000


class DraftIncompleteError(InvalidError):
    """The draft cannot become a knowledge base yet; `problems` says all that is missing."""

    code = "draft_incomplete"


class KnowledgeDraftService:
    """Drafts of knowledge bases in one workspace."""

    def __init__(self, works: Workshop, scope: Scope) -> None:
        self._works = works
        self._scope = scope
        self._storage = works.plugins.storage

    async def create(self, new: NewKnowledgeBase) -> KnowledgeDraftView:
        """Begin a draft. Needs `kb.write`."""
        self._scope.require("kb.write")
        settings = complete(new.settings, self._works.plugins)
        payload = {**new.model_dump(mode="json"), "settings": settings.model_dump(mode="json"), "sources": []}
        return await self._view(await self._works.drafts.create(self._scope, KIND, payload))

    async def list_drafts(self) -> list[KnowledgeDraftView]:
        """The workspace's drafts, last saved first. Needs `kb.read`."""
        self._scope.require("kb.read")
        return [await self._view(draft) for draft in await self._works.drafts.list(self._scope, KIND)]

    async def get(self, draft_id: UUID) -> KnowledgeDraftView:
        """The draft. Needs `kb.read`. Raises DraftNotFoundError."""
        self._scope.require("kb.read")
        return await self._view(await self._works.drafts.get(self._scope, KIND, draft_id))

    async def change(self, draft_id: UUID, change: KnowledgeDraftChange) -> KnowledgeDraftView:
        """Change fields. Needs `kb.write`. Raises StaleDraftError if the draft has moved on."""
        self._scope.require("kb.write")
        fields = change.model_dump(mode="json", exclude_none=True, exclude={"version"})
        if change.settings is not None:
            fields["settings"] = complete(change.settings, self._works.plugins).model_dump(mode="json")
        draft = await self._works.drafts.save(
            self._scope, KIND, draft_id, lambda payload: {**payload, **fields}, expected_version=change.version
        )
        return await self._view(draft)

    async def delete(self, draft_id: UUID) -> None:
        """Throw the draft and its content away. Needs `kb.write`."""
        self._scope.require("kb.write")
        draft = await self._works.drafts.get(self._scope, KIND, draft_id)
        await self._works.drafts.delete(self._scope, KIND, draft_id)
        for source in _sources(draft):
            await self._works.plugins.storage.delete_prefix(source.folder)

    async def add_files(self, draft_id: UUID, files: Sequence[UploadedFile]) -> list[SourceView]:
        """Take files in and read them. Returns the new sources; a broken file is a failed one. Needs `kb.write`."""
        self._scope.require("kb.write")
        await self._works.drafts.get(self._scope, KIND, draft_id)
        require_files(list(files))
        stored = [await store_file(self._works.plugins, self._scope, file, is_parsed_now=True) for file in files]
        await self._append(draft_id, stored)
        return [source.view for source in stored]

    async def add_source(self, draft_id: UUID, source: NewSource) -> list[SourceView]:
        """Take a text, pairs or a web page in, or begin to load a source of many items. Needs `kb.write`.

        A source of many items is pending; a job loads it. Raises UrlNotAllowedError and SourceSettingsInvalidError.
        """
        self._scope.require("kb.write")
        await self._works.drafts.get(self._scope, KIND, draft_id)
        stored = await take_source(self._works.plugins, self._scope, source)
        await self._append(draft_id, [stored])
        if stored.view.has_pages:
            async with self._works.open(self._scope) as work:
                work.record_job(
                    "knowledge.load_draft_source", draft_id=str(draft_id), source_id=str(stored.view.source_id)
                )
        return [stored.view]

    async def get_source(self, draft_id: UUID, source_id: UUID) -> SourceView:
        """A source and how far its load is. Needs `kb.read`. Raises NotFoundError (`source_not_found`)."""
        self._scope.require("kb.read")
        return await with_progress(self._storage, await self.find_source(draft_id, source_id))

    async def remove_source(self, draft_id: UUID, source_id: UUID) -> None:
        """Take a source out of the draft. Needs `kb.write`. Raises NotFoundError (`source_not_found`)."""
        self._scope.require("kb.write")
        source = await self.find_source(draft_id, source_id)

        def without(payload: dict[str, Any]) -> dict[str, Any]:
            kept = [stored for stored in payload["sources"] if stored["view"]["source_id"] != str(source_id)]
            return {**payload, "sources": kept}

        await self._works.drafts.save(self._scope, KIND, draft_id, without)
        await self._works.plugins.storage.delete_prefix(source.folder)

    async def read_source(self, draft_id: UUID, source_id: UUID, *, page: int | None = None) -> StructuredText:
        """The extracted text of a source, or of one page of it, by default the first one. Needs `kb.read`."""
        self._scope.require("kb.read")
        source = await self.find_source(draft_id, source_id)
        if source.view.has_pages:
            return await read_page_text(self._works.plugins, source, page)
        return await ensure_text(self._works.plugins, source.folder, filename=source.filename)

    async def preview_chunks(
        self, draft_id: UUID, source_id: UUID | None, *, limit: int, page: int | None = None
    ) -> ChunkPreviews:
        """How a source, by default the first usable one, would be cut. Writes nothing. Needs `kb.read`.

        page: the number of a page of a source that holds many.
        """
        self._scope.require("kb.read")
        draft = await self._works.drafts.get(self._scope, KIND, draft_id)
        views = [await with_progress(self._storage, source) for source in _sources(draft)]
        usable = [view.source_id for view in views if view.status == "ready"]
        if source_id is None and not usable:
            return ChunkPreviews(chunks=[], total=0)
        document = await self.read_source(draft_id, source_id or usable[0], page=page)
        settings = KnowledgeSettings.model_validate(draft.payload["settings"])
        embedder = self._works.plugins.embedders.get(settings.embedding)
        chunks = await asyncio.to_thread(build_chunker(settings.chunking, embedder).chunk, document)
        return ChunkPreviews(chunks=[_preview(chunk) for chunk in chunks[:limit]], total=len(chunks))

    async def finalize(self, draft_id: UUID) -> Finalized:
        """Make the knowledge base and queue its documents; the draft is gone. Needs `kb.write`.

        Raises DraftIncompleteError if there is no usable source, ConflictError if somebody else finalized it first.
        """
        self._scope.require("kb.write")
        draft = await self._works.drafts.get(self._scope, KIND, draft_id)
        usable = await self._usable_sources(draft)
        finalized = await self._write(draft, usable)
        await self._works.drafts.delete(self._scope, KIND, draft_id)
        for source in usable:
            await forget_pages(self._works.plugins, source)
        return finalized

    async def _usable_sources(self, draft: Draft) -> list[StoredSource]:
        """The sources that have something to index. Raises DraftIncompleteError."""
        usable = []
        for source in _sources(draft):
            status = (await with_progress(self._storage, source)).status
            if status == "pending":
                problem = FieldProblem("sources", "pending", f"“{source.view.name}” is still being read.")
                raise DraftIncompleteError("Wait until every source is read, or remove it.", problems=[problem])
            if status == "failed":
                continue
            whole = await with_documents(self._storage, source)
            if whole.documents or not whole.view.has_pages:
                usable.append(whole)
        if not usable:
            problem = FieldProblem("sources", "missing", "Add at least one source that could be read.")
            raise DraftIncompleteError("This knowledge base has nothing in it yet.", problems=[problem])
        return usable

    async def _write(self, draft: Draft, sources: list[StoredSource]) -> Finalized:
        settings = KnowledgeSettings.model_validate(draft.payload["settings"])
        embedder = self._works.plugins.embedders.get(settings.embedding)
        async with self._works.open(self._scope) as work:
            bases = work.repository(KnowledgeBaseRepository)
            # The knowledge base takes the draft's id, so that a second finalize finds it made already.
            if await bases.find(draft.id):
                raise ConflictError("This draft has been finalized already.", code="draft_finalized")
            bases.add(
                KnowledgeBase(
                    id=draft.id,
                    workspace_id=self._scope.workspace_id,
                    name=draft.payload["name"],
                    description=draft.payload["description"],
                    settings=settings.model_dump(mode="json"),
                    embedding_model=embedder.model_id,
                    dimensions=embedder.dimensions,
                )
            )
            await work.session.flush()
            tickets = await take_in(work, draft.id, sources)
            AuditService(work).record("knowledge_base.created", draft.id, documents=len(tickets))
        return Finalized(kb_id=draft.id, documents=tickets)

    async def _append(self, draft_id: UUID, stored: list[StoredSource]) -> None:
        def appended(payload: dict[str, Any]) -> dict[str, Any]:
            sources = [*payload["sources"], *(source.to_json() for source in stored)]
            if len(sources) > MOST_SOURCES:
                raise InvalidError(f"A draft can hold {MOST_SOURCES} sources.", code="too_many_sources")
            return {**payload, "sources": sources}

        await self._works.drafts.save(self._scope, KIND, draft_id, appended)

    async def find_source(self, draft_id: UUID, source_id: UUID) -> StoredSource:
        """The source as it is stored. Raises NotFoundError (`source_not_found`)."""
        draft = await self._works.drafts.get(self._scope, KIND, draft_id)
        for source in _sources(draft):
            if source.view.source_id == source_id:
                return source
        raise NotFoundError("There is no such source.", code="source_not_found")

    async def _view(self, draft: Draft) -> KnowledgeDraftView:
        return KnowledgeDraftView(
            draft_id=draft.id,
            version=draft.version,
            expires_at=draft.expires_at,
            updated_at=draft.updated_at,
            name=draft.payload["name"],
            description=draft.payload["description"],
            settings=KnowledgeSettings.model_validate(draft.payload["settings"]),
            sources=[await with_progress(self._storage, source) for source in _sources(draft)],
        )


def _sources(draft: Draft) -> list[StoredSource]:
    return [StoredSource.from_json(stored) for stored in draft.payload["sources"]]


def _preview(chunk: Chunk) -> ChunkPreview:
    return ChunkPreview(
        index=chunk.index,
        text=chunk.text,
        context=chunk.context,
        start=chunk.start,
        end=chunk.end,
        token_count=chunk.token_count,
        page=chunk.page,
        heading=chunk.heading or "",
    )
