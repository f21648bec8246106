"""Rows of documents, and who is at work on them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement
from sqlmodel import col

from privexbot_app.domains.knowledge.filters import SearchFilters
from privexbot_app.domains.knowledge.models import Chunk, Document
from privexbot_app.domains.knowledge.pace import OpenDocument, Span
from privexbot_app.domains.knowledge.states import OPEN, RUNNING, DocumentStatus
from privexbot_app.kit.repository import TenantRepository

MEASURED = 50
"""How many documents tell how fast it goes."""
FINDABLE = Document.is_enabled.is_(True) & (Document.status != DocumentStatus.CANCELLED)
"""Documents that a search may find."""


class DocumentRepository(TenantRepository[Document]):
    """Documents of one workspace."""

    model = Document
    noun = "document"

    async def claim(self, id: UUID, *, now: datetime, lease_until: datetime) -> tuple[int, int] | None:
        """Begin work on a document that is queued, or whose worker has gone silent.

        Returns the number of the attempt and which try it is since a person asked for it, or None if there is nothing
        to do.
        """
        is_waiting = Document.status == DocumentStatus.QUEUED
        is_abandoned = Document.status.in_(RUNNING) & (Document.lease_until < now)
        claimed = await self._update(
            id,
            or_(is_waiting, is_abandoned),
            status=DocumentStatus.PARSING,
            attempt=Document.attempt + 1,
            tries=Document.tries + 1,
            lease_until=lease_until,
            started_at=now,
            progress=0.0,
            error_code=None,
            error_message=None,
        )
        if not claimed:
            return None
        row = (await self.session.execute(select(Document.attempt, Document.tries).where(Document.id == id))).one()
        return row[0], row[1]

    async def find_waiting_beside(self, id: UUID) -> UUID | None:
        """A document of the same knowledge base that waits and that nobody has begun yet, the oldest first; or None."""
        base_id = select(Document.knowledge_base_id).where(Document.id == id).scalar_subquery()
        waiting = select(Document.id).where(
            Document.knowledge_base_id == base_id, Document.status == DocumentStatus.QUEUED, Document.tries == 0
        )
        return (await self.session.execute(waiting.order_by(Document.id).limit(1))).scalar_one_or_none()

    async def advance(self, id: UUID, attempt: int, **values: Any) -> bool:
        """Change a document if `attempt` is still the one at work. False if it was taken over or deleted."""
        return await self._update(id, (Document.attempt == attempt) & Document.status.in_(RUNNING), **values)

    async def touch(self, id: UUID) -> bool:
        """Note that an indexed document's chunks are changed by people. False if it is not indexed, or at work."""
        return await self._update(id, Document.status == DocumentStatus.INDEXED, attempt=Document.attempt + 1)

    async def cancel(self, base_id: UUID, id: UUID | None = None) -> list[UUID]:
        """Stop those documents of a knowledge base that are on their way, or this one. Returns which these were.

        The attempt counts on, so that a worker that is at it is fenced off.
        """
        wanted = [Document.knowledge_base_id == base_id, Document.status.in_(OPEN)]
        wanted += [Document.id == id] if id is not None else []
        ids = list((await self.session.execute(select(Document.id).where(*wanted))).scalars().all())
        statement = (
            update(Document)
            .where(*wanted)
            .values(
                status=DocumentStatus.CANCELLED,
                attempt=Document.attempt + 1,
                progress=0.0,
                error_code=None,
                error_message=None,
                lease_until=None,
            )
        )
        await self.session.execute(statement, execution_options={"synchronize_session": "fetch"})
        return ids

    async def list_by_status(self, base_id: UUID, *statuses: DocumentStatus) -> Sequence[Document]:
        """All documents of a knowledge base in any of these states."""
        return await self.all(self.query(Document.knowledge_base_id == base_id, Document.status.in_(statuses)))

    async def list_open(self, base_id: UUID) -> list[OpenDocument]:
        """The documents of a knowledge base that are on their way, the oldest first."""
        columns = (Document.id, Document.chunk_count, Document.progress, Document.started_at)
        statement = select(*columns, Document.status).where(
            Document.knowledge_base_id == base_id, Document.status.in_(OPEN)
        )
        rows = await self.session.execute(statement.order_by(Document.id))
        # When a document that waits was begun, it was given up since.
        return [
            OpenDocument(id, chunks, progress, started if status in RUNNING else None)
            for id, chunks, progress, started, status in rows.all()
        ]

    async def list_spans(self, base_id: UUID) -> list[Span]:
        """When those documents of a knowledge base were at work that were indexed last."""
        statement = select(Document.started_at, Document.indexed_at, Document.chunk_count).where(
            Document.knowledge_base_id == base_id,
            Document.status == DocumentStatus.INDEXED,
            Document.started_at.is_not(None),
        )
        rows = await self.session.execute(statement.order_by(Document.indexed_at.desc()).limit(MEASURED))
        return [Span(*row) for row in rows.all()]

    async def list_of_source(self, source_id: UUID) -> Sequence[Document]:
        """All documents of a source."""
        return await self.all(self.query(Document.source_id == source_id))

    async def count_by_source(self, source_ids: Sequence[UUID]) -> dict[UUID, int]:
        """How many documents each of these sources has."""
        statement = select(Document.source_id, func.count(Document.id)).where(Document.source_id.in_(source_ids))
        rows = await self.session.execute(statement.group_by(Document.source_id))
        return {row[0]: row[1] for row in rows.all()}

    async def list_searchable(self, base_ids: Sequence[UUID], filters: SearchFilters) -> list[UUID] | None:
        """The documents that a search may find; None if these are all of the knowledge bases' documents."""
        wanted = _conditions(filters)
        if not wanted:
            hidden = self.query(Document.knowledge_base_id.in_(base_ids), ~FINDABLE).limit(1)
            if not await self.all(hidden):
                return None
        statement = select(Document.id).where(Document.knowledge_base_id.in_(base_ids), FINDABLE, *wanted)
        return list((await self.session.execute(statement)).scalars().all())

    async def list_folders(self) -> set[str]:
        """The storage folder of every document of the workspace."""
        return set((await self.session.execute(select(Document.storage_path))).scalars().all())

    async def list_of_chunks(self, chunk_ids: Sequence[UUID]) -> Sequence[Document]:
        """The indexed documents that these chunks belong to."""
        holding = select(Chunk.document_id).where(Chunk.id.in_(chunk_ids))
        return await self.all(self.query(Document.id.in_(holding), Document.status == DocumentStatus.INDEXED))

    async def list_unbuilt(self, base_id: UUID, generation: int, *, limit: int) -> Sequence[Document]:
        """Indexed documents that a re-index has not built as they are now, the oldest first."""
        is_unbuilt = or_(Document.built_generation != generation, Document.built_attempt != Document.attempt)
        statement = self.query(*_indexed(base_id), is_unbuilt)
        return await self.all(statement.order_by(Document.id).limit(limit))

    async def count_indexed(self, base_id: UUID) -> int:
        """How many documents of a knowledge base are indexed."""
        return (await self.session.execute(select(func.count(Document.id)).where(*_indexed(base_id)))).scalar_one()

    async def count_built(self, base_id: UUID, generation: int) -> int:
        """How many documents a re-index has built as they are now."""
        is_built = (Document.built_generation == generation) & (Document.built_attempt == Document.attempt)
        statement = select(func.count(Document.id)).where(*_indexed(base_id), is_built)
        return (await self.session.execute(statement)).scalar_one()

    async def mark_built(self, id: UUID, generation: int, attempt: int) -> None:
        """Note for which re-index, and of which attempt, a document's chunks were made."""
        await self._update(id, Document.id == id, built_generation=generation, built_attempt=attempt)

    async def forget_built(self, base_id: UUID, ids: Collection[UUID] | None = None) -> None:
        """Have all documents of a knowledge base, or these, built again."""
        statement = update(Document).where(Document.knowledge_base_id == base_id).values(built_generation=0)
        if ids is not None:
            statement = statement.where(Document.id.in_(ids))
        await self.session.execute(statement, execution_options={"synchronize_session": False})

    async def lock_open(self, base_id: UUID) -> Sequence[Document]:
        """The documents on their way, which nobody else changes until the unit of work ends."""
        statement = self.query(Document.knowledge_base_id == base_id, Document.status.in_(OPEN))
        return await self.all(statement.order_by(Document.id).with_for_update())

    async def recount(self, base_id: UUID, generation: int) -> None:
        """Count the chunks and tokens of the indexed documents anew."""
        mine = (Chunk.document_id == Document.id, Chunk.generation == generation)
        chunks = select(func.count(Chunk.id)).where(*mine).correlate(Document).scalar_subquery()
        tokens = (
            select(func.coalesce(func.sum(Chunk.token_count), 0)).where(*mine).correlate(Document).scalar_subquery()
        )
        statement = update(Document).where(*_indexed(base_id)).values(chunk_count=chunks, token_count=tokens)
        await self.session.execute(statement, execution_options={"synchronize_session": False})

    async def _update(self, id: UUID, condition: ColumnElement[bool], **values: Any) -> bool:
        statement = update(Document).where(Document.id == id, condition).values(**values)
        result = await self.session.execute(statement, execution_options={"synchronize_session": False})
        return result.rowcount == 1


