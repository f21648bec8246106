"""Chunks as people change them: other words, switched off, added. Owns what a change does to the document around it.

A change is kept with its basis, the source's text that it is about, so that indexing the document again can put it
back (see `keeping`). The keyword index follows the row at once, the vector in a job (see `align_chunk`).
"""

from typing import Literal
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.knowledge.cutting import keywords_of
from privexbot_app.domains.knowledge.models import Chunk, Document
from privexbot_app.domains.knowledge.repository import ChunkRepository, DocumentRepository
from privexbot_app.domains.knowledge.schemas import ChunkChange, ChunkView, NewChunk
from privexbot_app.domains.knowledge.service import DocumentBusyError, KnowledgeService
from privexbot_app.domains.knowledge.states import ChunkOrigin
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import ConflictError, NotFoundError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.text import require_storable
from privexbot_app.kit.tokens import estimate_tokens


class ChunkOfSourceError(ConflictError):
    """What the source says cannot be deleted: the next indexing would bring it back."""

    code = "chunk_of_source"

    def __init__(self) -> None:
        super().__init__("This chunk comes from the document. Switch it off instead, so that nothing finds it.")


class ChunkUnchangedError(ConflictError):
    """There is nothing to decide about a chunk that nobody has changed."""

    code = "chunk_unchanged"

    def __init__(self) -> None:
        super().__init__("Nobody has changed this chunk, so there is nothing to decide.")


