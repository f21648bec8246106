"""Markdown, kept verbatim: offsets are those of the decoded file, and language models read the marks well.

A line scanner rather than a full Markdown parser: blocks are all that is needed, it is linear in the file's length, and
the text stays exactly as the author wrote it, which a conversion to HTML and back would not allow.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from privexbot_app.integrations.parsers.base import PARSERS
from privexbot_app.integrations.parsers.decoding import read_text
from privexbot_app.kit.text import Block, BlockKind, StructuredText

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]|$)")
_SETEXT = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:[ \t]+\"[^\"]*\")?\)")
_MARKS = re.compile(r"[*_`~]{1,3}(?=\S)|(?<=\S)[*_`~]{1,3}")


@PARSERS.register("markdown")
class MarkdownParser:
    """Markdown with ATX and setext headings, fences, pipe tables, lists and front matter."""

    extensions = (".md", ".markdown")
    media_types = ("text/plain",)
    is_safe_inline = True

    def parse(self, path: Path) -> StructuredText:
        """Return the source text and its blocks; the first highest heading is the title."""
        text = read_text(path)
        scan = _Scan(text)
        for line in _lines(text):
            scan.take(*line)
        scan.close()
        headings = [block for block in scan.blocks if block.kind is BlockKind.HEADING]
        title = _plain(text[headings[0].start : headings[0].end]) if headings and headings[0].level == 1 else None
        return StructuredText(text, tuple(scan.blocks), title)


def _lines(text: str) -> list[tuple[int, str]]:
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append((start, line))
        start += len(line) + 1
    return lines


@dataclass
class _Scan:
    """Where the scanner stands: the open block (`kind`, `start`, `end`) and the headings above it."""

    text: str
    blocks: list[Block] = field(default_factory=list)
    path: list[tuple[int, str]] = field(default_factory=list)
    kind: BlockKind | None = None
    start: int = 0
    end: int = 0
    fence: str = ""
    in_front_matter: bool = False

    def take(self, start: int, line: str) -> None:
        """Read one line."""
        if self.fence or self.in_front_matter:
            self._take_verbatim(line, start)
        elif not line.strip():
            self.close()
        elif start == 0 and line.strip() == "---":
            self._open(BlockKind.CODE, start, line)
            self.in_front_matter = True
        elif fence := _FENCE.match(line):
            self._open(BlockKind.CODE, start, line)
            self.fence = fence.group(1)
        elif atx := _ATX.match(line):
            self._heading(start, line, len(atx.group(1)))
        elif self.kind is BlockKind.PARAGRAPH and _SETEXT.match(line):
            self._setext(start, line)
        elif self.kind is BlockKind.PARAGRAPH and _is_table_rule(line) and "|" in self._last_line():
            self._table(start, line)
        elif _ITEM.match(line):
            self._open(BlockKind.LIST_ITEM, start, line)
        elif self.kind is None or (self.kind is BlockKind.TABLE and "|" not in line):
            self._open(BlockKind.PARAGRAPH, start, line)
        else:
            self.end = start + len(line.rstrip())

    def close(self) -> None:
        """End the open block."""
        if self.kind is not None and self.end > self.start:
            header = (
                self.text[self.start : self.end].split("\n", 1)[0].strip() if self.kind is BlockKind.TABLE else None
            )
            headings = tuple(title for _, title in self.path)
            self.blocks.append(Block(self.start, self.end, self.kind, headings=headings, header=header))
        self.kind, self.fence, self.in_front_matter = None, "", False

    def _last_line(self) -> str:
        return self.text[max(self.start, self.text.rfind("\n", self.start, self.end) + 1) : self.end]

    def _open(self, kind: BlockKind, start: int, line: str) -> None:
        self.close()
        indent = len(line) - len(line.lstrip()) if kind is not BlockKind.CODE else 0
        self.kind, self.start, self.end = kind, start + indent, start + len(line.rstrip())

    def _take_verbatim(self, line: str, start: int) -> None:
        self.end = start + len(line.rstrip()) if line.strip() else self.end
        stripped = line.strip()
        is_fence_end = bool(self.fence) and stripped.startswith(self.fence) and not stripped.strip(self.fence[0])
        if is_fence_end or (self.in_front_matter and stripped in {"---", "..."}):
            self.close()

    def _heading(self, start: int, line: str, level: int) -> None:
        self._open(BlockKind.HEADING, start, line)
        self._end_heading(level)

    def _setext(self, start: int, line: str) -> None:
        self.end = start + len(line.rstrip())
        self._end_heading(1 if "=" in line else 2)

    def _end_heading(self, level: int) -> None:
        self.path = [(above, title) for above, title in self.path if above < level]
        headings = tuple(title for _, title in self.path)
        self.blocks.append(Block(self.start, self.end, BlockKind.HEADING, level, headings=headings))
        title = _plain(self.text[self.start : self.end])
        if title:
            self.path.append((level, title))
        self.kind = None

    def _table(self, start: int, line: str) -> None:
        """The open paragraph's last line is a table's header; lines before it stay a paragraph."""
        header_start = self.text.rfind("\n", self.start, self.end) + 1
        if header_start > self.start:
            whole_end = self.end
            self.end = header_start - 1
            self.close()
            self.start, self.end = header_start, whole_end
        self.kind, self.end = BlockKind.TABLE, start + len(line.rstrip())


def _is_table_rule(line: str) -> bool:
    """Tell the line of dashes below a table's header. No regular expression, which long lines could slow down."""
    return "-" in line and not line.strip("|:- \t")


def _plain(heading: str) -> str:
    """Return a heading's words without marks and link targets."""
    lines = heading.split("\n")
    body = " ".join(lines[:-1] if len(lines) > 1 and _SETEXT.match(lines[-1]) else lines)
    body = _LINK.sub(r"\1", body.strip().strip("#"))
    return " ".join(_MARKS.sub("", body).split())
