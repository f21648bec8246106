"""The general chunker: paragraphs, then sentences, then words."""

from privexbot_app.kit.text import StructuredText
from privexbot_app.rag.chunkers.base import CHUNKERS, Chunk, TokenCounter, WindowConfig
from privexbot_app.rag.packing import cut_into_atoms, pack


@CHUNKERS.register("recursive")
class RecursiveChunker:
    """Fills chunks with whole paragraphs where they fit, else with whole sentences; rows of tables stay whole."""

    Config = WindowConfig
    title = "Paragraphs"
    description = "Keeps paragraphs together, and sentences when a paragraph is too long. Good for any text."

    def __init__(self, config: WindowConfig, *, count_tokens: TokenCounter) -> None:
        self.config = config
        self.count_tokens = count_tokens

    def chunk(self, document: StructuredText) -> list[Chunk]:
        """See `Chunker.chunk`."""
        size, overlap = self.config.size_tokens, self.config.overlap_tokens
        atoms = cut_into_atoms(document, size=size, count=self.count_tokens)
        return pack(document, atoms, size=size, overlap=overlap, count=self.count_tokens)
