"""Find the passages that answer a question. Owns the way from a question to passages; does not call a language model.

What the dashboard's search box shows is exactly what a bot reads: both come through `search`.

question ─┬─► vectors nearby ─┬─► candidates ─► scored by both ─► reranker, diversity ─► neighbours ─► budget
          └─► words found ────┘   (enabled documents that fit the filters)                 (reading.py)
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import compress
from time import perf_counter
from uuid import UUID

import numpy as np

from privexbot_app.domains.knowledge.filters import SearchFilters
from privexbot_app.domains.knowledge.models import KnowledgeBase
from privexbot_app.domains.knowledge.query_vectors import QueryVectors
from privexbot_app.domains.knowledge.reading import within_budget
from privexbot_app.domains.knowledge.repository import (
    ChunkRepository,
    DocumentRepository,
    FoundChunk,
    KnowledgeBaseRepository,
)
from privexbot_app.domains.knowledge.results import Found, read_passages
from privexbot_app.domains.knowledge.schemas import (
    Fusion,
    KnowledgeSettings,
    RetrievalSettings,
    SearchMode,
    SearchRequest,
    SearchResult,
    SearchResults,
)
from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.integrations.embeddings.base import Embedder
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.integrations.rerankers.base import Proposal
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.languages import guess_language
from privexbot_app.kit.redaction import Redactor
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.words import tokenize
from privexbot_app.rag.fusion import maximal_marginal_relevance
from privexbot_app.rag.keywords import match_query, weigh_query
from privexbot_app.rag.ranking import (
    Candidate,
    are_within_reach,
    meaning_share,
    score_by_ranks,
    score_candidates,
    spread_over_documents,
)

NO_RERANKER = "none"
RERANKED = 40
"""How many passages a reranker looks at."""


@dataclass(frozen=True)
class Query:
    """A question to several knowledge bases. What is None is as the first knowledge base is set.

    limit: how many passages at most. rerank: name of a reranker, or NO_RERANKER. is_redacted: personal data in the
    question is hidden from embeddings and rerankers, whatever the knowledge bases say.
    """

    text: str
    base_ids: tuple[UUID, ...]
    limit: int
    mode: SearchMode | None = None
    fusion: Fusion | None = None
    rerank: str | None = None
    expand_neighbours: int | None = None
    diversity: float | None = None
    filters: SearchFilters = field(default_factory=SearchFilters)
    max_characters: int | None = None
    max_tokens: int | None = None
    is_redacted: bool = False


@dataclass(frozen=True)
class _Corner:
    """One knowledge base with the question as its embedding sees it. vector: None where only words are asked."""

    base: KnowledgeBase
    settings: KnowledgeSettings
    embedder: Embedder
    vector: list[float] | None = None


async def search_base(works: Workshop, scope: Scope, base_id: UUID, request: SearchRequest) -> SearchResults:
    """Search one knowledge base for a person or program. Needs `kb.read`. Raises NotFoundError."""
    scope.require("kb.read")
    started = perf_counter()
    async with works.open(scope, read_only=True) as work:
        await work.repository(KnowledgeBaseRepository).get(base_id)
    filters = request.filters or SearchFilters()
    if request.document_ids is not None:
        filters = filters.model_copy(update={"document_ids": _both(filters.document_ids, request.document_ids)})
    query = Query(
        text=request.query,
        base_ids=(base_id,),
        limit=request.limit,
        mode=request.mode,
        rerank=request.rerank,
        expand_neighbours=request.expand_neighbours,
        diversity=request.diversity,
        filters=filters,
        max_characters=request.max_characters,
        max_tokens=request.max_tokens,
    )
    results = await search(works, scope, query)
    return SearchResults(results=results, took_ms=round((perf_counter() - started) * 1000))


async def search(works: Workshop, scope: Scope, query: Query) -> list[SearchResult]:
    """The best passages of the knowledge bases, best first. Raises NotFoundError if none of them exists."""
    async with works.open(scope, read_only=True) as work:
        bases = await work.repository(KnowledgeBaseRepository).list_all(query.base_ids)
        documents = await work.repository(DocumentRepository).list_searchable(query.base_ids, query.filters)
    if not bases:
        raise NotFoundError("There is no such knowledge base.", code="knowledge_base_not_found")
    using = _using(query, sorted(bases, key=lambda base: query.base_ids.index(base.id))[0])
    corners = [_corner(works, base) for base in bases]
    if using.mode is not SearchMode.KEYWORD:
        corners = await _embedded(works, corners, query)
    found = await _candidates(works, scope, corners, query.text, using, documents)
    found = _scored(found, corners, query.text, using)
    found.sort(key=lambda one: (-one.score, one.document.id, one.chunk.index))
    is_redacted = query.is_redacted or any(corner.settings.is_redacted for corner in corners)
    found = await _reranked(works, query.text, found, using, Redactor() if is_redacted else None)
    if using.diversity:
        found = await _diversified(works, scope, corners, found, using)
    results = await read_passages(works, scope, found, using)
    return within_budget(results, limit=using.limit, max_characters=query.max_characters, max_tokens=using.max_tokens)


def _using(query: Query, first: KnowledgeBase) -> RetrievalSettings:
    """The first knowledge base's settings with what the query asks for instead."""
    asked = {
        "mode": query.mode,
        "fusion": query.fusion,
        "rerank": query.rerank,
        "expand_neighbours": query.expand_neighbours,
        "diversity": query.diversity,
        "max_tokens": query.max_tokens,
    }
    settings = KnowledgeSettings.model_validate(first.settings).retrieval
    settings = settings.model_copy(update={name: value for name, value in asked.items() if value is not None})
    return settings.model_copy(update={"limit": query.limit, "candidates": max(settings.candidates, query.limit)})


