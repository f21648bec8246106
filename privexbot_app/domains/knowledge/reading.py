"""From ranked chunks to the passages that are read: joins what stands together and keeps to a budget. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from uuid import UUID

from privexbot_app.domains.knowledge.models import Chunk
from privexbot_app.domains.knowledge.repository import FoundChunk
from privexbot_app.domains.knowledge.schemas import SearchResult
from privexbot_app.domains.knowledge.states import ChunkOrigin
from privexbot_app.kit.tokens import estimate_tokens

Passage = tuple[UUID, int, int]
"""A document, and from where to where in it."""


def passage_of(chunk: Chunk | FoundChunk) -> Passage | None:
    """What is read when the chunk is found; None where that is the chunk itself."""
    if chunk.parent_start is None or chunk.parent_end is None:
        return None
    return chunk.document_id, chunk.parent_start, chunk.parent_end


def with_passages(
    results: Sequence[SearchResult], passages: dict[UUID, Passage], inside: Iterable[Chunk]
) -> list[SearchResult]:
    """Each result with the whole passage that its chunk stands in.

    passages: by chunk id, for those that have one. inside: the chunks of all these passages, in order.
    """
    families: dict[Passage | None, list[Chunk]] = defaultdict(list)
    for chunk in inside:
        families[passage_of(chunk)].append(chunk)
    read = []
    for result in results:
        family = families.get(passages.get(result.chunk_id))
        read.append(_joined(result, family) if family and result.chunk_id in passages else result)
    return read


def with_neighbours(
    results: Sequence[SearchResult], indexes: dict[UUID, int], around: Iterable[Chunk], *, distance: int
) -> list[SearchResult]:
    """Each result with the chunks before and after it; no chunk is read twice, the better rank has it.

    indexes: position in its document of each result's chunk; a result without one stays as it is. around: the chunks
    within `distance` of them.
    A result keeps its own chunk id; its text and offsets are those of the whole stretch.
    """
    places = {(chunk.document_id, chunk.index): chunk for chunk in around}
    taken: set[tuple[UUID, int]] = set()
    read: list[SearchResult] = []
    for result in results:
        if result.chunk_id not in indexes:
            read.append(result)
            continue
        index, document_id = indexes[result.chunk_id], result.document_id
        if (document_id, index) in taken:
            continue
        stretch = _stretch(places, document_id, index, distance, taken)
        taken |= {(document_id, chunk.index) for chunk in stretch}
        read.append(_joined(result, stretch) if stretch else result)
    return read


def _stretch(
    places: dict[tuple[UUID, int], Chunk], document_id: UUID, index: int, distance: int, taken: set[tuple[UUID, int]]
) -> list[Chunk]:
    """The chunks around one, in order, up to the first that another result has already brought."""
    stretch = [places[document_id, index]] if (document_id, index) in places else []
    for step in (-1, 1):
        for at in range(index + step, index + step * (distance + 1), step):
            place = (document_id, at)
            if not stretch or place in taken or place not in places:
                break
            stretch.append(places[place])
    return sorted(stretch, key=lambda chunk: chunk.index)


def _joined(result: SearchResult, stretch: Sequence[Chunk]) -> SearchResult:
    text, end = stretch[0].text, stretch[0].end
    for before, chunk in pairwise(stretch):
        # What the chunk before holds too is not said twice.
        text += _gap(before, chunk, end) + chunk.text[max(0, end - chunk.start) if is_verbatim(chunk) else 0 :]
        end = max(end, chunk.end)
    first = stretch[0]
    is_whole = all(_follows(before, chunk) for before, chunk in pairwise(stretch))
    return result.model_copy(
        update={
            "text": text,
            "context": first.context,
            "start": first.start,
            "end": end,
            "page": first.page,
            "is_verbatim": is_whole and all(is_verbatim(chunk) for chunk in stretch),
        }
    )


def _gap(before: Chunk, chunk: Chunk, end: int) -> str:
    """What stands between two chunks: nothing but white space; which kind is in the document only."""
    if not (_follows(before, chunk) and is_verbatim(before) and is_verbatim(chunk)):
        return "\n"
    gap = chunk.start - end
    return "\n" * gap if gap > 1 else " " * gap


def _follows(before: Chunk, chunk: Chunk) -> bool:
    """Whether nothing was left out between them."""
    return chunk.index == before.index + 1


def is_verbatim(chunk: Chunk | FoundChunk) -> bool:
    """Whether a chunk's words are the document's."""
    return chunk.origin == ChunkOrigin.SOURCE


def within_budget(
    results: Iterable[SearchResult], *, limit: int, max_characters: int | None, max_tokens: int | None
) -> list[SearchResult]:
    """At most `limit` results, best first, whose text together fits; one that does not fit makes room for the next.

    Characters are kept to exactly. Tokens are an estimate, and the first result is read however long it is.
    """
    kept: list[SearchResult] = []
    characters, tokens = 0, 0
    for result in results:
        if len(kept) == limit:
            break
        length, cost = len(result.text), estimate_tokens(result.text)
        if max_characters is not None and characters + length > max_characters:
            continue
        if max_tokens is not None and kept and tokens + cost > max_tokens:
            continue
        kept.append(result)
        characters, tokens = characters + length, tokens + cost
    return kept
