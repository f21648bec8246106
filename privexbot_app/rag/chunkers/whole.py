"""One chunk per document, for answers and snippets that make sense only as a whole."""

from pydantic import BaseModel, ConfigDict, Field

from privexbot_app.kit.errors import TooLargeError
from privexbot_app.kit.text import StructuredText
from privexbot_app.rag.chunkers.base import CHUNKERS, LARGEST_SIZE_TOKENS, Chunk, TokenCounter


class WholeConfig(BaseModel):
    """How long a document may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size_tokens: int = Field(
        2048,
        ge=16,
        le=LARGEST_SIZE_TOKENS,
        title="Longest document",
        description="Documents with more tokens than this are refused. Text beyond the embedding model's limit counts "
        "for less in a search.",
    )


class DocumentTooLongError(TooLargeError):
    """The document has more tokens than a single chunk may have."""

    code = "document_too_long_for_one_chunk"


@CHUNKERS.register("whole")
class WholeChunker:
    """Keeps the document whole. Raises DocumentTooLongError for one over the limit."""

    Config = WholeConfig
    title = "Whole document"
    description = "Does not cut at all. Good for short texts such as single answers or product descriptions."

    def __init__(self, config: WholeConfig, *, count_tokens: TokenCounter) -> None:
        self.config = config
        self.count_tokens = count_tokens

    def chunk(self, document: StructuredText) -> list[Chunk]:
        """See `Chunker.chunk`."""
        text = document.text.strip()
        if not text:
            return []
        tokens = self.count_tokens(text)
        if tokens > self.config.size_tokens:
            raise DocumentTooLongError(
                f"The document has {tokens} tokens; as a single chunk it may have {self.config.size_tokens}. "
                "Choose another way of chunking.",
                tokens=tokens,
            )
        start = len(document.text) - len(document.text.lstrip())
        return [Chunk(0, text, start, start + len(text), tokens, page=document.page_at(start))]
