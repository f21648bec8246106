"""Read a feed: RSS 2.0 and 1.0, Atom, JSON Feed. Pure; an entry's content stays HTML."""

import html
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privexbot_app.kit.errors import InvalidError
from privexbot_app.kit.web.addresses import normalize

if TYPE_CHECKING:
    from lxml.etree import _Element

MOST_ENTRIES = 10_000


class FeedUnreadableError(InvalidError):
    """The address holds no feed, or a damaged one."""

    code = "feed_unreadable"

    def __init__(self) -> None:
        super().__init__("There is no RSS, Atom or JSON feed at this address.")


@dataclass(frozen=True)
class FeedEntry:
    """One entry. key: its id or address. content: HTML, as much as the feed gives. updated: as it stands there."""

    key: str
    title: str
    url: str | None
    content: str
    updated: str = ""


@dataclass(frozen=True)
class Feed:
    """A feed and its entries, in its own order."""

    title: str
    language: str
    entries: tuple[FeedEntry, ...]


def read_feed(data: bytes, *, address: str) -> Feed:
    """The feed that was fetched from `address`. Raises FeedUnreadableError."""
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return _read_json(data, address)
    root = _parse(data)
    kind = _name(root)
    if kind == "feed":
        return _read_atom(root, address)
    if kind in ("rss", "RDF"):
        return _read_rss(root, address)
    raise FeedUnreadableError


def _read_json(data: bytes, address: str) -> Feed:
    try:
        feed: Any = json.loads(data.decode("utf-8-sig"))
        entries = [
            _entry(
                key=str(item.get("id") or ""),
                title=str(item.get("title") or ""),
                link=str(item.get("url") or item.get("external_url") or ""),
                content=str(item.get("content_html") or html.escape(str(item.get("content_text") or ""))),
                updated=str(item.get("date_modified") or item.get("date_published") or ""),
                base=address,
            )
            for item in feed["items"][:MOST_ENTRIES]
        ]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise FeedUnreadableError from error
    return Feed(str(feed.get("title") or ""), str(feed.get("language") or ""), _unique(entries))


def _read_atom(root: "_Element", address: str) -> Feed:
    base = root.get("{http://www.w3.org/XML/1998/namespace}base") or address
    entries = [
        _entry(
            key=_text(entry, "id"),
            title=_atom_text(entry, "title"),
            link=_atom_link(entry),
            content=_atom_content(entry),
            updated=_text(entry, "updated") or _text(entry, "published"),
            base=base,
        )
        for entry in _children(root, "entry")
    ]
    language = root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    return Feed(_atom_text(root, "title"), language, _unique(entries))


def _read_rss(root: "_Element", address: str) -> Feed:
    channel = next(iter(_children(root, "channel")), None)
    if channel is None:
        raise FeedUnreadableError
    items = [*_children(channel, "item"), *_children(root, "item")]  # RSS 1.0 has them beside the channel
    entries = [
        _entry(
            key=_text(item, "guid") or item.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about") or "",
            title=html.unescape(_text(item, "title")),
            link=_text(item, "link"),
            content=_text(item, "encoded") or _text(item, "description"),
            updated=_text(item, "pubDate") or _text(item, "date"),
            base=address,
        )
        for item in items[:MOST_ENTRIES]
    ]
    return Feed(_text(channel, "title"), _text(channel, "language"), _unique(entries))


def _entry(*, key: str, title: str, link: str, content: str, updated: str, base: str) -> FeedEntry:
    url = normalize(link, base=base) if link else None
    name = " ".join(title.split())
    return FeedEntry(key or url or name, name or url or "Entry", url, content, updated)


def _unique(entries: list[FeedEntry]) -> tuple[FeedEntry, ...]:
    first: dict[str, FeedEntry] = {}
    for entry in entries:
        first.setdefault(entry.key, entry)
    return tuple(first.values())


def _atom_link(entry: "_Element") -> str:
    links = {link.get("rel") or "alternate": link.get("href") or "" for link in reversed(_children(entry, "link"))}
    return links.get("alternate") or next(iter(links.values()), "")


def _atom_content(entry: "_Element") -> str:
    return _atom_text(entry, "content", keeps_markup=True) or _atom_text(entry, "summary", keeps_markup=True)


def _atom_text(parent: "_Element", name: str, *, keeps_markup: bool = False) -> str:
    element = next(iter(_children(parent, name)), None)
    if element is None:
        return ""
    kind = element.get("type") or "text"
    if kind == "xhtml":
        return _inner_markup(element) if keeps_markup else "".join(element.itertext()).strip()
    text = (element.text or "").strip()
    if keeps_markup:
        return text if kind in ("html", "text/html") else html.escape(text)
    return html.unescape(text)


def _inner_markup(element: "_Element") -> str:
    from lxml import etree  # noqa: PLC0415 - see `_parse`

    return "".join(etree.tostring(child, encoding="unicode", method="html") for child in element)


def _text(parent: "_Element", name: str) -> str:
    return next(((child.text or "").strip() for child in _children(parent, name) if child.text), "")


def _children(parent: "_Element", name: str) -> "list[_Element]":
    return list(_named(parent, name))[:MOST_ENTRIES]


def _named(parent: "_Element", name: str) -> "Iterator[_Element]":
    return (child for child in parent if _name(child) == name)


def _name(element: "_Element") -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _parse(data: bytes) -> "_Element":
    from lxml import etree  # noqa: PLC0415 - only feeds pay for it

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FeedUnreadableError from error
    if root is None:
        raise FeedUnreadableError
    return root
