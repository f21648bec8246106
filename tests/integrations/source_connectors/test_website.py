"""A crawl of a local site full of traps."""

from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest
from aiohttp import web

from privexbot_app.integrations.source_connectors import visits
from privexbot_app.integrations.source_connectors.base import LoadedItem, LoadReport, SourceUnavailableError
from privexbot_app.integrations.source_connectors.website import WebsiteConnector
from privexbot_app.integrations.source_connectors.website.crawl import CrawlLimits
from privexbot_app.kit.http import HttpClient, HttpConfig, UrlNotAllowedError
from privexbot_app.kit.web.robots import RobotsForbidError, RobotsUnreachableError
from tests.contract.source_connector_contract import SourceConnectorContract
from tests.integrations.source_connectors.site import (
    TrapSite,
    gzip_bomb,
    links,
    page,
    redirect,
    running,
    slow_loris,
)

MACHINE = HttpConfig(allowed_private_networks=(ip_network("127.0.0.1/32"),))


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient(MACHINE)
    yield client
    await client.close()


@pytest.fixture
async def site() -> AsyncIterator[TrapSite]:
    async with running(TrapSite()) as made:
        yield made


def connector(site: TrapSite, http: HttpClient, path: str = "/", **config: object) -> WebsiteConnector:
    settings = {"url": site.base + path, "delay_seconds": 0, **config}
    made = WebsiteConnector(WebsiteConnector.Config.model_validate(settings), http)
    made.limits = CrawlLimits(page_seconds=1.0, page_bytes=1_000_000)
    return made


async def crawl(site: TrapSite, http: HttpClient, path: str = "/", **config: object) -> tuple[list[str], LoadReport]:
    """The paths that were taken in, and the report."""
    report = LoadReport()
    items = [item async for item in connector(site, http, path, **config).stream(report)]
    return [(item.url or "").removeprefix(site.base) for item in items], report


class TestWebsite(SourceConnectorContract):
    """A small site passes the suite."""

    @pytest.fixture
    async def connector(self, site, http) -> WebsiteConnector:
        site.pages = {"/": page(links("/a", "/b")), "/a": page("", title="A"), "/b": page("", title="B")}
        return connector(site, http)


async def test_pages_come_in_the_order_in_which_they_are_met(site, http):
    site.pages = {
        "/": page(links("/b", "/a"), title="Home"),
        "/a": page(links("/a/deep"), title="A"),
        "/b": page(links("/"), title="B"),
        "/a/deep": page("", title="Deep"),
    }
    report = LoadReport()
    items: list[LoadedItem] = [item async for item in connector(site, http).stream(report)]
    assert [item.name for item in items] == ["Home", "B", "A", "Deep"]
    assert {item.language for item in items} == {"en"}
    assert [item.key for item in items] == [item.url for item in items]
    assert (report.found, report.loaded, report.stopped_by) == (4, 4, "")


async def test_robots_are_asked_first_and_obeyed(site, http):
    robots = b"User-agent: *\nDisallow: /private/\nAllow: /private/open"
    site.pages = {
        "/robots.txt": ("text/plain", robots),
        "/": page(links("/private/a", "/private/open")),
        "/private/a": page("", title="A"),
        "/private/open": page("", title="Open"),
    }
    taken, report = await crawl(site, http)
    assert site.asked[0] == "/robots.txt"
    assert taken == ["/", "/private/open"]
    assert "/private/a" not in site.asked
    assert report.skipped["robots"] == 1


async def test_a_site_that_forbids_its_start_is_not_read(site, http):
    site.pages = {"/robots.txt": ("text/plain", b"User-agent: PrivexBot\nDisallow: /"), "/": page("")}
    with pytest.raises(RobotsForbidError):
        await crawl(site, http)
    assert site.asked == ["/robots.txt"]


async def test_a_site_whose_robots_cannot_be_read_is_not_read(site, http):
    async def broken(request: web.Request) -> web.Response:
        return web.Response(status=503)

    site.pages = {"/robots.txt": broken, "/": page("")}
    with pytest.raises(RobotsUnreachableError):
        await crawl(site, http)


async def test_the_pause_that_robots_ask_for_is_kept(site, http, monkeypatch):
    waited = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(visits.asyncio, "sleep", note)
    site.pages = {
        "/robots.txt": ("text/plain", b"User-agent: *\nCrawl-delay: 7"),
        "/": page(links("/a")),
        "/a": page(""),
    }
    await crawl(site, http, uses_sitemap=False)
    assert 6 < max(waited) <= 7


