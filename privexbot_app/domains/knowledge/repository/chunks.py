"""Rows of chunks, and their keyword index."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import column, delete, func, literal_column, or_, select, table

from privexbot_app.domains.knowledge.models import Chunk, Document
from privexbot_app.domains.knowledge.states import DocumentStatus
from privexbot_app.kit.repository import TenantRepository

FTS = table("chunk_keywords", column("rowid"), column("chunk_keywords"))
"""SQLite's keyword index; PostgreSQL's is an expression index on the chunk table itself."""


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
