"""The plainest chunker: windows of a fixed number of tokens, blind to sentences, tables and headings."""

from functools import lru_cache

from privexbot_app.kit.text import StructuredText
from privexbot_app.rag.chunkers.base import CHUNKERS, Chunk, TokenCounter, WindowConfig
from privexbot_app.rag.packing import cut_into_words, pack

_REMEMBERED_WORDS = 50_000


class TokenConfig(WindowConfig):
    """As for every window chunker; windows begin and end between words."""


@CHUNKERS.register("token")
class TokenChunker:
    """Fills every chunk with as many words as fit. Rows of tables may be cut, and no header is repeated."""

    Config = TokenConfig
    title = "Fixed length"
    description = "Cuts every so many tokens, ignoring structure. Good as a baseline, and for logs."

    def __init__(self, config: TokenConfig, *, count_tokens: TokenCounter) -> None:
        self.config = config
        self.count_tokens = count_tokens

    def chunk(self, document: StructuredText) -> list[Chunk]:
        """See `Chunker.chunk`."""
        size, overlap = self.config.size_tokens, self.config.overlap_tokens
        # A text repeats its words, and a real tokenizer is slow to call.
        words = cut_into_words(document, size=size, count=lru_cache(_REMEMBERED_WORDS)(self.count_tokens))
        return pack(document, words, size=size, overlap=overlap, count=self.count_tokens)
