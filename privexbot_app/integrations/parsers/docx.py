"""Word documents, read from the XML inside.

Neither Unstructured nor python-docx: the first takes three seconds to import in every child process and calls short
paragraphs titles, the second hides text boxes, content controls and equations. Headings are what the author marked as
such, by style or by outline level. There are no page numbers, as Word decides on pages only when it shows them.
"""

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from privexbot_app.integrations.parsers.base import PARSERS
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.integrations.parsers.office import member_tree, member_tree_or_none
from privexbot_app.kit.text import StructuredText

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_DUBLIN_TITLE = "{http://purl.org/dc/elements/1.1/}title"
# The fallback repeats a drawing's text for old programs; deleted and hidden text is not part of the document.
_SKIPPED = frozenset(
    ["{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback", _W + "del", _W + "moveFrom", _W + "pPr"]
)
_BREAKS = {_W + "tab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}
_HEADING_STYLE = re.compile(r"heading (\d)")


@PARSERS.register("docx")
class DocxParser:
    """Word 2007 and later."""

    extensions = (".docx",)
    media_types = ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return headings, paragraphs, lists and tables in the order of the text, then the footnotes."""
        with zipfile.ZipFile(path) as archive:
            reader = _Reader(read_styles(member_tree_or_none(archive, "word/styles.xml")))
            reader.read_blocks(member_tree(archive, "word/document.xml").find(_W + "body"))
            for notes in ("word/footnotes.xml", "word/endnotes.xml"):
                tree = member_tree_or_none(archive, notes)
                if tree is not None:
                    reader.read_notes(tree)
            core = member_tree_or_none(archive, "docProps/core.xml")
        return reader.builder.build(title=None if core is None else core.findtext(_DUBLIN_TITLE))


class _Reader:
    """Feeds a builder from the elements of a document."""

    def __init__(self, styles: "Styles") -> None:
        self.styles = styles
        self.builder = TextBuilder()

    def read_blocks(self, parent: Any) -> None:
        """Read paragraphs and tables; content controls and the like are looked through."""
        waiting = [parent]
        while waiting:
            element = waiting.pop()
            if element.tag == _W + "p":
                self._read_paragraph(element)
            elif element.tag == _W + "tbl":
                self._read_table(element)
            elif element.tag not in _SKIPPED:
                waiting.extend(reversed(element))

    def read_notes(self, tree: Any) -> None:
        """Read foot or end notes, which stand below no heading."""
        self.builder.leave_headings()
        for note in tree:
            self.builder.paragraph("\n".join(text_of(paragraph) for paragraph in note.iter(_W + "p")))

    def _read_paragraph(self, paragraph: Any) -> None:
        text = text_of(paragraph)
        properties = paragraph.find(_W + "pPr")
        level = self._level_of(properties)
        if level:
            self.builder.heading(text, level=level)
        elif (depth := self._list_depth(properties)) is not None:
            self.builder.list_item(text, depth=depth)
        else:
            self.builder.paragraph(text)
        for box in _outermost(paragraph, _W + "txbxContent"):
            self.read_blocks(box)

    def _level_of(self, properties: Any) -> int:
        if properties is None:
            return 0
        outline = _value(properties.find(_W + "outlineLvl"))
        if outline is not None and int(outline) < 9:
            return int(outline) + 1
        return self.styles.levels.get(_value(properties.find(_W + "pStyle")) or "", 0)

    def _list_depth(self, properties: Any) -> int | None:
        if properties is None:
            return None
        numbering = properties.find(_W + "numPr")
        if numbering is None:
            return 0 if _value(properties.find(_W + "pStyle")) in self.styles.lists else None
        # The number 0 takes a paragraph out of its style's list.
        if _value(numbering.find(_W + "numId")) == "0":
            return None
        return min(int(_value(numbering.find(_W + "ilvl")) or 0), 8)

    def _read_table(self, table: Any) -> None:
        rows = [[_cell_text(cell) for cell in row.iter(_W + "tc") if _row_of(cell) is row] for row in _rows(table)]
        if max((len(row) for row in rows), default=0) < 2:
            # A single column frames text; it is not a table of data.
            for cell in table.iterfind(f"{_W}tr/{_W}tc"):
                self.read_blocks(cell)
            return
        self.builder.table(rows)


@dataclass(frozen=True)
class Styles:
    """What paragraph styles mean. levels: heading level by style id. lists: ids of styles that number or bullet."""

    levels: dict[str, int]
    lists: frozenset[str]


def read_styles(tree: Any) -> Styles:
    """Read heading levels, by outline level or name, and list styles; both are inherited by derived styles."""
    levels: dict[str, int] = {}
    lists: dict[str, bool] = {}
    parents: dict[str, str] = {}
    for style in () if tree is None else tree.iterfind(_W + "style"):
        key = style.get(_W + "styleId", "")
        parents[key] = _value(style.find(_W + "basedOn")) or ""
        if level := _own_level(style):
            levels[key] = level
        if style.find(f"{_W}pPr/{_W}numPr") is not None:
            lists[key] = True
    return Styles(
        {key: level for key in parents if (level := _inherited(key, levels, parents))},
        frozenset(key for key in parents if _inherited(key, lists, parents)),
    )


def _own_level(style: Any) -> int:
    outline = _value(style.find(f"{_W}pPr/{_W}outlineLvl"))
    name = (_value(style.find(_W + "name")) or "").lower()
    if outline is not None and outline.isdecimal() and int(outline) < 9:
        return int(outline) + 1
    if found := _HEADING_STYLE.fullmatch(name):
        return int(found.group(1))
    return int(name == "title")


def _inherited(key: str, own: Mapping[str, int], parents: dict[str, str]) -> int:
    """Return the nearest ancestor's own value, or 0; a style may be its own ancestor in a broken file."""
    seen: set[str] = set()
    while key and key not in seen:
        if key in own:
            return own[key]
        seen.add(key)
        key = parents.get(key, "")
    return 0


def text_of(paragraph: Any) -> str:
    """Return a paragraph's visible text: links and insertions included, deletions and text boxes not."""
    parts: list[str] = []
    waiting = [paragraph]
    while waiting:
        element = waiting.pop()
        if element.tag in _SKIPPED or element.tag == _W + "txbxContent":
            continue
        if element.tag in (_W + "t", _MATH_TEXT):
            parts.append(element.text or "")
        elif element.tag in _BREAKS:
            parts.append(_BREAKS[element.tag])
        waiting.extend(reversed(element))
    return "".join(parts)


def _outermost(element: Any, tag: str) -> list[Any]:
    found, waiting = [], list(reversed(element))
    while waiting:
        child = waiting.pop()
        if child.tag == tag:
            found.append(child)
        elif child.tag not in _SKIPPED:
            waiting.extend(reversed(child))
    return found


def _rows(table: Any) -> list[Any]:
    """Return the table's own rows, those inside content controls included, those of inner tables not."""
    return [row for row in table.iter(_W + "tr") if next(row.iterancestors(_W + "tbl")) is table]


def _row_of(cell: Any) -> Any:
    return next(cell.iterancestors(_W + "tr"))


def _cell_text(cell: Any) -> str:
    return " ".join(text_of(paragraph) for paragraph in cell.iter(_W + "p"))


def _value(element: Any) -> str | None:
    return None if element is None else element.get(_W + "val")
