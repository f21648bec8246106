"""Pages that scripts write, in a real Chromium: what it may reach, and what it may cost."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network

import pytest
from aiohttp import web
from playwright.async_api import Request, Route
from playwright.sync_api import sync_playwright

from privexbot_app.integrations.source_connectors import rendering
from privexbot_app.integrations.source_connectors.rendering import (
    BrowserMissingError,
    Renderer,
    RenderingLimits,
    RenderingOffError,
)
from privexbot_app.integrations.source_connectors.url import UrlConnector
from privexbot_app.integrations.source_connectors.website import WebsiteConnector
from privexbot_app.kit.extras import ExtraMissingError
from privexbot_app.kit.http import (
    Browsing,
    FetchedResponse,
    FetchTimeoutError,
    FetchTooLargeError,
    HttpClient,
    HttpConfig,
    OutboundPolicy,
)
from tests.integrations.source_connectors.machine import load
from tests.integrations.source_connectors.site import TrapSite, running

LIMITS = RenderingLimits(page_bytes=300_000, total_bytes=400_000, requests=10, seconds=15.0, settle_seconds=1.0)


@pytest.fixture(autouse=True, scope="module")
def chromium() -> None:
    with sync_playwright() as playwright:
        executable = rendering.find_browser(playwright.chromium.executable_path)
    if executable is None:
        pytest.skip("No Chromium found.")


def client(browsing: Browsing = Browsing.UNSANDBOXED) -> HttpClient:
    return HttpClient(HttpConfig(allowed_private_networks=(ip_network("127.0.0.1/32"),), browsing=browsing))


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    made = client()
    yield made
    await made.close()


@asynccontextmanager
async def private_machine() -> AsyncIterator[tuple[str, list[str]]]:
    """A server that listens, at an address that pages may not reach; remembers who came nevertheless."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text="secret", headers={"Access-Control-Allow-Origin": "*"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.2", 0).start()
    try:
        yield f"http://127.0.0.2:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def rendered(http: HttpClient, site: TrapSite, path: str = "/", limits: RenderingLimits = LIMITS) -> str:
    answer = await http.fetch(
        site.base + path, policy=OutboundPolicy.PUBLIC_ONLY, max_bytes=LIMITS.page_bytes, timeout_seconds=10
    )
    async with Renderer(http, limits) as renderer:
        return (await renderer.render(answer)).body.decode()


def script(code: str) -> str:
    """A page whose script writes what `say` is given."""
    return (
        "<html><head><title>App</title></head><body><main id=app></main><script>"
        "const say = text => { const line = document.createElement('p'); line.textContent = text;"
        f" document.getElementById('app').append(line); }}; {code}</script></body></html>"
    )


async def test_a_page_is_read_as_its_scripts_have_written_it(http):
    site = TrapSite()
    site.pages = {
        "/": '<html><head><link rel=stylesheet href="/a.css"></head><body><div id=app></div>'
        '<script src="/app.js"></script></body></html>',
        "/app.js": (
            "text/javascript",
            b"fetch('/data', {method: 'POST', body: 'fees'}).then(a => a.json())"
            b".then(a => { document.getElementById('app').textContent = a.text })",
        ),
    }

    async def data(request: web.Request) -> web.Response:
        return web.json_response({"text": f"All about {await request.text()}"})

    site.pages["/data"] = data
    async with running(site):
        [item] = await UrlConnector(UrlConnector.Config(url=site.base, is_rendered=True), http).load()
    assert b"All about fees" in item.content
    assert site.asked == ["/", "/app.js", "/data"]


async def test_a_redirect_to_a_private_address_is_not_followed(http):
    async with private_machine() as (private, asked), running(TrapSite()) as site:

        async def away(request: web.Request) -> web.Response:
            return web.Response(status=302, headers={"Location": f"{private}/redirected"})

        site.pages = {
            "/away": away,
            "/": script("fetch('/away').then(a => a.text()).then(say, () => say('refused'))"),
        }
        assert "<p>refused</p>" in await rendered(http, site)
        assert asked == []


