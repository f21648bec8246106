"""Sitemaps: real ones, and hostile ones."""

import gzip

import pytest

from privexbot_app.kit.web import sitemaps
from privexbot_app.kit.web.sitemaps import SitemapUnreadableError, read_sitemap


@pytest.mark.parametrize(
    ("name", "pages", "further"),
    [
        ("sitemap.xml", 84, 0),
        ("sitemap.xml.gz", 84, 0),
        ("sitemap-hreflang.xml", 4, 0),
        ("sitemap2.xml", 0, 2),
        ("redundant-urls.txt", 7, 0),
    ],
)
def test_a_sitemap_of_the_set_is_read(data, name, pages, further):
    sitemap = read_sitemap((data / "web/sitemaps_feeds" / name).read_bytes())
    assert (len(sitemap.pages), len(sitemap.sitemaps)) == (pages, further)


@pytest.mark.parametrize("name", ["feed1.atom", "feed2.rss"])
def test_a_feed_is_no_sitemap(data, name):
    with pytest.raises(SitemapUnreadableError):
        read_sitemap((data / "web/sitemaps_feeds" / name).read_bytes())


def test_an_entity_reads_no_file_and_explodes_not():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
    data = bomb + b"<urlset><url><loc>https://example.com/&b;</loc></url></urlset>"
    assert read_sitemap(data).pages == ("https://example.com/",)


@pytest.mark.parametrize("data", [b"\x1f\x8bnot gzip", b"<", b"<a>"])
def test_what_is_damaged_is_named(data):
    with pytest.raises(SitemapUnreadableError):
        read_sitemap(data)


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(sitemaps, "MAX_BYTES", 1000)
    with pytest.raises(SitemapUnreadableError):
        read_sitemap(gzip.compress(b" " * 100_000))
