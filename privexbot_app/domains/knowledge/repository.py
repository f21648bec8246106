"""Rows of knowledge bases, sources, documents and chunks."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import column, delete, func, literal_column, or_, select, table, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement
from sqlmodel import col

from privexbot_app.domains.knowledge.filters import SearchFilters
from privexbot_app.domains.knowledge.models import Chunk, Document, KnowledgeBase, Source
from privexbot_app.domains.knowledge.states import RUNNING, DocumentStatus
from privexbot_app.kit.repository import TenantRepository

FTS = table("chunk_keywords", column("rowid"), column("chunk_keywords"))
"""SQLite's keyword index; PostgreSQL's is an expression index on the chunk table itself."""


class KnowledgeBaseRepository(TenantRepository[KnowledgeBase]):
    """Knowledge bases of one workspace."""

    model = KnowledgeBase
    noun = "knowledge base"

    async def list_all(self, ids: Sequence[UUID]) -> Sequence[KnowledgeBase]:
        """The knowledge bases of these ids that exist here."""
        return await self.all(self.query(KnowledgeBase.id.in_(ids)))

    async def counts(self, ids: Sequence[UUID]) -> dict[UUID, dict[str, tuple[int, float, int]]]:
        """For each knowledge base and document status: documents, sum of their progress, chunks."""
        statement = (
            select(
                Document.knowledge_base_id,
                Document.status,
                func.count(Document.id),
                func.sum(Document.progress),
                func.sum(Document.chunk_count),
            )
            .where(Document.knowledge_base_id.in_(ids))
            .group_by(Document.knowledge_base_id, Document.status)
        )
        counts: dict[UUID, dict[str, tuple[int, float, int]]] = {id: {} for id in ids}
        for base_id, status, documents, progress, chunks in (await self.session.execute(statement)).all():
            counts[base_id][status] = (documents, float(progress), int(chunks))
        return counts


class SourceRepository(TenantRepository[Source]):
    """Sources of one workspace."""

    model = Source
    noun = "source"

    async def types(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        """The type of each of these sources."""
        rows = await self.session.execute(select(Source.id, Source.type).where(Source.id.in_(ids)))
        return {row[0]: row[1] for row in rows.all()}

    async def claim(self, id: UUID, *, now: datetime, until: datetime) -> bool:
        """Begin to load a source that nobody else loads. False if somebody does, or if it is gone."""
        is_free = or_(Source.syncing_until.is_(None), Source.syncing_until < now)
        return await self._update(id, is_free, syncing_until=until)

    async def change(self, id: UUID, **values: Any) -> bool:
        """Change a source. False if it is gone."""
        return await self._update(id, Source.id == id, **values)

    async def _update(self, id: UUID, condition: ColumnElement[bool], **values: Any) -> bool:
        statement = update(Source).where(Source.id == id, condition).values(**values)
        result = await self.session.execute(statement, execution_options={"synchronize_session": False})
        return result.rowcount == 1


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

    async def list_by_status(self, base_id: UUID, status: DocumentStatus) -> Sequence[Document]:
        """All documents of a knowledge base in one state."""
        return await self.all(self.query(Document.knowledge_base_id == base_id, Document.status == status))

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
        enabled = Document.is_enabled.is_(True)
        wanted = _conditions(filters)
        if not wanted:
            hidden = self.query(Document.knowledge_base_id.in_(base_ids), Document.is_enabled.is_(False)).limit(1)
            if not await self.all(hidden):
                return None
        statement = select(Document.id).where(Document.knowledge_base_id.in_(base_ids), enabled, *wanted)
        return list((await self.session.execute(statement)).scalars().all())

    async def list_folders(self) -> set[str]:
        """The storage folder of every document of the workspace."""
        return set((await self.session.execute(select(Document.storage_path))).scalars().all())

    async def list_of_chunks(self, chunk_ids: Sequence[UUID]) -> Sequence[Document]:
        """The indexed documents that these chunks belong to."""
        holding = select(Chunk.document_id).where(Chunk.id.in_(chunk_ids))
        return await self.all(self.query(Document.id.in_(holding), Document.status == DocumentStatus.INDEXED))

    async def _update(self, id: UUID, condition: ColumnElement[bool], **values: Any) -> bool:
        statement = update(Document).where(Document.id == id, condition).values(**values)
        result = await self.session.execute(statement, execution_options={"synchronize_session": False})
        return result.rowcount == 1


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


async def list_due_sources(session: AsyncSession, *, now: datetime) -> Sequence[tuple[UUID, UUID]]:
    """Workspace and id of sources whose next load is due. For a system scope only."""
    statement = select(Source.workspace_id, Source.id).where(Source.next_sync_at < now)
    return [(row[0], row[1]) for row in (await session.execute(statement.order_by(Source.id).limit(200))).all()]


async def list_every_base(session: AsyncSession) -> Sequence[tuple[UUID, UUID]]:
    """Workspace and id of every knowledge base. For a system scope only."""
    statement = select(KnowledgeBase.workspace_id, KnowledgeBase.id).order_by(KnowledgeBase.id)
    return [(row[0], row[1]) for row in (await session.execute(statement)).all()]


class ChunkRepository(TenantRepository[Chunk]):
    """Chunks of one workspace, and their keyword index."""

    model = Chunk
    noun = "chunk"

    async def replace(self, document_id: UUID, chunks: Sequence[Chunk]) -> None:
        """Put these chunks in the place of the document's earlier ones."""
        await self.session.execute(delete(Chunk).where(Chunk.document_id == document_id))
        for chunk in chunks:
            self.add(chunk)
        await self.session.flush()

    async def list_of(self, document_id: UUID) -> Sequence[Chunk]:
        """All chunks of a document in order."""
        return await self.all(self.query(Chunk.document_id == document_id).order_by(Chunk.index))

    async def list_slice(self, document_id: UUID, *, offset: int, limit: int) -> Sequence[Chunk]:
        """Chunks `offset` to `offset + limit` of a document."""
        statement = self.query(Chunk.document_id == document_id, Chunk.index >= offset, Chunk.index < offset + limit)
        return await self.all(statement.order_by(Chunk.index))

    async def list_around(self, places: Collection[tuple[UUID, int]], *, distance: int) -> Sequence[Chunk]:
        """The chunks at most `distance` before and after these positions in these documents."""
        near = [
            (Chunk.document_id == document_id) & Chunk.index.between(index - distance, index + distance)
            for document_id, index in places
        ]
        return await self.all(self.query(or_(*near)).order_by(Chunk.document_id, Chunk.index)) if near else []

    async def list_with_documents(self, ids: Sequence[UUID]) -> dict[UUID, tuple[Chunk, Document]]:
        """These chunks with their documents, as far as the documents are enabled."""
        statement = (
            select(Chunk, Document)
            .join(Document, Document.id == Chunk.document_id)
            .where(Chunk.id.in_(ids), Document.is_enabled.is_(True))
        )
        return {row[0].id: (row[0], row[1]) for row in (await self.session.execute(statement)).all()}

    async def list_ids(self, base_id: UUID, *, is_indexed: bool = False) -> set[UUID]:
        """The ids of all chunks of a knowledge base, or only of those of its indexed documents."""
        statement = select(Chunk.id).where(Chunk.knowledge_base_id == base_id)
        if is_indexed:
            statement = statement.join(Document, Document.id == Chunk.document_id)
            statement = statement.where(Document.status == DocumentStatus.INDEXED)
        return set((await self.session.execute(statement)).scalars().all())

    async def search_keywords(
        self, base_ids: Sequence[UUID], words: Sequence[str], *, limit: int, document_ids: Sequence[UUID] | None
    ) -> list[UUID]:
        """Chunks that hold any of the words, best first: BM25 on SQLite, cover density on PostgreSQL.

        document_ids: search only in these, see `DocumentRepository.list_searchable`; None searches in all.
        """
        if not words or not base_ids:
            return []
        dialect = (await self.session.connection()).dialect.name
        matches, rank, joined = _match_sqlite(words) if dialect == "sqlite" else _match_postgresql(words)
        statement = (
            select(Chunk.id)
            .select_from(joined)
            .where(matches, Chunk.knowledge_base_id.in_(base_ids))
            .order_by(rank, Chunk.number)
            .limit(limit)
        )
        if document_ids is not None:
            statement = statement.where(Chunk.document_id.in_(document_ids))
        return list((await self.session.execute(statement)).scalars().all())


def _match_sqlite(words: Sequence[str]) -> tuple[Any, Any, Any]:
    query = " OR ".join('"' + word.replace('"', '""') + '"' for word in words)
    joined = Chunk.__table__.join(FTS, FTS.c.rowid == Chunk.number)  # type: ignore[attr-defined]
    return FTS.c.chunk_keywords.op("MATCH")(query), func.bm25(FTS.c.chunk_keywords), joined


def _match_postgresql(words: Sequence[str]) -> tuple[Any, Any, Any]:
    # Written out, not bound: the index on the same expression is used for a constant only.
    simple: Any = literal_column("'simple'::regconfig")
    vector = func.to_tsvector(simple, Chunk.keywords)
    query = func.websearch_to_tsquery(simple, " OR ".join('"' + word.replace('"', " ") + '"' for word in words))
    # 1 divides the rank by the logarithm of the length, so that long chunks do not win by size.
    return vector.op("@@")(query), func.ts_rank_cd(vector, query, 1).desc(), Chunk.__table__  # type: ignore[attr-defined]


async def list_sealed_sources(session: AsyncSession) -> Sequence[Source]:
    """Sources of all workspaces that hold secrets."""
    return (await session.execute(select(Source).where(Source.sealed != ""))).scalars().all()
