"""Plain text that remembers its structure: the common currency of parsers, chunkers and citations.

Offsets are always character offsets into `StructuredText.text`, half-open: `text[start:end]`.
"""

from dataclasses import dataclass, field
from enum import StrEnum


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
    cosine_similarity: to the question, where a dense retriever found it.
    """

    index: int
    title: str
    text: str
    start: int
    end: int
    page: int | None = None
    url: str | None = None
    cosine_similarity: float | None = None
