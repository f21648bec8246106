"""Plain text, kept verbatim: offsets are those of the decoded file. Paragraphs end at blank lines."""

import re
from collections.abc import Iterator
from pathlib import Path

from privexbot_app.integrations.parsers.base import PARSERS
from privexbot_app.integrations.parsers.decoding import read_text
from privexbot_app.kit.text import Block, StructuredText

_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")


@PARSERS.register("text")
class TextParser:
    """Text files in any encoding."""

    extensions = (".txt", ".text", ".log")
    media_types = ("text/plain",)
    is_safe_inline = True

    def parse(self, path: Path) -> StructuredText:
        """Return the decoded file and its paragraphs."""
        text = read_text(path)
        return StructuredText(text, tuple(_paragraphs(text)))


def _paragraphs(text: str) -> Iterator[Block]:
    start = len(text) - len(text.lstrip())
    for gap in _BLANK_LINES.finditer(text, start):
        yield Block(start, gap.start() - _trailing_spaces(text, start, gap.start()))
        start = gap.end()
    end = start + len(text[start:].rstrip())
    if end > start:
        yield Block(start, end)


def _trailing_spaces(text: str, start: int, end: int) -> int:
    paragraph = text[start:end]
    return len(paragraph) - len(paragraph.rstrip())
