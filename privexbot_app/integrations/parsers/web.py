"""The main text of a fetched web page, without navigation, advertisements and footers."""

from pathlib import Path

from privexbot_app.integrations.parsers.decoding import declared_encoding, read_text
from privexbot_app.integrations.parsers.markup import parse_markup
from privexbot_app.kit.text import StructuredText

_FEWEST_CHARACTERS = 200


class WebPageParser:
    """A fetched page in a file. Not registered: an uploaded page is wanted whole, see `html`."""

    extensions: tuple[str, ...] = (".html",)
    media_types: tuple[str, ...] = ("text/plain",)
    is_safe_inline = False

    def parse(self, path: Path) -> StructuredText:
        """Return the page's main text."""
        with path.open("rb") as file:
            declared = declared_encoding(file.read(4096))
        return main_text(read_text(path, declared=declared))


def main_text(html: str, url: str = "") -> StructuredText:
    """Return what a page is about, with its headings, lists and tables. url: where the page came from, if known.

    When less than 200 characters of main text are found, as on a price list or a contact page, the whole visible page
    is returned instead. Raises CorruptDocumentError when there is no element in it.
    """
    whole = parse_markup(html)
    found = _extract(html, url)
    document = parse_markup(found) if found else whole
    if len(document.text) < _FEWEST_CHARACTERS:
        document = whole
    return StructuredText(document.text, document.blocks, whole.title, {"url": url} if url else {})


def _extract(html: str, url: str) -> str | None:
    from trafilatura import extract  # noqa: PLC0415 - half a second that only pages pay

    # As HTML, so that the walk that reads files also finds this text's headings and tables.
    return extract(
        html,
        url=url or None,
        output_format="html",
        include_tables=True,
        include_formatting=True,
        include_comments=False,
    )
