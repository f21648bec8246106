"""HTML files: headings, lists, tables and paragraphs. For fetched web pages see `web.main_text`."""

from pathlib import Path

from privexbot_app.integrations.parsers.base import PARSERS
from privexbot_app.integrations.parsers.decoding import declared_encoding, read_text
from privexbot_app.integrations.parsers.markup import parse_markup
from privexbot_app.kit.text import StructuredText


@PARSERS.register("html")
class HtmlParser:
    """HTML and XHTML in the encoding that they declare."""

    extensions = (".html", ".htm", ".xhtml")
    media_types = ("text/plain",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return the page's visible text."""
        with path.open("rb") as file:
            declared = declared_encoding(file.read(4096))
        return parse_markup(read_text(path, declared=declared))