async def test_pages_that_only_a_sitemap_knows_are_found(site, http):
    index = f"<sitemapindex><sitemap><loc>{site.base}/s1.xml</loc></sitemap><sitemap><loc>{site.base}/index.xml</loc>"
    listed = "".join(f"<url><loc>{site.base}/hidden/{n}</loc></url>" for n in range(5))
    site.pages = {
        "/robots.txt": ("text/plain", f"Sitemap: {site.base}/index.xml".encode()),
        "/index.xml": ("application/xml", f"{index}</sitemap></sitemapindex>".encode()),
        "/s1.xml": ("application/xml", f"<urlset>{listed}<url><loc>https://b.example/</loc></url></urlset>".encode()),
        "/": page(""),
        **{f"/hidden/{n}": page("", title=f"Hidden {n}") for n in range(5)},
    }
    taken, report = await crawl(site, http, most_alike=1)
    assert taken == ["/", *(f"/hidden/{n}" for n in range(5))]
    assert report.skipped == {"other_site": 1}


async def test_a_crawl_may_begin_at_a_sitemap(site, http):
    site.pages = {
        "/map/sitemap.xml": ("application/xml", f"<urlset><url><loc>{site.base}/a</loc></url></urlset>".encode()),
        "/a": page("", title="A"),
    }
    assert (await crawl(site, http, "/map/sitemap.xml"))[0] == ["/a"]


async def test_a_redirect_to_a_private_address_is_refused_and_noted(site, http):
    site.pages = {"/": page(links("/trap", "/meta")), "/trap": redirect("http://169.254.169.254/latest/meta-data")}
    site.pages["/meta"] = page("", head='<meta http-equiv="refresh" content="0;url=http://10.0.0.1/">')
    taken, report = await crawl(site, http)
    assert taken == ["/"]
    assert report.failed == {"url_not_allowed": 1}
    assert report.skipped["refresh"] == 1
    assert report.skipped["other_site"] == 1


async def test_a_private_start_is_refused(site, http):
    with pytest.raises(UrlNotAllowedError):
        await crawl(TrapSite(base="http://10.0.0.1"), http)
    with pytest.raises(UrlNotAllowedError):
        await crawl(TrapSite(base="file:///etc/passwd"), http)


async def test_a_meta_refresh_is_followed_within_the_site_and_ends(site, http):
    def sending(target: str) -> str:
        return page("", head=f'<meta http-equiv="refresh" content="0;url={target}">')

    site.pages = {"/": page(links("/old")), "/old": sending("/new"), "/new": page("", title="New")}
    assert (await crawl(site, http))[0] == ["/", "/new"]
    site.pages = {"/": page(links("/word-a")), "/word-a": sending("/word-b")}
    site.pages |= {f"/word-{a}": sending(f"/word-{b}") for a, b in zip("bcdefghij", "cdefghijk", strict=True)}
    site.asked.clear()
    assert (await crawl(site, http))[0] == ["/"]
    assert len([path for path in site.asked if path.startswith("/word")]) == 6


async def test_an_endless_calendar_ends(site, http):
    site.pages = {"/": page(links("/calendar/2024/1", "/about")), "/about": page("", title="About")}
    taken, report = await crawl(site, http, most_alike=10, max_depth=20)
    assert "/about" in taken
    assert len(taken) <= 2 + 2 * 10
    assert report.skipped["looks_endless"] + report.skipped["too_deep"] >= 1


async def test_an_explosion_of_parameters_ends(site, http):
    site.pages = {"/": page(links("/filter?f0=1"))}
    taken, report = await crawl(site, http, most_alike=10, max_depth=20)
    assert len(taken) <= 11
    assert report.skipped["looks_endless"] >= 1


async def test_large_slow_and_exploding_answers_cost_a_note_each(site, http):
    site.pages = {
        "/": page(links("/large", "/bomb", "/loris", "/fine")),
        "/large": ("text/html", b"<p>" + b"x" * 10_000_000),
        "/bomb": gzip_bomb,
        "/loris": slow_loris,
        "/fine": page("", title="Fine"),
    }
    taken, report = await crawl(site, http)
    assert taken == ["/", "/fine"]
    assert report.skipped["too_large"] == 2
    assert report.failed == {"fetch_timeout": 1}
    assert {note.code for note in report.notes} == {"too_large", "fetch_timeout"}


