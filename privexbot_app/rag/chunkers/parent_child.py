"""The chunker for exact matches and full answers: small chunks are found, the passage around them is read."""

from dataclasses import replace

from pydantic import Field

from privexbot_app.kit.text import StructuredText
from privexbot_app.rag.chunkers.base import (
    CHUNKERS,
    LARGEST_SIZE_TOKENS,
    SMALLEST_SIZE_TOKENS,
    Chunk,
    TokenCounter,
    WindowConfig,
)
from privexbot_app.rag.packing import cut_into_atoms, pack


class ParentChildConfig(WindowConfig):
    """Window sizes of what is found, and the size of what is read."""

    size_tokens: int = Field(
        80,
        ge=SMALLEST_SIZE_TOKENS,
        le=LARGEST_SIZE_TOKENS,
        title="Chunk size",
        description="The longest chunk that is searched, in tokens. Small ones match exactly.",
    )
    overlap_tokens: int = Field(
        0,
        ge=0,
        le=LARGEST_SIZE_TOKENS // 2,
        title="Overlap",
        description="How many tokens of a chunk's end are repeated at the start of the next one in its passage.",
    )
    parent_tokens: int = Field(
        600,
        ge=SMALLEST_SIZE_TOKENS,
        le=LARGEST_SIZE_TOKENS,
        title="Passage size",
        description="The longest passage that is read when one of its chunks is found; at least a chunk.",
    )


@CHUNKERS.register("parent_child")
class ParentChildChunker:
    """Packs paragraphs into passages and cuts each passage into small chunks, which all name it as their parent."""

    Config = ParentChildConfig
    title = "Small chunks in large passages"
    description = "Searches small chunks and reads the whole passage around a match. Best for precise questions."

    def __init__(self, config: ParentChildConfig, *, count_tokens: TokenCounter) -> None:
        self.config = config
        self.count_tokens = count_tokens

    def chunk(self, document: StructuredText) -> list[Chunk]:
        """See `Chunker.chunk`. No chunk belongs to two passages."""
        size, count = self.config.size_tokens, self.count_tokens
        atoms = cut_into_atoms(document, size=size, count=count)
        passages = pack(document, atoms, size=max(size, self.config.parent_tokens), overlap=0, count=count)
        chunks: list[Chunk] = []
        first = 0
        for passage in passages:
            last = next((at for at in range(first, len(atoms)) if atoms[at].start >= passage.end), len(atoms))
            inside = pack(
                document,
                atoms[first:last],
                size=size,
                overlap=self.config.overlap_tokens,
                count=count,
                first_index=len(chunks),
            )
            chunks += [replace(chunk, parent=(passage.start, passage.end)) for chunk in inside]
            first = last
        return chunks