class ChunkService:
    """Chunks of the unit's workspace. Changes need `kb.write` and raise DocumentBusyError unless it is indexed."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._chunks = work.repository(ChunkRepository)
        self._documents = work.repository(DocumentRepository)

    async def list_chunks(self, base_id: UUID, document_id: UUID, *, offset: int, limit: int) -> list[ChunkView]:
        """Chunks of a document in order. Needs `kb.read`."""
        await KnowledgeService(self._work).get_document(base_id, document_id)
        rows = await self._chunks.list_slice(document_id, offset=offset, limit=limit)
        return [ChunkView.model_validate(row) for row in rows]

    async def get_chunk(self, base_id: UUID, document_id: UUID, chunk_id: UUID) -> ChunkView:
        """One chunk. Needs `kb.read`. Raises NotFoundError (`chunk_not_found`)."""
        await KnowledgeService(self._work).get_document(base_id, document_id)
        return ChunkView.model_validate(await self._find(document_id, chunk_id))

    async def add_chunk(self, base_id: UUID, document_id: UUID, new: NewChunk) -> ChunkView:
        """Add a chunk behind another one, or before all."""
        require_storable(new.text)
        document = await self._open(base_id, document_id)
        before = await self._find(document_id, new.after) if new.after else None
        index = before.index + 1 if before else 0
        await self._chunks.make_room(document_id, index, by=1)
        row = Chunk(
            id=new_id(),
            knowledge_base_id=base_id,
            document_id=document_id,
            workspace_id=self._work.scope.workspace_id,
            generation=await self._chunks.generation_of(base_id),
            index=index,
            text=new.text,
            start=before.end if before else 0,
            end=before.end if before else 0,
            parent_start=before.parent_start if before else None,
            parent_end=before.parent_end if before else None,
            page=before.page if before else None,
            heading=before.heading if before else "",
            keywords="",
            origin=ChunkOrigin.ADDED,
            edited_at=utc_now(),
            basis=_basis(before) if before else "",
        )
        _write(row, new.text)
        self._chunks.add(row)
        document.chunk_count += 1
        document.token_count += row.token_count
        self._follow(row.id, "chunk.added", document_id)
        await self._work.session.flush()
        return ChunkView.model_validate(row)

    async def change_chunk(self, base_id: UUID, document_id: UUID, chunk_id: UUID, change: ChunkChange) -> ChunkView:
        """Give a chunk other words, or switch it on or off."""
        await self._open(base_id, document_id)
        row = await self._find(document_id, chunk_id)
        if change.text is not None and change.text != row.text:
            require_storable(change.text)
            row.basis = _basis(row)
            row.origin = ChunkOrigin.EDITED if row.origin == ChunkOrigin.SOURCE else row.origin
            _write(row, change.text)
            row.edited_at = utc_now()
            self._follow(row.id, "chunk.edited", document_id)
        if change.is_enabled is not None and change.is_enabled != row.is_enabled:
            row.basis = _basis(row)
            row.is_enabled, row.edited_at = change.is_enabled, utc_now()
            self._follow(row.id, "chunk.enabled" if change.is_enabled else "chunk.disabled", document_id)
        _forget_if_untouched(row)
        return ChunkView.model_validate(row)

    async def delete_chunk(self, base_id: UUID, document_id: UUID, chunk_id: UUID) -> None:
        """Delete an added chunk. Raises ChunkOfSourceError for any other."""
        document = await self._open(base_id, document_id)
        row = await self._find(document_id, chunk_id)
        if row.origin != ChunkOrigin.ADDED:
            raise ChunkOfSourceError
        await self._remove(document, row)

    async def decide(
        self, base_id: UUID, document_id: UUID, chunk_id: UUID, *, keep: Literal["mine", "source"]
    ) -> ChunkView | None:
        """End a conflict, or undo a change. Returns None if the chunk is gone with it. Raises ChunkUnchangedError."""
        document = await self._open(base_id, document_id)
        row = await self._find(document_id, chunk_id)
        if row.conflicting_text is None and (keep == "mine" or row.origin == ChunkOrigin.SOURCE):
            raise ChunkUnchangedError
        source = row.basis if row.conflicting_text is None else row.conflicting_text
        if keep == "source" and (row.origin == ChunkOrigin.ADDED or not source):
            await self._remove(document, row)
            return None
        if keep == "mine":
            # What the source no longer says is nothing that one could be in conflict with.
            row.origin = row.origin if source or row.origin == ChunkOrigin.SOURCE else ChunkOrigin.ADDED
            row.basis = source
        else:
            _write(row, source)
            row.origin, row.basis, row.is_enabled = ChunkOrigin.SOURCE, "", True
        row.conflicting_text, row.edited_at = None, utc_now()
        _forget_if_untouched(row)
        self._follow(row.id, f"chunk.kept_{keep}", document_id)
        return ChunkView.model_validate(row)

    async def _open(self, base_id: UUID, document_id: UUID) -> Document:
        self._work.scope.require("kb.write")
        await KnowledgeService(self._work).get_document(base_id, document_id)
        # Counts as an attempt: who copies the document's vectors at this moment sees that it has changed.
        if not await self._documents.touch(document_id):
            raise DocumentBusyError
        return await self._documents.get(document_id)

    async def _find(self, document_id: UUID, chunk_id: UUID) -> Chunk:
        row = await self._chunks.find_in_use(chunk_id)
        if row is None or row.document_id != document_id:
            raise NotFoundError("There is no such chunk.", code="chunk_not_found")
        return row

    async def _remove(self, document: Document, row: Chunk) -> None:
        chunk_id, index = row.id, row.index
        document.chunk_count -= 1
        document.token_count -= row.token_count
        await self._chunks.delete(chunk_id)
        await self._chunks.make_room(document.id, index + 1, by=-1)
        self._follow(chunk_id, "chunk.deleted", document.id)

    def _follow(self, chunk_id: UUID, action: str, document_id: UUID) -> None:
        """Have the vector follow the row, and note who did it."""
        self._work.record_job("knowledge.align_chunk", chunk_id=str(chunk_id), document_id=str(document_id))
        AuditService(self._work).record(action, chunk_id, document_id=str(document_id))


def _basis(row: Chunk) -> str:
    """What the source says of it: of a chunk that people have changed before, what it said then."""
    return row.text if row.origin == ChunkOrigin.SOURCE else row.basis


def _write(row: Chunk, text: str) -> None:
    row.text = text
    row.keywords = keywords_of(row.heading, row.context, text)
    row.token_count = estimate_tokens(text)


def _forget_if_untouched(row: Chunk) -> None:
    """A chunk that says what the source says and is in use is as if nobody had ever touched it."""
    if row.origin == ChunkOrigin.EDITED and row.text == row.basis:
        row.origin = ChunkOrigin.SOURCE
    if row.origin == ChunkOrigin.SOURCE and row.is_enabled and row.conflicting_text is None:
        row.basis, row.edited_at = "", None
