"""Polite visits to one site: robots.txt first, a pause between requests, patience when it asks for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlsplit

from privexbot_app.integrations.source_connectors.answers import ACCEPT
from privexbot_app.integrations.source_connectors.base import LoadReport
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.http import (
    FetchedResponse,
    FetchFailedError,
    HttpClient,
    OutboundPolicy,
    Patience,
    UrlNotAllowedError,
)
from privexbot_app.kit.web import robots, sitemaps
from privexbot_app.kit.web.robots import Robots
from privexbot_app.kit.web.sitemaps import Sitemap, SitemapUnreadableError, read_sitemap

MOST_SITEMAPS = 50
PATIENCE = Patience(max_attempts=3, longest_pause_seconds=30.0, first_pause_seconds=1.0)
BUSY = (429, 503)


@dataclass
class Pace:
    """Lets one request begin every `delay_seconds`, however many wait."""

    delay_seconds: float
    _next: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def turn(self) -> None:
        """Wait for the next turn."""
        async with self._lock:
            await asyncio.sleep(max(0.0, self._next - monotonic()))
            self._next = monotonic() + self.delay_seconds


class Visits:
    """The requests of one crawl."""

    def __init__(self, http: HttpClient, *, delay_seconds: float, page_bytes: int, page_seconds: float) -> None:
        self._http = http
        self._pace = Pace(delay_seconds)
        self._page_bytes = page_bytes
        self._page_seconds = page_seconds
        self._agent = http.config.user_agent.partition("/")[0]
        self._robots: dict[str, Robots] = {}

    async def robots_of(self, address: str) -> Robots:
        """The rules of the address's origin, fetched once."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        if origin not in self._robots:
            try:
                answer = await self._fetch(f"{origin}/robots.txt", robots.MAX_BYTES)
                rules = Robots.from_answer(answer.status, answer.body, agent=self._agent)
            except FetchFailedError:
                rules = Robots.closed(agent=self._agent)
            except UrlNotAllowedError:
                rules = Robots.open(agent=self._agent)  # the file leads out of the web: as if there were none
            self._robots[origin] = rules
            self._pace.delay_seconds = max(self._pace.delay_seconds, rules.delay_seconds)
        return self._robots[origin]

    async def fetch(self, address: str) -> FetchedResponse:
        """The answer of a page. Raises UrlNotAllowedError, and FetchFailedError with its kinds."""
        for attempt in range(1, PATIENCE.max_attempts):
            answer = await self._fetch(address, self._page_bytes)
            if answer.status not in BUSY:
                return answer
            await asyncio.sleep(PATIENCE.pause_seconds(answer.headers, attempt))
        return await self._fetch(address, self._page_bytes)

    async def pages_of_sitemaps(self, addresses: list[str], report: LoadReport) -> AsyncIterator[str]:
        """The pages that sitemaps list, lists of sitemaps included; what cannot be read is noted and passed over."""
        waiting, seen = list(addresses), set(addresses)
        read = 0
        while waiting and read < MOST_SITEMAPS:
            address = waiting.pop(0)
            read += 1
            with suppress(_AbsentError):
                try:
                    sitemap = await self._read_sitemap(address)
                except PrivexError as error:
                    report.fail(address, error)
                    continue
                for page in sitemap.pages:
                    yield page
                waiting += [further for further in sitemap.sitemaps if further not in seen]
                seen.update(sitemap.sitemaps)

    async def _read_sitemap(self, address: str) -> Sitemap:
        answer = await self._fetch(address, sitemaps.MAX_BYTES)
        if answer.status != 200 or answer.media_type == "text/html":
            raise _AbsentError
        try:
            return await asyncio.to_thread(read_sitemap, answer.body)
        except SitemapUnreadableError as error:
            error.context["address"] = address
            raise

    async def _fetch(self, address: str, max_bytes: int) -> FetchedResponse:
        await self._pace.turn()
        return await self._http.fetch(
            address,
            policy=OutboundPolicy.PUBLIC_ONLY,
            max_bytes=max_bytes,
            timeout_seconds=self._page_seconds,
            headers={"Accept": ACCEPT},
        )


class _AbsentError(RuntimeError):
    """There is no such sitemap; many sites have none, or answer with a page."""
