"""Find the passages that answer a question. Owns the ranking and its cut-offs; does not call a language model.

What the dashboard's search box shows is exactly what a bot reads: both come through `search`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

from privexbot_app.domains.knowledge.models import Chunk, Document, KnowledgeBase
from privexbot_app.domains.knowledge.repository import ChunkRepository, KnowledgeBaseRepository
from privexbot_app.domains.knowledge.schemas import (
    KnowledgeSettings,
    SearchMode,
    SearchRequest,
    SearchResult,
    SearchResults,
)
from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.scope import Scope
from privexbot_app.rag.fusion import reciprocal_rank_fusion
from privexbot_app.rag.keywords import match_query

CANDIDATES = 40
"""How many chunks each retriever proposes before they are fused."""


@dataclass(frozen=True)
class Query:
    """A question to several knowledge bases. mode None: as the first knowledge base is set."""

    text: str
    base_ids: tuple[UUID, ...]
    limit: int
    mode: SearchMode | None = None
    document_ids: tuple[UUID, ...] | None = None
    max_characters: int | None = None


async def search_base(works: Workshop, scope: Scope, base_id: UUID, request: SearchRequest) -> SearchResults:
    """Search one knowledge base for a person or program. Needs `kb.read`. Raises NotFoundError."""
    scope.require("kb.read")
    started = perf_counter()
    async with works.open(scope, read_only=True) as work:
        await work.repository(KnowledgeBaseRepository).get(base_id)
    query = Query(
        text=request.query,
        base_ids=(base_id,),
        limit=request.limit,
        mode=request.mode,
        document_ids=tuple(request.document_ids) if request.document_ids is not None else None,
        max_characters=request.max_characters,
    )
    results = await search(works, scope, query)
    return SearchResults(results=results, took_ms=round((perf_counter() - started) * 1000))


async def search(works: Workshop, scope: Scope, query: Query) -> list[SearchResult]:
    """The best passages of the knowledge bases, best first. Raises NotFoundError if none of them exists."""
    async with works.open(scope, read_only=True) as work:
        bases = await work.repository(KnowledgeBaseRepository).list_all(query.base_ids)
    if not bases:
        raise NotFoundError("There is no such knowledge base.", code="knowledge_base_not_found")
    settings = KnowledgeSettings.model_validate(bases[0].settings)
    mode = query.mode or settings.retrieval.mode
    candidates = max(CANDIDATES, query.limit * 2)
    similarities: dict[UUID, float] = {}
    if mode is not SearchMode.KEYWORD:
        similarities = await _search_dense(works, scope, bases, query, candidates)
    async with works.open(scope, read_only=True) as work:
        chunks = work.repository(ChunkRepository)
        worded: list[UUID] = []
        if mode is not SearchMode.DENSE:
            worded = await chunks.search_keywords(
                [base.id for base in bases], match_query(query.text), limit=candidates, document_ids=query.document_ids
            )
        ranked = _rank(similarities, worded)
        found = await chunks.list_with_documents(ranked)
    results = [
        _result(*found[id], score=score, cosine_similarity=similarities.get(id))
        for id, score in _scored(ranked)
        if id in found
    ]
    return _within(results, limit=query.limit, max_characters=query.max_characters)


async def _search_dense(
    works: Workshop, scope: Scope, bases: Sequence[KnowledgeBase], query: Query, candidates: int
) -> dict[UUID, float]:
    """Cosine similarity of the nearest chunks, each knowledge base asked with its own embedding."""
    by_embedding: dict[str, list[tuple[KnowledgeBase, KnowledgeSettings]]] = defaultdict(list)
    for base in bases:
        settings = KnowledgeSettings.model_validate(base.settings)
        by_embedding[settings.embedding].append((base, settings))
    similarities: dict[UUID, float] = {}
    for embedding, group in by_embedding.items():
        [vector] = await works.plugins.embedders.get(embedding).embed([query.text], purpose=Purpose.QUERY)
        for base, settings in group:
            store = works.plugins.vector_stores.get(settings.vector_store)
            space = space_of(scope, base.id, generation=base.generation)
            hits = await store.query(space, vector, limit=candidates, document_ids=query.document_ids)
            similarities |= {hit.chunk_id: hit.cosine_similarity for hit in hits}
    return similarities


def _rank(similarities: dict[UUID, float], worded: Sequence[UUID]) -> list[UUID]:
    nearest = sorted(similarities, key=lambda id: similarities[id], reverse=True)
    return list(reciprocal_rank_fusion([ranking for ranking in (nearest, list(worded)) if ranking]))


def _scored(ranked: Sequence[UUID]) -> list[tuple[UUID, float]]:
    return [(id, round(1 / rank, 4)) for rank, id in enumerate(ranked, start=1)]


def _result(chunk: Chunk, document: Document, *, score: float, cosine_similarity: float | None) -> SearchResult:
    return SearchResult(
        chunk_id=chunk.id,
        document_id=document.id,
        knowledge_base_id=document.knowledge_base_id,
        document_name=document.name,
        text=chunk.text,
        context=chunk.context,
        start=chunk.start,
        end=chunk.end,
        page=chunk.page,
        heading=chunk.heading,
        url=document.url,
        score=score,
        cosine_similarity=cosine_similarity,
    )


def _within(results: list[SearchResult], *, limit: int, max_characters: int | None) -> list[SearchResult]:
    """The first results that fit; the first one always does."""
    kept: list[SearchResult] = []
    characters = 0
    for result in results[:limit]:
        characters += len(result.text)
        if max_characters is not None and kept and characters > max_characters:
            break
        kept.append(result)
    return kept
