"""What a page says about itself: title, language, links, canonical address, wishes to robots, redirect. Pure."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privexbot_app.kit.web.addresses import normalize

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MOST_LINKS = 5_000
LONGEST_TITLE = 500
_REFRESH = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*[;,]\s*(?:url\s*=\s*)?[\"']?\s*([^\"'\s]+)", re.IGNORECASE)
# The parser stops at these; sloppy pages go on after them, and browsers read on.
_ENDS = re.compile(rb"</(?:body|html)\s*>", re.IGNORECASE)
_WITHOUT_TEXT = frozenset({"script", "style", "noscript", "template", "svg"})


@dataclass(frozen=True)
class PageFacts:
    """The facts of one page; addresses are in normal form.

    links: where it leads, without links marked `nofollow`, each once.
    refresh_to: where it sends browsers at once or after some seconds.
    text_hash: of the visible words, so that one page under two addresses is told; empty if it has none.
    """

    title: str = ""
    language: str = ""
    canonical: str | None = None
    links: tuple[str, ...] = ()
    is_noindex: bool = False
    is_nofollow: bool = False
    refresh_to: str | None = None
    text_hash: str = ""


def read_page(markup: bytes, *, address: str, encoding: str | None = None, robots_header: str = "") -> PageFacts:
    """The facts of a page. robots_header: its `X-Robots-Tag`. Empty facts for what has no element in it."""
    root = _parse(markup, encoding)
    if root is None:
        return PageFacts()
    head = root.find(".//base[@href]")
    base = (normalize(head.get("href", ""), base=address) if head is not None else None) or address
    wishes = {word.strip().lower() for word in [*robots_header.split(","), *_meta(root, "robots").split(",")]}
    words = _words(root)
    return PageFacts(
        title=" ".join((root.findtext(".//title") or "").split())[:LONGEST_TITLE],
        language=(root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or "").strip()[:35],
        canonical=_canonical(root, base),
        links=tuple(_links(root, base)),
        is_noindex=not wishes.isdisjoint({"noindex", "none"}),
        is_nofollow=not wishes.isdisjoint({"nofollow", "none"}),
        refresh_to=_refresh(root, base),
        text_hash=hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() if words else "",
    )


def _parse(markup: bytes, encoding: str | None) -> "HtmlElement | None":
    from lxml import etree, html  # noqa: PLC0415 - only crawls pay for it

    try:
        parser = html.HTMLParser(encoding=encoding, no_network=True, remove_comments=True, remove_pis=True)
    except LookupError:
        parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
    try:
        return html.document_fromstring(_ENDS.sub(b"", markup), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def _links(root: "HtmlElement", base: str) -> list[str]:
    found: dict[str, None] = {}
    for element in root.iter("a", "area"):
        if "nofollow" in (element.get("rel") or "").lower().split():
            continue
        address = normalize(element.get("href") or "", base=base) if element.get("href") else None
        if address is not None:
            found[address] = None
        if len(found) >= MOST_LINKS:
            break
    return list(found)


def _meta(root: "HtmlElement", name: str) -> str:
    named = (element for element in root.iter("meta") if (element.get("name") or "").lower() == name)
    return ",".join(element.get("content") or "" for element in named)


def _canonical(root: "HtmlElement", base: str) -> str | None:
    for element in root.iter("link"):
        if "canonical" in (element.get("rel") or "").lower().split() and element.get("href"):
            return normalize(element.get("href", ""), base=base)
    return None


def _refresh(root: "HtmlElement", base: str) -> str | None:
    for element in root.iter("meta"):
        if (element.get("http-equiv") or "").lower() == "refresh":
            found = _REFRESH.match(element.get("content") or "")
            return normalize(found[2], base=base) if found else None
    return None


def _words(root: "HtmlElement") -> str:
    body = root.find(".//body")
    parts: list[str] = []
    skipped: object = None
    for event, element in _walk(root if body is None else body):
        is_mute = element.tag in _WITHOUT_TEXT
        if event == "start" and skipped is None:
            skipped = element if is_mute else None
            parts.append("" if is_mute else element.text or "")
        elif event == "end":
            skipped = None if skipped is element else skipped
            parts.append("" if skipped is not None else element.tail or "")
    return " ".join(" ".join(parts).split())


def _walk(root: "HtmlElement") -> Iterator[tuple[str, Any]]:
    from lxml import etree  # noqa: PLC0415 - see `_parse`

    yield from etree.iterwalk(root, events=("start", "end"))
