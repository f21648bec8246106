"""The contract of a chunker: it cuts a document's text into the pieces that are embedded, searched and cited.

Every chunker keeps four promises, which one property suite tests for all of them: a chunk's text is exactly
`document.text[start:end]`; chunks come in reading order; together they hold every character that is not white space;
and no chunk, its context included, is longer than the configured number of tokens.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from privexbot_app.kit.registry import Registry
from privexbot_app.kit.text import Block, BlockKind, StructuredText

TokenCounter = Callable[[str], int]

HEADING_SEPARATOR = " › "

# The common embedding model reads 256 tokens; the rest is room for a title and headings in front of the text.
DEFAULT_SIZE_TOKENS = 220
DEFAULT_OVERLAP_TOKENS = 30
SMALLEST_SIZE_TOKENS = 16
LARGEST_SIZE_TOKENS = 8192

_IDEOGRAPHS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f"
_TOKEN = re.compile(rf"[{_IDEOGRAPHS}]|\d{{1,3}}|(?:(?![{_IDEOGRAPHS}\d_])\w){{1,6}}|[^\w\s]|_")


@dataclass(frozen=True)
class Chunk:
    """A piece of a document.

    index: 0-based, in reading order.
    token_count: of what is embedded: the context, if there is one, and the text.
    page: of the chunk's first character.
    heading: the path of headings above the chunk, outermost first, joined by “ › ”.
    context: what must stand before the text for it to make sense, such as a table's header row; not part of the span.
    parent: offsets of the passage that is read when the chunk is found; None where that is the chunk itself.
    """

    index: int
    text: str
    start: int
    end: int
    token_count: int
    page: int | None = None
    heading: str | None = None
    context: str = ""
    parent: tuple[int, int] | None = None


class Chunker(Protocol):
    """Cuts one document. `Config` is the form in the dashboard and the validation of the API.

    title, description: what a customer reads when choosing.
    """

    Config: type[BaseModel]
    title: str
    description: str

    def __init__(self, config: Any, *, count_tokens: TokenCounter) -> None: ...

    def chunk(self, document: StructuredText) -> list[Chunk]:
        """Return the document's chunks; none for a document without text."""
        ...


CHUNKERS = Registry("chunker", Chunker)


class WindowConfig(BaseModel):
    """The settings that chunkers with overlapping windows share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    size_tokens: int = Field(
        DEFAULT_SIZE_TOKENS,
        ge=SMALLEST_SIZE_TOKENS,
        le=LARGEST_SIZE_TOKENS,
        title="Chunk size",
        description="The longest chunk, in tokens; what is longer than the embedding model reads is found less surely.",
    )
    overlap_tokens: int = Field(
        DEFAULT_OVERLAP_TOKENS,
        ge=0,
        le=LARGEST_SIZE_TOKENS // 2,
        title="Overlap",
        description="How many tokens of a chunk's end are repeated at the start of the next; at most half its size.",
    )

    @model_validator(mode="after")
    def _overlap_leaves_room(self) -> "WindowConfig":
        if self.overlap_tokens > self.size_tokens // 2:
            raise ValueError("The overlap can be at most half of the chunk size.")
        return self


def approximate_tokens(text: str) -> int:
    """Estimate how many tokens a model's vocabulary needs: about 15 % too many for English, a fifth too few for others.

    One token for each CJK, Hangul or Thai character, each started run of six letters or three digits, and each
    punctuation mark. White space is free, so the count of a text is the sum of the counts of its words.

    >>> approximate_tokens("Refunds take 14 days."), approximate_tokens("三十天")
    (6, 3)
    """
    return sum(1 for _ in _TOKEN.finditer(text))


def fair_counter(count: TokenCounter) -> TokenCounter:
    """Count a model's tokens, but no more than `approximate_tokens` does.

    The vocabulary of a model that knows one language falls to pieces in others: chunks of the same number of tokens
    would be half as long there, and each would say half as much.

    >>> fair_counter(len)("Rückgaberecht"), fair_counter(len)("a b")
    (3, 2)
    """
    return lambda text: min(count(text), approximate_tokens(text))


def heading_path(document: StructuredText, block: Block) -> tuple[str, ...]:
    """Return the headings that a chunk starting in `block` stands under; a heading block stands under itself."""
    if block.kind is not BlockKind.HEADING:
        return block.headings
    own = document.text[block.start : block.end].strip().split("\n")[0].strip("#").strip()
    return (*block.headings, own) if own else block.headings


def join_headings(path: tuple[str, ...]) -> str | None:
    """Return the path as one line, or None for no headings."""
    return HEADING_SEPARATOR.join(path) or None
