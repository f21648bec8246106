"""OpenDocument text, presentations and spreadsheets, read from the XML inside; Unstructured would need pandoc."""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from privexbot_app.integrations.parsers.base import PARSERS, EncryptedDocumentError
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.integrations.parsers.office import member_tree, member_tree_or_none
from privexbot_app.kit.text import StructuredText

_SPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
_TEXT, _TABLE, _DRAW, _OFFICE = (_SPACE % name for name in ("text", "table", "drawing", "office"))
_DUBLIN_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_PREFIX = "application/vnd.oasis.opendocument."
_SKIPPED = frozenset(
    [
        _TEXT + "tracked-changes",
        _OFFICE + "annotation",
        _TEXT + "note-citation",
        _TEXT + "sequence-decls",
        _SPACE % "presentation" + "settings",
    ]
)
_MOST_REPEATED = 200


@PARSERS.register("odf")
class OdfParser:
    """Files of LibreOffice and others; a slide or a sheet is a page."""

    extensions = (".odt", ".odp", ".ods")
    media_types = (_PREFIX + "text", _PREFIX + "presentation", _PREFIX + "spreadsheet")
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return headings, paragraphs, lists and tables. Raises EncryptedDocumentError for a password."""
        with zipfile.ZipFile(path) as archive:
            manifest = member_tree_or_none(archive, "META-INF/manifest.xml")
            if manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None:
                raise EncryptedDocumentError()
            content = member_tree(archive, "content.xml")
            meta = member_tree_or_none(archive, "meta.xml")
        reader = _Reader()
        reader.read(content.find(_OFFICE + "body"))
        title = None if meta is None else next((found.text for found in meta.iter(_DUBLIN_TITLE)), None)
        return reader.builder.build(title=title)


class _Reader:
    """Feeds a builder from the elements of a body; has its own stack, as documents may nest deeply."""

    def __init__(self) -> None:
        self.builder = TextBuilder()
        self.page: int | None = None

    def read(self, body: Any) -> None:
        """Read everything below `body`, which is in reading order."""
        # Each entry: an element and the number of lists around it.
        waiting: list[tuple[Any, int]] = [(body, 0)]
        while waiting:
            element, lists = waiting.pop()
            if element.tag in _SKIPPED or not isinstance(element.tag, str):
                continue
            if element.tag == _TEXT + "h":
                level = element.get(_TEXT + "outline-level", "1")
                self.builder.heading(_text_of(element), level=int(level), page=self.page)
            elif element.tag == _TEXT + "p":
                self._paragraph(element, lists)
                frames = element.iterchildren(_DRAW + "frame", _DRAW + "custom-shape")
                waiting.extend((frame, 0) for frame in reversed(list(frames)))
            elif element.tag == _TABLE + "table":
                self._table(element)
            else:
                self._turn_page(element)
                deeper = lists + (element.tag == _TEXT + "list")
                waiting.extend((child, deeper) for child in reversed(element))

    def _paragraph(self, element: Any, lists: int) -> None:
        text = _text_of(element)
        if lists:
            self.builder.list_item(text, depth=min(lists - 1, 8), page=self.page)
        else:
            self.builder.paragraph(text, page=self.page)

    def _table(self, table: Any) -> None:
        if table.getparent().tag == _OFFICE + "spreadsheet":
            self._turn_page(table)
            self.builder.heading(table.get(_TABLE + "name", ""), level=1, page=self.page)
        rows = [row for row in table.iter(_TABLE + "table-row") if next(row.iterancestors(_TABLE + "table")) is table]
        self.builder.table((list(_cells(row)) for row in rows), page=self.page)

    def _turn_page(self, element: Any) -> None:
        if element.tag == _DRAW + "page" or element.tag == _TABLE + "table":
            self.page = (self.page or 0) + 1


def _cells(row: Any) -> Iterator[str]:
    for cell in row.iterchildren(_TABLE + "table-cell", _TABLE + "covered-table-cell"):
        text = " ".join(_text_of(paragraph) for paragraph in cell.iter(_TEXT + "p", _TEXT + "h"))
        repeated = int(cell.get(_TABLE + "number-columns-repeated", "1"))
        # Empty cells repeat to the sheet's edge, filled ones as often as they are.
        yield from [text] * min(repeated, _MOST_REPEATED)


def _text_of(element: Any) -> str:
    """Return a paragraph's text: spaces, tabs and breaks are elements; frames are read as blocks of their own."""
    parts: list[str] = [element.text or ""]
    waiting = list(reversed(element))
    while waiting:
        child = waiting.pop()
        if isinstance(child, str):
            parts.append(child)
            continue
        waiting.append(child.tail or "")
        if child.tag in _SKIPPED or child.tag in (_DRAW + "frame", _DRAW + "custom-shape"):
            continue
        if child.tag == _TEXT + "s":
            parts.append(" ")
        elif child.tag == _TEXT + "tab":
            parts.append("\t")
        elif child.tag == _TEXT + "line-break":
            parts.append("\n")
        parts.append(child.text or "" if isinstance(child.tag, str) else "")
        waiting.extend(reversed(child))
    return "".join(parts)
