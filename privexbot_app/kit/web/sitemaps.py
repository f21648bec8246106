"""Sitemaps: lists of a site's pages, plain or compressed, and lists of lists. Fetching them is the caller's part."""

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from privexbot_app.kit.errors import InvalidError

if TYPE_CHECKING:
    from lxml.etree import _Element

MAX_BYTES = 52_428_800
"""The protocol's own limit for one sitemap, decompressed."""
MOST_ADDRESSES = 50_000
_GZIP = b"\x1f\x8b"


class SitemapUnreadableError(InvalidError):
    """What should be a sitemap is something else, damaged, or too large."""

    code = "sitemap_unreadable"


@dataclass(frozen=True)
class Sitemap:
    """One file. pages: addresses as they stand there. sitemaps: further files."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def read_sitemap(data: bytes) -> Sitemap:
    """The addresses of a sitemap, an index of sitemaps, or a plain list, compressed or not.

    Raises SitemapUnreadableError.

    >>> read_sitemap(b"https://example.com/a\\nhttps://example.com/b\\n").pages
    ('https://example.com/a', 'https://example.com/b')
    """
    data = _unpacked(data)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"<":
        lines = [line.strip() for line in data.decode("utf-8-sig", errors="replace").splitlines()]
        return Sitemap(pages=tuple(line for line in lines if line.startswith("http"))[:MOST_ADDRESSES])
    root = _parse(data)
    found = tuple(_locations(root))
    name = _name(root)
    if name == "sitemapindex":
        return Sitemap(sitemaps=found)
    if name == "urlset":
        return Sitemap(pages=found)
    raise SitemapUnreadableError("This file is not a sitemap.", root=name)


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        unpacked = stream.decompress(data, MAX_BYTES + 1)
    except zlib.error as error:
        raise SitemapUnreadableError("This sitemap is compressed and damaged.") from error
    if len(unpacked) > MAX_BYTES:
        raise SitemapUnreadableError("This sitemap is larger than 50 MB.")
    return unpacked


def _parse(data: bytes) -> "_Element":
    from lxml import etree  # noqa: PLC0415 - only crawls pay for it

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SitemapUnreadableError("This sitemap is damaged.") from error
    if root is None:
        raise SitemapUnreadableError("This sitemap is damaged.")
    return root


def _locations(root: "_Element") -> list[str]:
    found = []
    for entry in root:
        place = next((child for child in entry if _name(child) == "loc"), None)
        if place is not None and place.text and place.text.strip():
            found.append(place.text.strip())
    return list(dict.fromkeys(found))[:MOST_ADDRESSES]


def _name(element: "_Element") -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
