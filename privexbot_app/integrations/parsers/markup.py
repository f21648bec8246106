"""Turn HTML, from a file, a mail, a book's chapter or a web page, into blocks. Shared by the parsers that meet HTML.

Uses lxml directly: Unstructured's HTML partitioner guesses titles from the look of a sentence and needs three seconds
to import; the elements themselves say more.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privexbot_app.integrations.parsers.base import CorruptDocumentError
from privexbot_app.integrations.parsers.building import TextBuilder, join_lines
from privexbot_app.kit.text import StructuredText

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SKIPPED_WORDS = "script style noscript template nav svg iframe object head select button audio video canvas"
_SKIPPED = frozenset(_SKIPPED_WORDS.split())
_INLINE_WORDS = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd label mark q rp rt ruby s samp "
    "small span strike strong sub sup time tt u var wbr"
)
_INLINE = frozenset(_INLINE_WORDS.split())
_MOST_COLUMNS = 1_000
_EMPTY_LINE = re.compile(r"\n[ \t\xa0]*\n")


def parse_markup(markup: str, *, page: int | None = None) -> StructuredText:
    """Return the visible text of an HTML or XHTML document, without navigation and scripts.

    Raises CorruptDocumentError when there is no element in it.
    """
    root = _root_of(markup)
    builder = TextBuilder()
    body = root.find(".//body")
    _Walk(builder, page).walk(root if body is None else body)
    return builder.build(title=root.findtext(".//title"))


def _root_of(markup: str) -> "HtmlElement":
    from lxml import etree, html  # noqa: PLC0415 - listing parsers must not load libxml2

    # Bytes, as lxml refuses text that declares an encoding of its own.
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        return html.document_fromstring(markup.encode("utf-8", errors="replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as error:
        raise CorruptDocumentError(reason=str(error)) from error


@dataclass
class _Walk:
    """A walk over elements with its own stack, as hostile pages nest deeper than Python recurses."""

    builder: TextBuilder
    page: int | None
    pending: list[str] = field(default_factory=list)
    context: list[str] = field(default_factory=list)

    def walk(self, root: "HtmlElement") -> None:
        """Feed the builder with everything below `root`."""
        steps: list[tuple[str, Any]] = [("enter", root)]
        while steps:
            step, element = steps.pop()
            if step == "leave":
                self._leave(element)
            elif self._enter(element):
                steps.append(("leave", element))
                steps.extend(("enter", child) for child in reversed(element))
            elif element is not root:
                self._tail(element)
        self._flush()

    def _enter(self, element: "HtmlElement") -> bool:
        """Open an element; False when its children are not to be visited."""
        tag = element.tag if isinstance(element.tag, str) else ""
        if not tag or tag in _SKIPPED or "hidden" in element.attrib:
            return False
        if tag == "br":
            self.pending.append("\n")
        elif tag == "table" and (rows := data_rows(element)):
            self._flush()
            self.builder.table(rows, page=self.page)
            return False
        elif tag == "pre" and element.find("pre") is None:
            self._flush()
            self.builder.code(element.text_content(), page=self.page)
            return False
        elif tag not in _INLINE:
            self._flush()
            self.context.append(tag)
        self._take(element.text)
        return True

    def _leave(self, element: "HtmlElement") -> None:
        if element.tag not in _INLINE and element.tag != "br":
            self._flush()
            self.context.pop()
        self._tail(element)

    def _tail(self, element: "HtmlElement") -> None:
        self._take(element.tail)

    def _take(self, text: str | None) -> None:
        if text:
            self.pending.append(text.replace("\r", " ").replace("\n", " "))

    def _flush(self) -> None:
        text = "".join(self.pending)
        self.pending.clear()
        if not text.strip():
            return
        nearest = self.context[-6:]
        level = next((_HEADINGS[tag] for tag in nearest if tag in _HEADINGS), 0)
        if level:
            self.builder.heading(text, level=level, page=self.page)
        elif "li" in nearest:
            depth = sum(tag in {"ul", "ol"} for tag in self.context) - 1
            self.builder.list_item(text, depth=min(max(depth, 0), 5), page=self.page)
        else:
            # Two line breaks in a row are how old pages end a paragraph.
            for paragraph in _EMPTY_LINE.split(text):
                self.builder.paragraph(paragraph, page=self.page)


def data_rows(table: "HtmlElement") -> list[list[str]]:
    """Return the cells of a table of data; nothing for one that only lays out a page."""
    if table.find(".//table") is not None or table.find(".//h1") is not None or table.find(".//form") is not None:
        return []
    rows = [[cell for cell in row if cell.tag in {"td", "th"}] for row in table.iter("tr")]
    if max((len(row) for row in rows), default=0) < 2:
        return []
    caption = table.findtext("caption")
    texts = [[cell for item in row for cell in _spread(item)] for row in rows]
    return [[caption], *texts] if caption and not texts[0] else texts


def _spread(cell: "HtmlElement") -> list[str]:
    """Return a cell's text, followed by empty cells for the columns that it spans."""
    span = cell.get("colspan", "1")
    width = min(int(span), _MOST_COLUMNS) if span.isdecimal() else 1
    text = join_lines(" ".join(part for part in cell.itertext() if _is_shown(part)))
    return [text] + [""] * (width - 1)


def _is_shown(part: Any) -> bool:
    parent = part.getparent() if hasattr(part, "getparent") else None
    return parent is None or part.is_tail or parent.tag not in _SKIPPED
