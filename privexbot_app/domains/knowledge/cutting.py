"""From the chunks of a document to their rows. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from uuid import UUID, uuid5

from privexbot_app.domains.knowledge.models import Chunk as ChunkRow
from privexbot_app.rag.chunkers.base import Chunk
from privexbot_app.rag.keywords import index_text


@dataclass(frozen=True)
class Place:
    """Where rows of chunks belong."""

    workspace_id: UUID
    base_id: UUID
    document_id: UUID
    generation: int


def build_rows(place: Place, chunks: Sequence[Chunk]) -> list[ChunkRow]:
    """A row for each chunk as the chunker made it. Ids follow from document, generation and position."""
    return [
        ChunkRow(
            id=next(ids_at(place, chunk.index)),
            workspace_id=place.workspace_id,
            knowledge_base_id=place.base_id,
            document_id=place.document_id,
            generation=place.generation,
            index=chunk.index,
            text=chunk.text,
            context=chunk.context,
            start=chunk.start,
            end=chunk.end,
            parent_start=chunk.parent[0] if chunk.parent else None,
            parent_end=chunk.parent[1] if chunk.parent else None,
            page=chunk.page,
            heading=chunk.heading or "",
            token_count=chunk.token_count,
            keywords=keywords_of(chunk.heading or "", chunk.context, chunk.text),
        )
        for chunk in chunks
    ]


def ids_at(place: Place, index: int) -> Iterator[UUID]:
    """The id of a chunk at this position, by which a second attempt overwrites the vectors of the first; then others
    for where it is taken.
    """
    yield uuid5(place.document_id, f"{place.generation}:{index}")
    for number in count(2):
        yield uuid5(place.document_id, f"{place.generation}:{index}:{number}")


def embedded_text(heading: str, context: str, text: str) -> str:
    """What is embedded for a chunk: its headings and table header say what the text alone may not."""
    return "\n".join(part for part in (heading, context, text) if part)


def keywords_of(heading: str, context: str, text: str) -> str:
    """What the keyword index reads of a chunk."""
    return index_text(embedded_text(heading, context, text))