def _indexed(base_id: UUID) -> tuple[Any, ...]:
    return Document.knowledge_base_id == base_id, Document.status == DocumentStatus.INDEXED


def _conditions(filters: SearchFilters) -> list[ColumnElement[bool]]:
    columns = (
        (Document.id, filters.document_ids),
        (Document.source_id, filters.source_ids),
        (Document.media_type, filters.media_types),
    )
    wanted: list[ColumnElement[bool]] = [column.in_(values) for column, values in columns if values is not None]
    if filters.name_contains is not None:
        wanted.append(col(Document.name).icontains(filters.name_contains, autoescape=True))
    if filters.url_prefix is not None:
        wanted.append(col(Document.url).startswith(filters.url_prefix, autoescape=True))
    if filters.added_after is not None:
        wanted.append(Document.created_at >= filters.added_after)
    if filters.added_before is not None:
        wanted.append(Document.created_at < filters.added_before)
    return wanted


async def list_abandoned(session: AsyncSession, *, now: datetime) -> Sequence[tuple[UUID, UUID]]:
    """Workspace and id of documents that nobody has spoken for in time. For a system scope only."""
    is_open = Document.status.in_((*RUNNING, DocumentStatus.QUEUED))
    statement = select(Document.workspace_id, Document.id).where(is_open, Document.lease_until < now)
    return [(row[0], row[1]) for row in (await session.execute(statement.order_by(Document.id).limit(500))).all()]