REACHES: dict[str, Callable[[str], str]] = {
    "fetch": lambda to: f"fetch('{to}').then(a => a.text()).then(say, () => say('refused'))",
    "request without cors": lambda to: (
        f"fetch('{to}', {{mode: 'no-cors'}}).then(() => say('came'), () => say('refused'))"
    ),
    "image": lambda to: f"const i = new Image(); i.onerror = () => say('refused'); i.src = '{to}'",
    "script": lambda to: (
        f"const s = document.createElement('script'); s.onerror = () => say('refused'); s.src = '{to}';"
        "document.body.append(s)"
    ),
    "frame": lambda to: (
        f"const f = document.createElement('iframe'); f.src = '{to}'; document.body.append(f); say('refused')"
    ),
    "navigation": lambda to: f"say('refused'); location.href = '{to}'",
    "window": lambda to: f"say('refused'); open('{to}')",
    "beacon": lambda to: f"navigator.sendBeacon('{to}', 'x'); say('refused')",
    "form": lambda to: (
        f"say('refused'); const f = document.createElement('form'); f.action = '{to}'; f.method = 'post';"
        "document.body.append(f); f.submit()"
    ),
    "events": lambda to: f"new EventSource('{to}').onerror = () => say('refused')",
    "socket": lambda to: f"new WebSocket('{to}'.replace('http', 'ws')).onclose = () => say('refused')",
    "worker": lambda to: (
        f"const w = new Worker(URL.createObjectURL(new Blob([\"fetch('{to}').then(() => postMessage('came'), "
        "() => postMessage('refused'))\"]))); w.onmessage = m => say(m.data)"
    ),
    "prefetch": lambda to: (
        "for (const rel of ['prefetch', 'preload', 'preconnect', 'prerender']) {"
        " const l = document.createElement('link'); l.rel = rel; l.as = 'fetch';"
        f" l.href = '{to}'; document.head.append(l) }} say('refused')"
    ),
}


async def test_no_way_leads_a_page_to_a_private_address(http):
    said = {}
    async with private_machine() as (private, asked), Renderer(http, LIMITS) as renderer:
        for way, reach in REACHES.items():
            body = script(reach(f"{private}/{way.replace(' ', '-')}")).encode()
            answer = FetchedResponse(200, {"content-type": "text/html"}, body, "http://127.0.0.1/")
            html = (await renderer.render(answer)).body
            said[way] = "secret" if b"secret" in html else "refused" if b"<p>refused</p>" in html else html
    assert said == dict.fromkeys(REACHES, "refused")
    assert asked == []


async def test_the_browser_alone_reaches_nothing(http, monkeypatch):
    """Behind the routes is a second wall: without any route the browser has no way out."""

    async def pass_on(self: object, route: Route, request: Request) -> None:
        await route.continue_()

    monkeypatch.setattr(rendering._Rendering, "_answer_request", pass_on)
    async with running(TrapSite({"/": "<p>Hello</p>"})) as site:
        with pytest.raises(rendering.RenderingFailedError):
            await rendered(http, site)
        assert site.asked == ["/"]


async def test_a_page_registers_no_service_worker_and_downloads_nothing(http):
    site = TrapSite()
    site.pages = {
        "/": script(
            "const a = document.createElement('a'); a.href = '/file'; a.download = 'x'; document.body.append(a);"
            "a.click();"
            "navigator.serviceWorker ? navigator.serviceWorker.register('/sw.js').then(r => say('registered'),"
            " () => say('refused')) : say('refused')"
        ),
        "/sw.js": ("text/javascript", b"self.onfetch = () => {}"),
        "/file": ("application/octet-stream", b"x"),
    }
    async with running(site):
        await rendered(http, site)
    assert site.asked == ["/"]


