"""The chunker for running text where the exact sentence matters: windows of whole sentences."""

from dataclasses import replace

from privexbot_app.kit.text import StructuredText
from privexbot_app.rag.chunkers.base import CHUNKERS, Chunk, TokenCounter, WindowConfig
from privexbot_app.rag.packing import Break, cut_into_atoms, pack


class SentenceConfig(WindowConfig):
    """As for every window chunker; the overlap is rounded down to whole sentences."""


@CHUNKERS.register("sentence")
class SentenceChunker:
    """Fills every chunk with as many whole sentences as fit, across paragraphs."""

    Config = SentenceConfig
    title = "Sentences"
    description = "Packs whole sentences as tightly as possible. Good for transcripts and text without paragraphs."

    def __init__(self, config: SentenceConfig, *, count_tokens: TokenCounter) -> None:
        self.config = config
        self.count_tokens = count_tokens

    def chunk(self, document: StructuredText) -> list[Chunk]:
        """See `Chunker.chunk`."""
        size, overlap = self.config.size_tokens, self.config.overlap_tokens
        atoms = cut_into_atoms(document, size=size, count=self.count_tokens)
        even = [replace(atom, after=min(atom.after, Break.SENTENCE)) for atom in atoms]
        return pack(document, even, size=size, overlap=overlap, count=self.count_tokens)
