"""Build a StructuredText block by block, with exact offsets, for parsers that do not keep their source verbatim."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from privexbot_app.kit.text import Block, BlockKind, StructuredText

CELL_SEPARATOR = " | "

# Control characters and lone surrogates: neither PostgreSQL nor JSON readers take them.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u2000-\u200a\u202f\u205f]+")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")


def scrub(text: str) -> str:
    """Replace what cannot be stored by spaces, one for one, so that offsets stay right."""
    return _UNSTORABLE.sub(" ", text)


def squeeze(text: str) -> str:
    """Collapse runs of white space, keeping line breaks, and drop invisible characters."""
    lines = (_SPACES.sub(" ", line).strip() for line in _INVISIBLE.sub("", scrub(text)).split("\n"))
    return "\n".join(line for line in lines if line)


def join_lines(text: str) -> str:
    """Make one line of text that was wrapped for display."""
    return " ".join(squeeze(text).split())


class TextBuilder:
    """Collects blocks in reading order. Empty text is ignored, and headings keep the path of what follows.

    >>> builder = TextBuilder()
    >>> builder.heading("Returns", level=1)
    >>> builder.paragraph("Within 30 days.")
    >>> document = builder.build()
    >>> [(document.text[b.start:b.end], b.headings) for b in document.blocks]
    [('Returns', ()), ('Within 30 days.', ('Returns',))]
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._path: list[tuple[int, str]] = []

    def heading(self, text: str, *, level: int, page: int | None = None) -> None:
        """Add a heading; 1 is the highest level. Deeper and equal headings before it leave the path."""
        title = join_lines(text)
        if not title:
            return
        self._path = [(above, name) for above, name in self._path if above < level]
        self._add(title, BlockKind.HEADING, level=level, page=page)
        self._path.append((level, title))

    def paragraph(self, text: str, *, page: int | None = None) -> None:
        """Add a paragraph; its line breaks are kept."""
        self._add(squeeze(text), BlockKind.PARAGRAPH, page=page)

    def list_item(self, text: str, *, depth: int = 0, page: int | None = None) -> None:
        """Add a list item, marked with a dash. depth: 0 for an outermost list."""
        body = squeeze(text)
        if body:
            self._add(f"{'  ' * depth}- {body}", BlockKind.LIST_ITEM, page=page)

    def code(self, text: str, *, page: int | None = None) -> None:
        """Add text whose white space matters."""
        body = scrub(text.replace("\r\n", "\n")).strip("\n").rstrip()
        if body.strip():
            self._add(body, BlockKind.CODE, page=page)

    def table(self, rows: Iterable[Sequence[str]], *, page: int | None = None, has_header: bool = True) -> None:
        """Add a table, a line per row. The first row that is not empty is its header when rows follow it."""
        lines = [line for line in (table_line(row) for row in rows) if line]
        if lines:
            header = lines[0] if has_header and len(lines) > 1 else None
            self._add("\n".join(lines), BlockKind.TABLE, page=page, header=header)

    def extend(self, document: StructuredText, *, page: int | None = None) -> None:
        """Append a whole document below the present headings. page: for blocks that have none of their own."""
        outer = tuple(name for _, name in self._path)
        for block in document.blocks:
            self._separate(block.kind)
            start = self._length
            self._write(document.text[block.start : block.end])
            headings = outer + block.headings
            place = replace(block, start=start, end=self._length, headings=headings, page=block.page or page)
            self._blocks.append(place)

    def leave_headings(self) -> None:
        """Forget the heading path: what follows stands below no heading."""
        self._path = []

    def build(self, *, title: str | None = None, metadata: dict[str, str] | None = None) -> StructuredText:
        """Return what was collected."""
        clean_title = join_lines(title) if title else None
        return StructuredText("".join(self._parts), tuple(self._blocks), clean_title or None, metadata or {})

    def _add(
        self, text: str, kind: BlockKind, *, level: int = 0, page: int | None = None, header: str | None = None
    ) -> None:
        if not text:
            return
        self._separate(kind)
        start = self._length
        self._write(text)
        headings = tuple(name for _, name in self._path)
        self._blocks.append(Block(start, self._length, kind, level, page, headings, header))

    def _separate(self, kind: BlockKind) -> None:
        if self._blocks:
            is_same_list = kind is BlockKind.LIST_ITEM and self._blocks[-1].kind is BlockKind.LIST_ITEM
            self._write("\n" if is_same_list else "\n\n")

    def _write(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def table_line(cells: Sequence[str]) -> str:
    """Return a row as it is read: cells on one line, trailing empty cells dropped; empty when all cells are.

    >>> table_line(["Size", "", "Price", ""])
    'Size |  | Price'
    """
    clean = [join_lines(cell) if cell else "" for cell in cells]
    while clean and not clean[-1]:
        clean.pop()
    return CELL_SEPARATOR.join(clean)