async def test_a_page_under_several_addresses_is_taken_once(site, http):
    twin = page("", title="Twin")
    listing = page("", title="List", head='<link rel="canonical" href="/list">')
    site.pages = {
        "/": page(links("/twin", "/twin/", "/list?sort=up", "/list?sort=down", "/alias", "/#top", "/?utm_source=x")),
        "/twin": twin,
        "/twin/": twin,
        "/list?sort=up": listing,
        "/list?sort=down": listing.replace("About", "All about"),
        "/alias": redirect("/twin"),
    }
    taken, report = await crawl(site, http)
    assert taken == ["/", "/twin", "/list"]
    assert report.skipped == {"duplicate": 3}


async def test_a_wrong_canonical_link_does_not_swallow_a_site(site, http):
    wrong = '<link rel="canonical" href="/">'
    site.pages = {"/": page(links("/a", "/b"), head=wrong)}
    site.pages |= {f"/{name}": page("", title=name, head=wrong) for name in "ab"}
    assert (await crawl(site, http))[0] == ["/", "/a", "/b"]


async def test_wishes_of_pages_are_respected(site, http):
    no_index, no_follow = ('<meta name="robots" content="noindex">', '<meta name="robots" content="nofollow">')
    site.pages = {
        "/": page(links("/hidden", "/end")),
        "/hidden": page(links("/behind"), title="Hidden", head=no_index),
        "/behind": page("", title="Behind"),
        "/end": page(links("/beyond"), title="End", head=no_follow),
        "/beyond": page("", title="Beyond"),
    }
    taken, report = await crawl(site, http)
    assert taken == ["/", "/end", "/behind"]
    assert report.skipped == {"noindex": 1}


async def test_patterns_depth_and_number_limit_a_crawl(site, http):
    site.pages = {"/": page(links("/help/a", "/shop/a")), "/help/a": page(links("/help/b", "/help/c"), title="A")}
    site.pages |= {f"/help/{name}": page(links("/help/d"), title=name) for name in "bc"}
    taken, report = await crawl(site, http, include=["/help/*"], exclude=["*/c"])
    assert taken == ["/help/a", "/help/b"]
    assert report.skipped["not_wanted"] == 3
    assert (await crawl(site, http, max_depth=1))[0] == ["/", "/help/a"]
    taken, report = await crawl(site, http, max_pages=2)
    assert (len(taken), report.stopped_by) == (2, "items")


async def test_a_folder_is_not_left_unless_wished(site, http):
    site.pages = {
        "/docs/": page(links("/docs/a", "/blog")),
        "/docs/a": page("", title="A"),
        "/blog": page("", title="B"),
    }
    assert (await crawl(site, http, "/docs/"))[0] == ["/docs/", "/docs/a"]
    assert (await crawl(site, http, "/docs/", is_whole_host=True))[0] == ["/docs/", "/docs/a", "/blog"]


async def test_documents_are_taken_and_other_files_are_named(site, http):
    site.pages = {
        "/": page(links("/terms.pdf", "/logo.png", "/film", "/script-only", "/gone", "/broken")),
        "/terms.pdf": ("application/pdf", b"%PDF-1.4"),
        "/film": ("video/mp4", b"x"),
        "/script-only": "<html><body><div id=app></div><script>run()</script></body></html>",
    }

    async def broken(request: web.Request) -> web.Response:
        return web.Response(status=500)

    site.pages["/broken"] = broken
    taken, report = await crawl(site, http)
    assert taken == ["/", "/terms.pdf"]
    assert report.skipped == {"not_a_document": 1, "unsupported": 1, "no_text": 1, "gone": 1}
    assert report.gone == {f"{site.base}/gone"}
    assert not report.is_complete
    assert report.failed == {"source_unavailable": 1}


async def test_a_busy_site_is_asked_again(site, http):
    answers = iter([503, 429])

    async def busy(request: web.Request) -> web.Response:
        status = next(answers, 200)
        return web.Response(status=status, headers={"Retry-After": "0"}, text=page(""), content_type="text/html")

    site.pages = {"/": busy}
    assert (await crawl(site, http))[0] == ["/"]


async def test_a_start_that_is_gone_is_an_error(site, http):
    with pytest.raises(SourceUnavailableError):
        await crawl(site, http)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [(CrawlLimits(total_bytes=10), "bytes"), (CrawlLimits(total_seconds=0.0), "seconds")],
)
async def test_a_crawl_has_an_end(site, http, limits, reason):
    site.pages = {"/": page(links("/a")), "/a": page("", title="A")}
    made = connector(site, http)
    made.limits = limits
    report = LoadReport()
    items = [item async for item in made.stream(report)]
    assert len(items) == 1
    assert report.to_json()["stopped_because"]
    assert report.stopped_by == reason
