"""Rows of chunks, and their keyword index."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, column, delete, false, func, literal_column, or_, select, table, true, update

from privexbot_app.domains.knowledge.models import Chunk, Document, KnowledgeBase
from privexbot_app.domains.knowledge.repository.documents import FINDABLE
from privexbot_app.domains.knowledge.states import ChunkOrigin, DocumentStatus
from privexbot_app.kit.repository import TenantRepository

FTS = table("chunk_keywords", column("rowid"), column("chunk_keywords"))
"""SQLite's keyword index; PostgreSQL's is an expression index on the chunk table itself."""

RANKED_FIRST = 5
"""How many times as many chunks as are wanted are ranked before it is asked whose they are."""

IN_USE = (
    Chunk.generation
    == select(KnowledgeBase.generation)
    .where(KnowledgeBase.id == Chunk.knowledge_base_id)
    .correlate(Chunk)
    .scalar_subquery()
)
"""Chunks of the generation that is searched, not of one that is being made beside it."""


@dataclass(frozen=True, slots=True)
class FoundChunk:
    """What a search needs of a chunk; the fields are columns."""

    id: UUID
    document_id: UUID
    index: int
    text: str
    context: str
    heading: str
    keywords: str
    start: int
    end: int
    parent_start: int | None
    parent_end: int | None
    page: int | None
    origin: str


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """What a search needs of a document; the fields are columns."""

    id: UUID
    knowledge_base_id: UUID
    name: str
    url: str | None


class ChunkRepository(TenantRepository[Chunk]):
    """Chunks of one workspace, and their keyword index."""

    model = Chunk
    noun = "chunk"

    async def replace(self, document_id: UUID, chunks: Sequence[Chunk], *, generation: int) -> None:
        """Put these chunks in the place of the document's earlier ones of their generation."""
        await self.session.execute(
            delete(Chunk).where(Chunk.document_id == document_id, Chunk.generation == generation)
        )
        for chunk in chunks:
            self.add(chunk)
        await self.session.flush()

    async def generation_of(self, base_id: UUID) -> int:
        """The generation of a knowledge base that is searched."""
        statement = select(KnowledgeBase.generation).where(KnowledgeBase.id == base_id)
        return (await self.session.execute(statement)).scalar_one()

    async def find_in_use(self, id: UUID) -> Chunk | None:
        """The chunk as it is searched, or None."""
        return await self.one(self.query(Chunk.id == id, IN_USE))

    async def list_of(self, document_id: UUID) -> Sequence[Chunk]:
        """All chunks of a document in order, as they are searched."""
        return await self.all(self.query(Chunk.document_id == document_id, IN_USE).order_by(Chunk.index))

    async def list_kept(self, document_id: UUID) -> Sequence[Chunk]:
        """All chunks of a document in order if people have changed one of them, else none."""
        changed = or_(Chunk.origin != ChunkOrigin.SOURCE, Chunk.is_enabled.is_(False))
        found = await self.one(self.query(Chunk.document_id == document_id, IN_USE, changed))
        return await self.list_of(document_id) if found is not None else []

    async def list_slice(self, document_id: UUID, *, offset: int, limit: int) -> Sequence[Chunk]:
        """Chunks `offset` to `offset + limit` of a document."""
        statement = self.query(Chunk.document_id == document_id, IN_USE)
        statement = statement.where(Chunk.index >= offset, Chunk.index < offset + limit)
        return await self.all(statement.order_by(Chunk.index))

    async def list_within(self, document_id: UUID, *, start: int, end: int) -> Sequence[Chunk]:
        """The chunks that share characters with a stretch of a document, or stand at a point of it, in order."""
        touches = and_(Chunk.start < end, Chunk.end > start)
        stands = and_(Chunk.start == Chunk.end, Chunk.start >= start, Chunk.start <= end)
        statement = self.query(Chunk.document_id == document_id, IN_USE, or_(touches, stands))
        return await self.all(statement.order_by(Chunk.index))

    async def list_around(self, places: Collection[tuple[UUID, int]], *, distance: int) -> Sequence[Chunk]:
        """The enabled chunks at most `distance` before and after these positions in these documents."""
        near = [
            (Chunk.document_id == document_id) & Chunk.index.between(index - distance, index + distance)
            for document_id, index in places
        ]
        if not near:
            return []
        statement = self.query(or_(*near), IN_USE, Chunk.is_enabled.is_(True))
        return await self.all(statement.order_by(Chunk.document_id, Chunk.index))

    async def list_inside(self, passages: Collection[tuple[UUID, int, int]]) -> Sequence[Chunk]:
        """The enabled chunks of these passages, each a document and where in it, in order."""
        inside = [
            (Chunk.document_id == document_id) & (Chunk.parent_start == start) & (Chunk.parent_end == end)
            for document_id, start, end in passages
        ]
        if not inside:
            return []
        statement = self.query(or_(*inside), IN_USE, Chunk.is_enabled.is_(True))
        return await self.all(statement.order_by(Chunk.document_id, Chunk.index))

    async def list_with_documents(self, ids: Sequence[UUID]) -> dict[UUID, tuple[FoundChunk, FoundDocument]]:
        """These chunks with their documents, as far as both may be found; values, not rows, for every question asks."""
        documents = {row[0]: FoundDocument(*row) for row in await self._documents_of(ids)}
        columns = [getattr(Chunk, field.name) for field in fields(FoundChunk)]
        statement = select(*columns).where(Chunk.id.in_(ids), Chunk.is_enabled.is_(True))
        found = [FoundChunk(*row) for row in await self.session.execute(statement)]
        return {chunk.id: (chunk, documents[chunk.document_id]) for chunk in found if chunk.document_id in documents}

    async def _documents_of(self, ids: Sequence[UUID]) -> Sequence[Any]:
        columns = [getattr(Document, field.name) for field in fields(FoundDocument)]
        of_chunks = select(Chunk.document_id).where(Chunk.id.in_(ids))
        statement = select(*columns).where(Document.id.in_(of_chunks), FINDABLE)
        return (await self.session.execute(statement)).all()

    async def list_ids(self, base_id: UUID, *, is_indexed: bool = False) -> set[UUID]:
        """The ids of all enabled chunks of a knowledge base, or only of those of its indexed documents."""
        statement = select(Chunk.id).where(Chunk.knowledge_base_id == base_id, IN_USE, Chunk.is_enabled.is_(True))
        if is_indexed:
            statement = statement.join(Document, Document.id == Chunk.document_id)
            statement = statement.where(Document.status == DocumentStatus.INDEXED)
        return set((await self.session.execute(statement)).scalars().all())

    async def count_conflicts(self, document_ids: Sequence[UUID]) -> dict[UUID, int]:
        """How many chunks are in conflict, for those of these documents that have any."""
        statement = select(Chunk.document_id, func.count(Chunk.id)).where(
            Chunk.document_id.in_(document_ids), Chunk.conflicting_text.is_not(None), IN_USE
        )
        rows = await self.session.execute(statement.group_by(Chunk.document_id))
        return {row[0]: row[1] for row in rows.all()}

    async def make_room(self, document_id: UUID, index: int, *, by: int) -> None:
        """Move the chunks from a position on; what stands there before a move to the left must be gone."""
        behind = [Chunk.document_id == document_id, IN_USE]
        options = {"synchronize_session": False}
        # In two steps, through numbers that nobody has: positions are unique at every moment.
        away = update(Chunk).where(*behind, Chunk.index >= index).values(index=-1 - Chunk.index)
        await self.session.execute(away, execution_options=options)
        back = update(Chunk).where(*behind, Chunk.index < 0).values(index=by - 1 - Chunk.index)
        await self.session.execute(back, execution_options=options)

    async def set_tokens(self, id: UUID, tokens: int, *, edited_at: datetime | None) -> None:
        """Note how many tokens a chunk has, unless it was changed again since."""
        statement = update(Chunk).where(Chunk.id == id, Chunk.edited_at == edited_at).values(token_count=tokens)
        await self.session.execute(statement, execution_options={"synchronize_session": False})

    async def take_along(self, base_id: UUID, old: int, new: int) -> None:
        """Give the chunks of one generation of a knowledge base the number of another."""
        await self.session.execute(delete(Chunk).where(Chunk.knowledge_base_id == base_id, Chunk.generation == new))
        statement = update(Chunk).where(Chunk.knowledge_base_id == base_id, Chunk.generation == old)
        await self.session.execute(statement.values(generation=new), execution_options={"synchronize_session": False})

    async def take_unindexed_along(self, base_id: UUID, old: int, new: int) -> None:
        """Give the chunks of documents that are not indexed another generation: a re-index has not built them, and
        what people have changed of them must not be lost."""
        unindexed = select(Document.id).where(
            Document.knowledge_base_id == base_id, Document.status != DocumentStatus.INDEXED
        )
        mine = (Chunk.knowledge_base_id == base_id, Chunk.document_id.in_(unindexed))
        options = {"synchronize_session": False}
        await self.session.execute(delete(Chunk).where(*mine, Chunk.generation == new), execution_options=options)
        along = update(Chunk).where(*mine, Chunk.generation == old).values(generation=new)
        await self.session.execute(along, execution_options=options)

    async def list_generation(self, base_id: UUID, generation: int) -> dict[UUID, UUID]:
        """The ids of the enabled chunks of a generation, with their documents."""
        statement = select(Chunk.id, Chunk.document_id).where(
            Chunk.knowledge_base_id == base_id, Chunk.generation == generation, Chunk.is_enabled.is_(True)
        )
        return {row[0]: row[1] for row in (await self.session.execute(statement)).all()}

    async def delete_generation(self, base_id: UUID, generation: int) -> None:
        """Delete the chunks of a generation."""
        await self.session.execute(
            delete(Chunk).where(Chunk.knowledge_base_id == base_id, Chunk.generation == generation),
            execution_options={"synchronize_session": False},
        )

    async def search_keywords(
        self, base_ids: Sequence[UUID], words: Sequence[str], *, limit: int, document_ids: Sequence[UUID] | None
    ) -> list[UUID]:
        """Chunks that hold any of the words, best first: BM25 on SQLite, cover density on PostgreSQL.

        document_ids: search only in these, see `DocumentRepository.list_searchable`; None searches in all.
        """
        if not words or not base_ids:
            return []
        is_sqlite = (await self.session.connection()).dialect.name == "sqlite"
        where = [Chunk.is_enabled.is_(True), await self._in_use(base_ids)]
        if document_ids is not None:
            where.append(Chunk.document_id.in_(document_ids))
        if is_sqlite and document_ids is None:
            found = await self._matching(_match_best_sqlite(words, most=RANKED_FIRST * limit), where, limit)
            if len(found) == limit:
                return found
        return await self._matching(_match_sqlite(words) if is_sqlite else _match_postgresql(words), where, limit)

    async def _matching(self, match: "_Match", where: Sequence[Any], limit: int) -> list[UUID]:
        statement = select(Chunk.id).select_from(match.joined).where(match.condition, *where)
        statement = statement.order_by(match.rank, Chunk.number).limit(limit)
        return list((await self.session.execute(statement)).scalars().all())

    async def _in_use(self, base_ids: Sequence[UUID]) -> Any:
        """`IN_USE` for known knowledge bases, without a look at each of many rows."""
        rows = await self.session.execute(
            select(KnowledgeBase.id, KnowledgeBase.generation).where(KnowledgeBase.id.in_(base_ids))
        )
        pairs = [and_(Chunk.knowledge_base_id == id, Chunk.generation == generation) for id, generation in rows]
        return or_(false(), *pairs)


