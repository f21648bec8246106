"""An answer of the web as a document: its name, and the extension by which a parser is chosen. Shared by connectors."""

import html
import re
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from privexbot_app.integrations.source_connectors.base import LoadedItem, UnsupportedMediaTypeError
from privexbot_app.kit.http import FetchedResponse

ACCEPT = "text/html,application/xhtml+xml,application/pdf,text/plain;q=0.9,*/*;q=0.5"
_OFFICE = "application/vnd.openxmlformats-officedocument"
EXTENSIONS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/json": ".json",
    "application/pdf": ".pdf",
    "application/rtf": ".rtf",
    "application/epub+zip": ".epub",
    "application/vnd.oasis.opendocument.text": ".odt",
    f"{_OFFICE}.wordprocessingml.document": ".docx",
    f"{_OFFICE}.spreadsheetml.sheet": ".xlsx",
    f"{_OFFICE}.presentationml.presentation": ".pptx",
}
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_TITLE_WITHIN_CHARACTERS = 100_000


def build_item(response: FetchedResponse) -> LoadedItem:
    """The answer as a document. Raises UnsupportedMediaTypeError."""
    address = urlsplit(response.final_url)
    last = PurePosixPath(unquote(address.path)).name
    extension = _extension(response.media_type, last)
    name = (_page_title(response) if extension == ".html" else "") or last or address.netloc
    stem = last.removesuffix(PurePosixPath(last).suffix) or "page"
    return LoadedItem(
        name=name,
        filename=stem + extension,
        content=_content(response, extension),
        media_type=response.media_type,
        url=response.final_url,
        version=response.headers.get("etag") or response.headers.get("last-modified"),
    )


def _extension(media_type: str, last: str) -> str:
    by_path = PurePosixPath(last).suffix.lower()
    # Many servers give files that they do not know, Markdown and CSV above all, these two types.
    if media_type in ("application/octet-stream", "text/plain") and by_path in EXTENSIONS.values():
        return by_path
    try:
        return EXTENSIONS[media_type]
    except KeyError:
        raise UnsupportedMediaTypeError(
            f"Content of the type {media_type} cannot be imported.", media_type=media_type
        ) from None


def _page_title(response: FetchedResponse) -> str:
    found = _TITLE.search(_decoded(response)[:_TITLE_WITHIN_CHARACTERS])
    return " ".join(html.unescape(found[1]).split()) if found else ""


def _decoded(response: FetchedResponse) -> str:
    try:
        return response.body.decode(response.encoding or "utf-8", errors="replace")
    except LookupError:
        return response.body.decode("utf-8", errors="replace")


def _content(response: FetchedResponse, extension: str) -> bytes:
    """The bytes, with a mark of their encoding where only the answer's header told it."""
    is_text = extension in (".html", ".txt", ".md", ".csv")
    if not is_text or response.encoding in (None, "utf-8"):
        return response.body
    return b"\xef\xbb\xbf" + _decoded(response).encode()
