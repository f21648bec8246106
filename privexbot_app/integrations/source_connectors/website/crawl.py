"""One crawl: which page is next, which is left out and why, and when it is enough.

Pages are fetched a few at a time and judged in the order in which they were met, so that the same site gives the same
pages in the same order, whatever the network does.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from time import monotonic
from urllib.parse import urlsplit

from privexbot_app.integrations.source_connectors.answers import build_item
from privexbot_app.integrations.source_connectors.base import (
    LoadedItem,
    LoadReport,
    SourceUnavailableError,
    UnsupportedMediaTypeError,
)
from privexbot_app.integrations.source_connectors.rendering import Renderer
from privexbot_app.integrations.source_connectors.visits import Visits
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.http import FetchedResponse, FetchTooLargeError, HttpClient
from privexbot_app.kit.web.addresses import EndlessGuard, Site, Wishes, is_same_page, may_be_document, normalize
from privexbot_app.kit.web.pages import PageFacts, read_page

AT_ONCE = 4
MOST_WAITING = 20_000
MOST_REFRESHES = 5


@dataclass(frozen=True)
class CrawlLimits:
    """What one crawl may cost, whatever its settings say."""

    page_bytes: int = 10_000_000
    page_seconds: float = 20.0
    total_bytes: int = 300_000_000
    total_seconds: float = 1500.0


@dataclass(frozen=True)
class CrawlPlan:
    """What people asked for. start: in normal form."""

    start: str
    site: Site
    is_whole_host: bool
    wishes: Wishes
    max_pages: int
    max_depth: int
    uses_sitemap: bool
    delay_seconds: float
    most_alike: int


@dataclass(frozen=True)
class _Stop:
    """A page that waits. depth: clicks from the start. refreshes: how often pages have sent us on to get here."""

    address: str
    depth: int
    refreshes: int = 0


class Crawl:
    """A walk over one site; `run` it once. renderer: shows each page in a browser first."""

    def __init__(
        self,
        plan: CrawlPlan,
        http: HttpClient,
        limits: CrawlLimits,
        report: LoadReport,
        renderer: Renderer | None = None,
    ) -> None:
        self._plan, self._limits, self._report, self._renderer = plan, limits, report, renderer
        self._site = plan.site
        self._visits = Visits(
            http,
            delay_seconds=plan.delay_seconds,
            page_bytes=limits.page_bytes,
            page_seconds=limits.page_seconds,
        )
        self._guard = EndlessGuard(plan.most_alike)
        self._waiting: deque[_Stop] = deque()
        self._met: set[str] = set()
        self._hashes: dict[str, str] = {}
        self._taken: dict[str, str] = {}
        self._bytes = 0
        self._deadline = monotonic() + limits.total_seconds

    async def run(self) -> AsyncIterator[LoadedItem]:
        """Bring the pages. Raises for a start that cannot be read; any other page is only noted."""
        async for item in self._begin():
            yield item
        while self._waiting and not self._is_enough():
            room = self._plan.max_pages - self._report.loaded
            wave = [self._waiting.popleft() for _ in range(min(AT_ONCE, room, len(self._waiting)))]
            for stop, answer in zip(wave, await asyncio.gather(*map(self._visit, wave)), strict=True):
                if isinstance(answer, PrivexError):
                    self._note(stop.address, answer)
                elif answer is not None and (page := await self._judge(stop, answer)):
                    yield page

    async def _begin(self) -> AsyncIterator[LoadedItem]:
        start = _Stop(self._plan.start, 0)
        self._met.add(start.address)
        rules = await self._visits.robots_of(start.address)
        listed = [start.address] if _is_sitemap(start.address) else []
        if listed:
            self._site = Site.around("{0.scheme}://{0.netloc}/".format(urlsplit(start.address)))
        else:
            rules.require(start.address)
            answer = await self._visits.fetch(start.address)
            if answer.status != 200:
                raise SourceUnavailableError(f"The page answered with status {answer.status}.", status=answer.status)
            await self._move_in(answer)
            answer = await self._shown(answer)
            self._report.found += 1
            if item := await self._judge(start, answer):
                yield item
        if listed or (self._plan.uses_sitemap and not self._is_enough()):
            origin = "{0.scheme}://{0.netloc}".format(urlsplit(self._plan.start))
            await self._meet_listed(listed or [*rules.sitemaps, f"{origin}/sitemap.xml"])

    async def _meet_listed(self, sitemaps: list[str]) -> None:
        async for page in self._visits.pages_of_sitemaps(sitemaps, self._report):
            self._meet(normalize(page), depth=1, is_listed=True)
            if monotonic() >= self._deadline or len(self._waiting) >= MOST_WAITING:
                break

    async def _move_in(self, answer: FetchedResponse) -> None:
        """A start that leads to another host, as a domain that has moved does, takes the whole crawl along."""
        final = normalize(answer.final_url)
        if final is None or self._site.holds(final):
            return
        (await self._visits.robots_of(final)).require(final)
        self._site = Site.around(final, is_whole_host=self._plan.is_whole_host)

    def _is_enough(self) -> bool:
        if self._report.loaded >= self._plan.max_pages:
            self._report.stopped_by = "items"
        elif self._bytes >= self._limits.total_bytes:
            self._report.stopped_by = "bytes"
        elif monotonic() >= self._deadline:
            self._report.stopped_by = "seconds"
        return bool(self._report.stopped_by)

    def _meet(self, address: str | None, *, depth: int, is_listed: bool = False, refreshes: int = 0) -> None:
        """Queue an address that was met for the first time, or note why not. is_listed: by the site's own sitemap."""
        if address is None or address in self._met:
            return
        self._met.add(address)
        if not self._site.holds(address):
            self._report.skipped["other_site"] += 1
            return
        self._report.found += 1
        if not may_be_document(address):
            self._report.skip(address, "not_a_document")
        elif not self._plan.wishes.allow(address):
            self._report.skip(address, "not_wanted")
        elif depth > self._plan.max_depth:
            self._report.skip(address, "too_deep")
        elif not is_listed and (self._guard.refuses(address) or len(self._waiting) >= MOST_WAITING):
            self._report.skip(address, "looks_endless")
        else:
            self._waiting.append(_Stop(address, depth, refreshes))

    async def _visit(self, stop: _Stop) -> FetchedResponse | PrivexError | None:
        try:
            if not (await self._visits.robots_of(stop.address)).allow(stop.address):
                self._report.skip(stop.address, "robots")
                return None
            async with asyncio.timeout(max(0.0, self._deadline - monotonic())):
                answer = await self._shown(await self._visits.fetch(stop.address))
        except TimeoutError:
            self._report.stopped_by = "seconds"
            return None
        except PrivexError as error:
            return error
        if answer.status in (404, 410):
            self._report.skip(stop.address, "gone")
            return None
        if answer.status != 200:
            return SourceUnavailableError(f"The page answered with status {answer.status}.", status=answer.status)
        return answer

    async def _shown(self, answer: FetchedResponse) -> FetchedResponse:
        return await self._renderer.render(answer) if self._renderer is not None else answer

    async def _judge(self, stop: _Stop, answer: FetchedResponse) -> LoadedItem | None:
        """The page as an item, or None after a note why it is none; its links are met either way."""
        self._bytes += len(answer.body)
        address = normalize(answer.final_url) or stop.address
        if address != stop.address and not await self._accepts(stop, address):
            return None
        self._met.add(address)
        try:
            item = build_item(answer)
        except UnsupportedMediaTypeError:
            self._report.skip(stop.address, "unsupported")
            return None
        if not item.filename.endswith(".html"):
            return self._take(replace(item, key=address, url=address))
        facts = await asyncio.to_thread(
            read_page,
            answer.body,
            address=address,
            encoding=answer.encoding,
            robots_header=answer.headers.get("x-robots-tag", ""),
        )
        return self._judge_page(replace(stop, address=address), item, facts)

    async def _accepts(self, stop: _Stop, final: str) -> bool:
        """Whether the place that a page sent us to may be read."""
        if final in self._taken:
            self._report.skip(stop.address, "duplicate")
        elif not self._site.holds(final):
            self._report.skip(stop.address, "other_site")
        elif not (await self._visits.robots_of(final)).allow(final):
            self._report.skip(stop.address, "robots")
        elif not self._plan.wishes.allow(final) and stop.address != self._plan.start:
            self._report.skip(stop.address, "not_wanted")
        else:
            return True
        return False

    def _judge_page(self, stop: _Stop, item: LoadedItem, facts: PageFacts) -> LoadedItem | None:
        if facts.refresh_to and facts.refresh_to != stop.address:
            self._report.skip(stop.address, "refresh")
            if stop.refreshes < MOST_REFRESHES:
                self._meet(facts.refresh_to, depth=stop.depth, refreshes=stop.refreshes + 1)
            return None
        if not facts.is_nofollow:
            for link in facts.links:
                self._meet(link, depth=stop.depth + 1)
        if reason := self._reason_against(stop.address, facts):
            self._report.skip(stop.address, reason)
            return None
        key = facts.canonical if facts.canonical and is_same_page(facts.canonical, stop.address) else stop.address
        self._met.add(key)
        self._hashes[facts.text_hash] = key
        return self._take(replace(item, key=key, url=key, name=facts.title or item.name, language=facts.language))

    def _reason_against(self, address: str, facts: PageFacts) -> str | None:
        if facts.is_noindex:
            return "noindex"
        if address == self._plan.start and not self._plan.wishes.allow(address):
            return "not_wanted"
        if not facts.text_hash:
            return "no_text"
        # A page that calls another its original is believed if they differ in parameters only, or not in words.
        is_variant = facts.canonical in self._taken and is_same_page(facts.canonical or "", address)
        return "duplicate" if is_variant or facts.text_hash in self._hashes else None

    def _take(self, item: LoadedItem) -> LoadedItem:
        self._taken[item.key] = item.filename
        self._report.loaded += 1
        return item

    def _note(self, address: str, error: PrivexError) -> None:
        if isinstance(error, FetchTooLargeError):
            self._report.skip(address, "too_large")
        else:
            self._report.fail(address, error)


def _is_sitemap(address: str) -> bool:
    return urlsplit(address).path.lower().endswith((".xml", ".xml.gz"))