@dataclass(frozen=True)
class _Match:
    """How a database looks for words, and in what order it finds chunks."""

    condition: Any
    rank: Any
    joined: Any


def _match_sqlite(words: Sequence[str]) -> _Match:
    joined = Chunk.__table__.join(FTS, FTS.c.rowid == Chunk.number)  # type: ignore[attr-defined]
    return _Match(_holds_sqlite(words), func.bm25(FTS.c.chunk_keywords), joined)


def _match_best_sqlite(words: Sequence[str], *, most: int) -> _Match:
    """The best of the whole index, whoever's they are: a look at each row that matches would cost more than ranking."""
    rank = func.bm25(FTS.c.chunk_keywords)
    best = select(FTS.c.rowid, rank.label("rank")).where(_holds_sqlite(words)).order_by(rank).limit(most).subquery()
    joined = Chunk.__table__.join(best, best.c.rowid == Chunk.number)  # type: ignore[attr-defined]
    return _Match(true(), best.c.rank, joined)


def _holds_sqlite(words: Sequence[str]) -> Any:
    return FTS.c.chunk_keywords.op("MATCH")(" OR ".join('"' + word.replace('"', '""') + '"' for word in words))


def _match_postgresql(words: Sequence[str]) -> _Match:
    # Written out, not bound: the index on the same expression is used for a constant only.
    simple: Any = literal_column("'simple'::regconfig")
    vector = func.to_tsvector(simple, Chunk.keywords)
    query = func.websearch_to_tsquery(simple, " OR ".join('"' + word.replace('"', " ") + '"' for word in words))
    # 1 divides the rank by the logarithm of the length, so that long chunks do not win by size.
    rank = func.ts_rank_cd(vector, query, 1).desc()
    return _Match(vector.op("@@")(query), rank, Chunk.__table__)  # type: ignore[attr-defined]
