"""From ranked chunks to the results of a search: each with the passage that is read of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from privexbot_app.domains.knowledge.reading import Passage, is_verbatim, passage_of, with_neighbours, with_passages
from privexbot_app.domains.knowledge.repository import ChunkRepository, FoundChunk, FoundDocument
from privexbot_app.domains.knowledge.schemas import RetrievalSettings, SearchResult
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.scope import Scope

MOST_EXPANDED = 150


@dataclass
class Found:
    """A chunk on its way through the ranking."""

    chunk: FoundChunk
    document: FoundDocument
    cosine_similarity: float | None
    score: float = 0.0
    vector: Sequence[float] | None = None


async def read_passages(
    works: Workshop, scope: Scope, found: Sequence[Found], using: RetrievalSettings
) -> list[SearchResult]:
    """What is read of ranked chunks, best first: their passages, or they with their neighbours, or they alone."""
    passages = {one.chunk.id: passage for one in found if (passage := passage_of(one.chunk))}
    if passages or using.expand_neighbours:
        found = _one_per_passage(found, passages)[: min(using.limit * 3, MOST_EXPANDED)]
    results = [_result(one) for one in found]
    passages = {one.chunk.id: passages[one.chunk.id] for one in found if one.chunk.id in passages}
    if passages:
        async with works.open(scope, read_only=True) as work:
            inside = await work.repository(ChunkRepository).list_inside(set(passages.values()))
        results = with_passages(results, passages, inside)
    if using.expand_neighbours:
        alone = [one for one in found if one.chunk.id not in passages]
        places = [(one.document.id, one.chunk.index) for one in alone]
        async with works.open(scope, read_only=True) as work:
            around = await work.repository(ChunkRepository).list_around(places, distance=using.expand_neighbours)
        indexes = {one.chunk.id: one.chunk.index for one in alone}
        results = with_neighbours(results, indexes, around, distance=using.expand_neighbours)
    return results


def _one_per_passage(found: Sequence[Found], passages: dict[UUID, Passage]) -> list[Found]:
    """The best chunk of each passage; one that is not part of any stands for itself."""
    best: dict[object, Found] = {}
    for one in found:
        best.setdefault(passages.get(one.chunk.id, one.chunk.id), one)
    return list(best.values())


def _result(one: Found) -> SearchResult:
    chunk, document = one.chunk, one.document
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
        is_verbatim=is_verbatim(chunk),
        score=round(one.score, 4),
        cosine_similarity=one.cosine_similarity,
    )