def _both(first: list[UUID] | None, second: list[UUID]) -> list[UUID]:
    return second if first is None else [id for id in second if id in set(first)]


def _corner(works: Workshop, base: KnowledgeBase) -> _Corner:
    settings = KnowledgeSettings.model_validate(base.settings)
    return _Corner(base, settings, works.plugins.embedders.get(settings.embedding))


async def _embedded(works: Workshop, corners: Sequence[_Corner], query: Query) -> list[_Corner]:
    """The question embedded once for each embedding, without personal data where that is asked for."""
    kept, placed = works.own(QueryVectors), []
    for corner in corners:
        is_redacted = query.is_redacted or corner.settings.is_redacted
        text = Redactor().hide(query.text) if is_redacted else query.text
        vector = await kept.get(corner.settings.embedding, corner.embedder, text)
        placed.append(replace(corner, vector=vector))
    return placed


async def _candidates(
    works: Workshop,
    scope: Scope,
    corners: Sequence[_Corner],
    text: str,
    using: RetrievalSettings,
    documents: Sequence[UUID] | None,
) -> list[Found]:
    """What vectors and words propose, each with both kinds of evidence."""
    nearest = (_nearest(works, scope, corner, using.candidates, documents) for corner in corners)
    worded, near = await asyncio.gather(
        _worded(works, scope, corners, text, using, documents), asyncio.gather(*nearest)
    )
    cosines = {id: cosine for hits in near for id, cosine in hits.items()}
    async with works.open(scope, read_only=True) as work:
        rows = await work.repository(ChunkRepository).list_with_documents(list(dict.fromkeys([*cosines, *worded])))
    found = [Found(chunk, document, cosines.get(id)) for id, (chunk, document) in rows.items()]
    if using.mode is SearchMode.HYBRID:
        await _fetch_vectors(works, scope, corners, [one for one in found if one.cosine_similarity is None])
    return found


async def _worded(
    works: Workshop,
    scope: Scope,
    corners: Sequence[_Corner],
    text: str,
    using: RetrievalSettings,
    documents: Sequence[UUID] | None,
) -> list[UUID]:
    if using.mode is SearchMode.DENSE:
        return []
    base_ids = [corner.base.id for corner in corners]
    async with works.open(scope, read_only=True) as work:
        chunks = work.repository(ChunkRepository)
        return await chunks.search_keywords(base_ids, match_query(text), limit=using.candidates, document_ids=documents)


async def _nearest(
    works: Workshop, scope: Scope, corner: _Corner, candidates: int, documents: Sequence[UUID] | None
) -> dict[UUID, float]:
    if corner.vector is None:
        return {}
    store = works.plugins.vector_stores.get(corner.settings.vector_store)
    space = space_of(scope, corner.base.id, generation=corner.base.generation)
    hits = await store.query(space, corner.vector, limit=candidates, document_ids=documents)
    return {hit.chunk_id: hit.cosine_similarity for hit in hits}


