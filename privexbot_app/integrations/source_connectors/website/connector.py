"""Every page of a website, or of a folder of it, that a polite visitor may read."""

from collections.abc import AsyncIterator

from pydantic import BaseModel, Field

from privexbot_app.integrations.source_connectors.base import (
    SOURCE_CONNECTORS,
    LoadedItem,
    LoadReport,
    ManyItemsConnector,
)
from privexbot_app.integrations.source_connectors.rendering import maybe_rendering
from privexbot_app.integrations.source_connectors.website.crawl import Crawl, CrawlLimits, CrawlPlan
from privexbot_app.kit.http import HttpClient, OutboundPolicy, UrlNotAllowedError
from privexbot_app.kit.web.addresses import Site, Wishes, normalize

Pattern = str


@SOURCE_CONNECTORS.register("website")
class WebsiteConnector(ManyItemsConnector):
    """Follows links and sitemaps from one address, within its host and folder, as robots.txt allows."""

    limits = CrawlLimits()

    class Config(BaseModel):
        """Where to begin and how far to go."""

        url: str = Field(min_length=1, max_length=2000, description="Address to begin at: a page, or a sitemap.")
        max_pages: int = Field(100, ge=1, le=5000, description="Most pages to take in.")
        max_depth: int = Field(5, ge=0, le=20, description="Most clicks away from the first page.")
        include: list[Pattern] = Field(
            [], max_length=50, description="Only pages whose path matches one of these, e.g. /help/*."
        )
        exclude: list[Pattern] = Field([], max_length=50, description="No page whose path matches one of these.")
        is_whole_host: bool = Field(False, description="Also pages outside the folder of the first page.")
        uses_sitemap: bool = Field(True, description="Also the pages that the site's sitemaps list.")
        delay_seconds: float = Field(
            0.5, ge=0, le=30, description="Pause between two requests; robots.txt may ask more."
        )
        is_rendered: bool = Field(False, description="Run each page's scripts in a browser before it is read.")
        most_alike: int = Field(
            100, ge=1, le=5000, description="Most addresses that differ only in numbers or parameters."
        )

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._http = http

    async def stream(self, report: LoadReport) -> AsyncIterator[LoadedItem]:
        """See `ManyItemsConnector.stream`."""
        start = normalize(self.config.url)
        if start is None:
            # The client's own sentence says what is wrong with the address.
            await self._http.check(self.config.url, policy=OutboundPolicy.PUBLIC_ONLY)
            raise UrlNotAllowedError("This is not a web address.")
        await self._http.check(start, policy=OutboundPolicy.PUBLIC_ONLY)
        config = self.config
        plan = CrawlPlan(
            start=start,
            site=Site.around(start, is_whole_host=config.is_whole_host),
            is_whole_host=config.is_whole_host,
            wishes=Wishes(tuple(config.include), tuple(config.exclude)),
            max_pages=config.max_pages,
            max_depth=config.max_depth,
            uses_sitemap=config.uses_sitemap,
            delay_seconds=config.delay_seconds,
            most_alike=config.most_alike,
        )
        async with maybe_rendering(self._http, is_wanted=config.is_rendered) as renderer:
            async for item in Crawl(plan, self._http, self.limits, report, renderer).run():
                yield item