async def test_a_script_without_an_end_costs_its_time_and_the_next_page_is_read(http):
    site = TrapSite({"/": "<script>for (;;) {}</script>", "/next": script("say('Next')")})
    async with running(site):
        answers = [
            FetchedResponse(200, {"content-type": "text/html"}, site.pages[path].encode(), site.base + path)
            for path in ("/", "/next")
        ]
        async with Renderer(http, RenderingLimits(seconds=4.0, settle_seconds=1.0)) as renderer:
            with pytest.raises(FetchTimeoutError):
                await renderer.render(answers[0])
            assert b"<p>Next</p>" in (await renderer.render(answers[1])).body


async def test_a_page_that_grows_without_end_is_refused(http):
    site = TrapSite({"/": script("for (let n = 0; n < 400; n++) say('x'.repeat(1000))")})
    async with running(site):
        with pytest.raises(FetchTooLargeError):
            await rendered(http, site)


async def test_requests_and_their_bytes_are_counted(http):
    site = TrapSite()
    site.pages = {
        "/": script(
            "(async () => { for (let n = 0; n < 50; n++) await fetch(`/n?${n}`).catch(() => 0); say('end') })()"
        ),
        "/heavy": script(
            "(async () => { let got = 0; for (let n = 0; n < 4; n++) await fetch(`/big?${n}`).then(a => a.text())"
            ".then(() => got++, () => 0); say(`got ${got}`) })()"
        ),
        "/n": ("text/plain", b"n"),
        "/big": ("text/plain", bytes(150_000)),
    }
    async with running(site):
        assert "<p>end</p>" in await rendered(http, site)
        assert sum(path.startswith("/n") for path in site.asked) == LIMITS.requests
        assert "<p>got 2</p>" in await rendered(http, site, "/heavy")


async def test_what_is_no_page_stays_as_it_came(http):
    async with Renderer(http) as renderer:
        for status, kind in ((200, "application/pdf"), (404, "text/html")):
            answer = FetchedResponse(status, {"content-type": kind}, b"%PDF", "https://example.com/")
            assert await renderer.render(answer) is answer


async def test_a_crawl_reads_rendered_pages_and_their_links(http):
    site = TrapSite()
    site.pages = {
        "/": script("say('Home'); say('Words of home'); const a = document.createElement('a'); a.href='/deep'; "
                    "a.textContent = 'Deep'; document.body.append(a)"),
        "/deep": script("say('Down here')"),
    }  # fmt: skip
    async with running(site):
        config = WebsiteConnector.Config(url=site.base, is_rendered=True, delay_seconds=0)
        items, report = await load(WebsiteConnector(config, http))
        bare, bare_report = await load(WebsiteConnector(config.model_copy(update={"is_rendered": False}), http))
    assert [b"Words of home" in items[0].content, b"Down here" in items[1].content, report.loaded] == [True, True, 2]
    assert (bare, dict(bare_report.skipped)) == ([], {"no_text": 1})


async def test_rendering_is_off_unless_the_operator_allows_it():
    async with AsyncExitStack() as stack:
        http = client(Browsing.OFF)
        stack.push_async_callback(http.close)
        site = await stack.enter_async_context(running(TrapSite({"/": "x"})))
        for connector in (UrlConnector, WebsiteConnector):
            with pytest.raises(RenderingOffError):
                await connector(connector.Config(url=site.base, is_rendered=True), http).load()
        assert site.asked == []


async def test_a_missing_extra_or_browser_is_one_sentence_with_the_remedy(http, monkeypatch):
    answer = FetchedResponse(200, {"content-type": "text/html"}, b"<p>x</p>", "https://example.com/")
    monkeypatch.setattr(rendering, "_ARGUMENTS", ("--remote-debugging-port=bad", "--user-data-dir=/proc/none"))
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "playwright.async_api", None)
        async with Renderer(http) as renderer:
            with pytest.raises(ExtraMissingError, match=r"pip install privexbot\[rendered\]"):
                await renderer.render(answer)
    async with Renderer(http) as renderer:
        with pytest.raises(BrowserMissingError, match="playwright install chromium"):
            await renderer.render(answer)
