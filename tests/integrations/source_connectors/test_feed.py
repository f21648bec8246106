"""Feeds: the public set, and a local one whose entries have pages."""

from collections.abc import AsyncIterator

import pytest

from privexbot_app.integrations.source_connectors.base import SourceUnavailableError
from privexbot_app.integrations.source_connectors.feed import FeedConnector
from privexbot_app.integrations.source_connectors.feed.entries import FeedUnreadableError, read_feed
from privexbot_app.kit.http import HttpClient, UrlNotAllowedError
from tests.contract.source_connector_contract import SourceConnectorContract
from tests.integrations.source_connectors.machine import answering, load, local_client
from tests.servers import serving

HERE = "https://example.com/feed"
LONG = "<p>" + "A whole article. " * 100 + "</p>"


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with local_client() as client:
        yield client


def rss(*items: str) -> str:
    return f"<rss version='2.0'><channel><title>News</title><language>de</language>{''.join(items)}</channel></rss>"


def item(name: str, content: str, link: str = "") -> str:
    text = f"<description><![CDATA[{content}]]></description>"
    return f"<item><guid>{name}</guid><title>{name}</title><link>{link}</link>{text}</item>"


def connector(http: HttpClient, url: str, **config: object) -> FeedConnector:
    return FeedConnector(FeedConnector.Config.model_validate({"url": url, "delay_seconds": 0, **config}), http)


class TestFeed(SourceConnectorContract):
    """A feed passes the suite."""

    @pytest.fixture
    async def connector(self, http) -> AsyncIterator[FeedConnector]:
        feed = rss(item("a", LONG), item("b", LONG))
        async with serving({"/feed": answering(feed, content_type="application/rss+xml")}) as base:
            yield connector(http, f"{base}/feed")


@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("feed1.atom", 2, ("Atom-Powered Robots Run Amok", "http://example.org/2003/12/13/atom03", "Some text.")),
        ("feed2.rss", 1, ("Example entry", "http://www.example.com/blog/post/1", "Here is some text")),
        ("feed.json", 25, ("Keller Rinaudo: How can delivery drones save lives?", None, "<p>In ru")),
    ],
)
def test_a_feed_of_the_set_is_read(data, name, count, first):
    feed = read_feed((data / "web/sitemaps_feeds" / name).read_bytes(), address=HERE)
    assert len(feed.entries) == count
    title, url, start = first
    entry = feed.entries[0]
    assert entry.title == title
    assert url is None or entry.url == url
    assert entry.content.startswith(start)


def test_atom_keeps_markup_and_escapes_plain_text():
    xhtml = "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><b>x</b> &lt;</div></content>"
    plain = "<content type='text'>1 &lt; 2</content>"
    links = "<link rel='edit' href='/e'/><link href='/x'/>"
    atom = "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='fr'>" + "".join(
        f"<entry><id>{n}</id><title type='html'>A &amp;amp; B</title>{links}{content}</entry>"
        for n, content in enumerate((xhtml, plain))
    )
    feed = read_feed(f"{atom}</feed>".encode(), address=HERE)
    assert [entry.content.replace(' xmlns="http://www.w3.org/1999/xhtml"', "") for entry in feed.entries] == [
        "<div><b>x</b> &lt;</div>",
        "1 &lt; 2",
    ]
    assert (feed.language, feed.entries[0].title, feed.entries[0].url) == ("fr", "A & B", "https://example.com/x")


@pytest.mark.parametrize("data", [b"", b"<html></html>", b"{}", b'{"items": 7}', b"<rss/>", b"[", b"\xff\xfe"])
def test_what_is_no_feed_is_named(data):
    with pytest.raises(FeedUnreadableError):
        read_feed(data, address=HERE)


async def test_an_entry_that_is_cut_short_is_read_from_its_page(http):
    page = "<html lang='en'><title>Other title</title><body><p>All of it.</p></body></html>"
    async with serving({}) as nothing:
        routes = {
            "/page": answering(page, content_type="text/html"),
            "/film": answering(b"x", content_type="video/mp4"),
        }
        async with serving(routes) as pages:
            feed = rss(
                item("long", LONG, f"{pages}/page"),
                item("short", "The beginning …", f"{pages}/page"),
                item("film", "A film", f"{pages}/film"),
                item("gone", "Kept as it is", f"{nothing}/gone"),
                item("short", "the same again", f"{pages}/page"),
            )
            async with serving({"/feed": answering(feed, content_type="text/xml")}) as base:
                items, report = await load(connector(http, f"{base}/feed"))
                few, cut = await load(connector(http, f"{base}/feed", max_items=1))
    assert [(one.key, b"All of it" in one.content) for one in items] == [
        ("long", False),
        ("short", True),
        ("gone", False),
    ]
    assert [one.name for one in items] == ["long", "short", "gone"]
    assert [one.language for one in items] == ["de", "de", "de"]
    assert report.skipped == {"unsupported": 1}
    assert (len(few), cut.stopped_by) == (1, "items")


async def test_a_page_that_robots_forbid_is_not_read(http):
    routes = {
        "/robots.txt": answering("User-agent: *\nDisallow: /", content_type="text/plain"),
        "/page": answering("<p>secret", content_type="text/html"),
    }
    async with serving(routes) as pages:
        feed = rss(item("short", "The beginning", f"{pages}/page"))
        async with serving({"/feed": answering(feed, content_type="text/xml")}) as base:
            [only], _ = await load(connector(http, f"{base}/feed"))
    assert b"secret" not in only.content


async def test_an_entry_that_leads_inside_is_noted(http):
    feed = rss(item("trap", "x", "http://10.0.0.1/"))
    async with serving({"/feed": answering(feed, content_type="text/xml")}) as base:
        items, report = await load(connector(http, f"{base}/feed"))
    assert (items, report.failed) == ([], {"url_not_allowed": 1})


async def test_a_feed_that_is_away_or_inside_is_an_error(http):
    async with serving({}) as base:
        with pytest.raises(SourceUnavailableError):
            await load(connector(http, f"{base}/feed"))
    with pytest.raises(UrlNotAllowedError):
        await load(connector(http, "http://169.254.169.254/feed"))