async def _fetch_vectors(works: Workshop, scope: Scope, corners: Sequence[_Corner], found: Sequence[Found]) -> None:
    """Vectors, and cosines where they are missing, of chunks that were found otherwise."""
    by_base: dict[UUID, list[Found]] = defaultdict(list)
    for one in found:
        by_base[one.document.knowledge_base_id].append(one)
    for corner in corners:
        wanted = by_base[corner.base.id]
        if not wanted or corner.vector is None:
            continue
        store = works.plugins.vector_stores.get(corner.settings.vector_store)
        space = space_of(scope, corner.base.id, generation=corner.base.generation)
        vectors = await store.fetch_vectors(space, [one.chunk.id for one in wanted])
        held = [one for one in wanted if one.chunk.id in vectors]
        if not held:
            continue
        cosines = np.array([vectors[one.chunk.id] for one in held]) @ np.array(corner.vector)
        for one, cosine in zip(held, cosines.tolist(), strict=True):
            one.vector = vectors[one.chunk.id]
            if one.cosine_similarity is None:
                one.cosine_similarity = cosine


def _scored(found: list[Found], corners: Sequence[_Corner], text: str, using: RetrievalSettings) -> list[Found]:
    """The candidates with their scores; from a hybrid search without those that nothing speaks for."""
    candidates = _as_candidates(found, corners)
    question = weigh_query(text)
    if using.mode is SearchMode.HYBRID and using.fusion is Fusion.RANKS:
        scores = score_by_ranks(question, candidates)
    else:
        share = {SearchMode.DENSE: 1.0, SearchMode.KEYWORD: 0.0}.get(using.mode)
        if share is None:
            share = meaning_share(candidates, is_language_known=_is_language_known(corners, text))
        scores = score_candidates(question, candidates, meaning_share=share)
    is_blended = using.mode is SearchMode.HYBRID and using.fusion is Fusion.SCORES
    is_near = are_within_reach(scores, candidates) if is_blended else [True] * len(found)
    if is_blended and using.rerank in (None, NO_RERANKER):
        scores = spread_over_documents(question, scores, candidates)
    for one, score in zip(found, scores, strict=True):
        one.score = score
    return list(compress(found, is_near))


def _as_candidates(found: Sequence[Found], corners: Sequence[_Corner]) -> list[Candidate]:
    models = {corner.base.id: corner.settings.embedding for corner in corners}
    return [
        Candidate(
            words=one.chunk.keywords.split(),
            name_words=_name_words(one.document.name),
            cosine_similarity=one.cosine_similarity,
            model=models[one.document.knowledge_base_id],
            document=one.document.id,
        )
        for one in found
    ]


@lru_cache(maxsize=4096)
def _name_words(name: str) -> tuple[str, ...]:
    return tuple(tokenize(name.replace("_", " ")))


def _is_language_known(corners: Sequence[_Corner], text: str) -> bool:
    language = guess_language(text)
    return all(corner.embedder.languages is None or language in corner.embedder.languages for corner in corners)


async def _reranked(
    works: Workshop, text: str, found: list[Found], using: RetrievalSettings, redactor: Redactor | None
) -> list[Found]:
    """The best candidates in the reranker's order, before the others. redactor: hides personal data from it."""
    if not found or using.rerank in (None, NO_RERANKER):
        return found
    seen = found[: max(RERANKED, using.limit)]
    hide = redactor.hide if redactor else str
    text, proposals = hide(text), [Proposal(hide(_whole(one.chunk)), one.score) for one in seen]
    scores = await works.plugins.rerankers.get(using.rerank or "").rerank(text, proposals)
    for one, score in zip(seen, scores, strict=True):
        one.score = score
    return sorted(seen, key=lambda one: -one.score) + found[len(seen) :]


def _whole(chunk: FoundChunk) -> str:
    return "\n".join(part for part in (chunk.heading, chunk.context, chunk.text) if part)


async def _diversified(
    works: Workshop, scope: Scope, corners: Sequence[_Corner], found: list[Found], using: RetrievalSettings
) -> list[Found]:
    """Passages that say the same make room for others; those without a vector follow as they were."""
    await _fetch_vectors(works, scope, corners, found)
    placed = [one for one in found if one.vector is not None]
    vector = next((corner.vector for corner in corners if corner.vector is not None), None)
    if vector is None or len({len(one.vector or ()) for one in placed}) != 1:
        return found
    order = maximal_marginal_relevance(
        vector,
        [one.vector or () for one in placed],
        limit=using.limit,
        relevance_share=1 - using.diversity,
        relevance=[one.score for one in placed],
    )
    first = [placed[at] for at in order]
    ids = {one.chunk.id for one in first}
    return first + [one for one in found if one.chunk.id not in ids]
