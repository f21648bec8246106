"""Pages that scripts write in a browser: what a page shows once its scripts have run. An extra, and off by default.

The browser has no network of its own: every request of a page is fetched by the safe client, or dropped, and what would
go past that leads to a proxy that is not there. A page gets no cookies, downloads, frames, sockets or service workers.
Rendering begins with an answer that was fetched, and checked, already. See docs/how-to/sources.md.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from privexbot_app.kit.errors import InvalidError, PrivexError, UnavailableError
from privexbot_app.kit.extras import import_extra
from privexbot_app.kit.http import (
    Browsing,
    FetchedResponse,
    FetchFailedError,
    FetchTimeoutError,
    FetchTooLargeError,
    HttpClient,
    OutboundPolicy,
)

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Request, Route

_ARGUMENTS = (
    # Whatever is not routed dies here: no name is looked up, and the proxy's port answers nobody.
    "--proxy-server=http://127.0.0.1:1",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--dns-prefetch-disable",
    "--disable-background-networking",
    "--js-flags=--max-old-space-size=512",
)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable")
_FETCHED = frozenset({"script", "fetch", "xhr"})
_NOT_PASSED_ON = frozenset({"host", "cookie", "connection", "content-length", "accept-encoding", "user-agent"})
_NOT_PASSED_BACK = frozenset({"content-encoding", "content-length", "transfer-encoding", "set-cookie", "connection"})
_FETCHES_AT_ONCE = 4
_HTML = ("text/html", "application/xhtml+xml")


class RenderingOffError(InvalidError):
    """Pages are not rendered on this installation."""

    code = "rendering_off"

    def __init__(self) -> None:
        super().__init__("This installation does not run the scripts of pages. Its operator can switch that on.")


class BrowserMissingError(UnavailableError):
    """The browser is not installed, or does not start."""

    code = "browser_missing"


class RenderingFailedError(FetchFailedError):
    """The browser gave up on a page."""

    code = "rendering_failed"


@dataclass(frozen=True)
class RenderingLimits:
    """What one page may cost. settle_seconds: how long its requests may go on after the page itself is there."""

    page_bytes: int = 10_000_000
    total_bytes: int = 30_000_000
    requests: int = 200
    seconds: float = 20.0
    settle_seconds: float = 5.0


class Renderer:
    """A browser for the pages of one load; use it as a context. It starts with the first page.

    Pages are rendered one after the other: each may take a whole core.
    """

    def __init__(self, http: HttpClient, limits: RenderingLimits = RenderingLimits()) -> None:
        self._http = http
        self._limits = limits
        self._playwright: Any = None
        self._browser: Browser | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        if self._http.config.browsing is Browsing.OFF:
            raise RenderingOffError
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close_browser()
        if self._playwright is not None:
            await self._playwright.stop()

    async def render(self, answer: FetchedResponse) -> FetchedResponse:
        """The answer with the page as it is once its scripts have run; an answer that is no page as it came.

        Raises FetchTimeoutError, FetchTooLargeError, RenderingFailedError, BrowserMissingError, ExtraMissingError.
        """
        if answer.status != 200 or answer.media_type not in _HTML:
            return answer
        async with self._turn:
            browser = await self._opened()
            try:
                async with asyncio.timeout(self._limits.seconds):
                    html = await _Rendering(browser, self._http, self._limits, answer).run()
            except TimeoutError as error:
                # A page that is busy for ever does not let go of its browser either.
                await self._close_browser()
                raise FetchTimeoutError(
                    "The page's scripts did not come to an end in time.", after_seconds=self._limits.seconds
                ) from error
            except _playwright().Error as error:
                await self._close_browser()
                raise RenderingFailedError(
                    "The page could not be shown in a browser.", reason=error.message[:300]
                ) from error
        headers = {**answer.headers, "content-type": "text/html; charset=utf-8"}
        return replace(answer, headers=headers, body=html.encode("utf-8", errors="replace"))

    async def _opened(self) -> "Browser":
        if self._browser is not None and self._browser.is_connected():
            return self._browser
        sdk = _playwright()
        if self._playwright is None:
            self._playwright = await sdk.async_playwright().start()
        try:
            self._browser = await self._playwright.chromium.launch(
                executable_path=find_browser(self._playwright.chromium.executable_path),
                args=list(_ARGUMENTS),
                chromium_sandbox=self._http.config.browsing is Browsing.SANDBOXED,
            )
        except sdk.Error as error:
            raise BrowserMissingError(
                "The browser does not start. Install it with: playwright install chromium. Where its sandbox cannot "
                "work, as for root, see PRIVEXBOT_BROWSING in the settings.",
                reason=error.message[:500],
            ) from error
        return self._browser

    async def _close_browser(self) -> None:
        browser, self._browser = self._browser, None
        if browser is not None:
            with suppress(_playwright().Error):
                await browser.close()


@asynccontextmanager
async def maybe_rendering(
    http: HttpClient, *, is_wanted: bool, limits: RenderingLimits = RenderingLimits()
) -> AsyncIterator[Renderer | None]:
    """A renderer where one is wanted. Raises RenderingOffError."""
    if not is_wanted:
        yield None
        return
    async with Renderer(http, limits) as renderer:
        yield renderer


def find_browser(own: str) -> str | None:
    """Playwright's own Chromium where it is installed, else the system's; None leaves the choice to Playwright."""
    return own if Path(own).exists() else next(filter(None, map(shutil.which, _BROWSERS)), None)


class _Rendering:
    """One page."""

    def __init__(self, browser: "Browser", http: HttpClient, limits: RenderingLimits, answer: FetchedResponse) -> None:
        self._browser, self._http, self._limits, self._answer = browser, http, limits, answer
        self._is_served = False
        self._requests = 0
        self._bytes = 0
        self._at_once = asyncio.Semaphore(_FETCHES_AT_ONCE)

    async def run(self) -> str:
        context = await self._browser.new_context(
            accept_downloads=False,
            service_workers="block",
            user_agent=self._http.config.user_agent,
        )
        try:
            await context.route("**/*", self._answer_request)
            await context.route_web_socket("**/*", lambda socket: socket.close())
            page = await context.new_page()
            await page.goto(self._answer.final_url, wait_until="commit", timeout=0)
            with suppress(_playwright().TimeoutError):
                await page.wait_for_load_state("networkidle", timeout=self._limits.settle_seconds * 1000)
            return await self._content(page)
        finally:
            # A cancelled rendering ends with its browser.
            if not _is_cancelled():
                await context.unroute_all(behavior="ignoreErrors")
                await context.close()

    async def _content(self, page: "Page") -> str:
        characters = await page.evaluate("document.documentElement?.outerHTML.length ?? 0")
        if characters > self._limits.page_bytes:
            raise FetchTooLargeError(
                "The page grows too large in a browser.", max_bytes=self._limits.page_bytes, characters=characters
            )
        return await page.content()

    async def _answer_request(self, route: "Route", request: "Request") -> None:
        """Decide about one request. The first is ours; later a page may not lead its browser elsewhere."""
        with suppress(_playwright().Error):
            if not self._is_served and request.is_navigation_request():
                self._is_served = True
                await self._fulfil(route, self._answer)
            elif request.resource_type == "stylesheet":
                # Scripts may wait for it; what it looks like is of no interest.
                await route.fulfill(status=200, content_type="text/css", body="")
            elif request.resource_type in _FETCHED and self._requests < self._limits.requests:
                self._requests += 1
                await self._fetch(route, request)
            elif request.is_navigation_request():
                # As if somebody had pressed “stop”: any other failure would put the browser’s own page in its place.
                await route.abort("aborted")
            else:
                await route.abort()

    async def _fetch(self, route: "Route", request: "Request") -> None:
        headers = await request.all_headers()
        try:
            async with self._at_once:
                answer = await self._http.fetch(
                    request.url,
                    policy=OutboundPolicy.PUBLIC_ONLY,
                    method=request.method,
                    headers={name: value for name, value in headers.items() if _is_passed_on(name)},
                    content=request.post_data_buffer,
                    max_bytes=max(1, min(self._limits.page_bytes, self._limits.total_bytes - self._bytes)),
                    timeout_seconds=self._limits.seconds,
                )
                self._bytes += len(answer.body)
        except PrivexError:
            await route.abort()
            return
        # The browser would follow a redirect past the route; a complete answer has none left to follow.
        if 300 <= answer.status < 400:
            await route.abort()
        else:
            await self._fulfil(route, answer)

    async def _fulfil(self, route: "Route", answer: FetchedResponse) -> None:
        headers = {name: value for name, value in answer.headers.items() if name not in _NOT_PASSED_BACK}
        await route.fulfill(status=answer.status, headers=headers, body=answer.body)


def _is_passed_on(name: str) -> bool:
    return name not in _NOT_PASSED_ON and not name.startswith((":", "sec-", "proxy-"))


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _playwright() -> Any:
    return import_extra("playwright.async_api", extra="rendered")
