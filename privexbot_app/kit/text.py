"""Plain text that remembers its structure: the common currency of parsers, chunkers and citations.

Offsets are always character offsets into `StructuredText.text`, half-open: `text[start:end]`.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from privexbot_app.kit.errors import InvalidError

# PostgreSQL stores no NUL, and no encoding has half of a surrogate pair. What one database refuses, all refuse.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class UnstorableTextError(InvalidError):
    """The text holds a character that no database can keep."""

    code = "unstorable_text"

    def __init__(self) -> None:
        super().__init__("The text holds a character that cannot be stored: NUL, or half of a surrogate pair.")


def require_storable(text: str) -> None:
    """Raise UnstorableTextError for text that people typed and that cannot be kept as it is."""
    if _UNSTORABLE.search(text):
        raise UnstorableTextError


def require_storable_json(value: object) -> None:
    """`require_storable` for every text inside plain JSON, keys too."""
    if isinstance(value, str):
        require_storable(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            require_storable_json(key)
            require_storable_json(inner)
    elif isinstance(value, list):
        for inner in value:
            require_storable_json(inner)


def make_storable(text: str) -> str:
    """Text from elsewhere with each character that cannot be kept replaced by U+FFFD, so that offsets stay.

    >>> make_storable("a\\x00b")
    'a�b'
    """
    return _UNSTORABLE.sub("\ufffd", text)


class BlockKind(StrEnum):
    """What a stretch of text is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"


@dataclass(frozen=True)
class Block:
    """A stretch of a document, in reading order; blocks do not overlap.

    level: of a heading, 1 is the highest; 0 for everything else.
    page: 1-based page, slide or sheet, where the format has them.
    headings: the headings above this block, outermost first; a heading's own text is not among them.
    header: for a table, its header row as it stands in the text, so that a chunker can repeat it.
    """

    start: int
    end: int
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0
    page: int | None = None
    headings: tuple[str, ...] = ()
    header: str | None = None


@dataclass(frozen=True)
class StructuredText:
    """A document's extracted text and its blocks. `title` is the document's own title, where it has one."""

    text: str
    blocks: tuple[Block, ...] = ()
    title: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def page_at(self, offset: int) -> int | None:
        """The page of the block that holds `offset`, or of the last block before it."""
        page = None
        for block in self.blocks:
            if block.start > offset:
                break
            page = block.page if block.page is not None else page
        return page


@dataclass(frozen=True)
class Passage:
    """A piece of a document that was retrieved for a question.

    index: 1-based; what a citation marker such as [2] points at.
    start, end: character offsets into the document's extracted text.
    is_verbatim: the text is the document's from start to end, after what was put before it; else people changed it.
    cosine_similarity: to the question, where a dense retriever found it.
    """

    index: int
    title: str
    text: str
    start: int
    end: int
    page: int | None = None
    url: str | None = None
    is_verbatim: bool = True
    cosine_similarity: float | None = None
