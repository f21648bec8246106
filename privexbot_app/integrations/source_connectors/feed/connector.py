"""The entries of an RSS, Atom or JSON feed, with the whole article where the feed gives only its beginning."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from dataclasses import replace

from pydantic import BaseModel, Field

from privexbot_app.integrations.source_connectors.answers import build_item
from privexbot_app.integrations.source_connectors.base import (
    SOURCE_CONNECTORS,
    LoadedItem,
    LoadReport,
    ManyItemsConnector,
    SourceUnavailableError,
    UnsupportedMediaTypeError,
)
from privexbot_app.integrations.source_connectors.feed.entries import FeedEntry, read_feed
from privexbot_app.integrations.source_connectors.visits import Visits
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.http import HttpClient, OutboundPolicy

MAX_BYTES = 10_000_000
TIMEOUT_SECONDS = 20.0
_TAG = re.compile(r"<[^>]*>")


@SOURCE_CONNECTORS.register("feed")
class FeedConnector(ManyItemsConnector):
    """One document for each entry. An entry shorter than wished is read from its page, as robots.txt allows."""

    class Config(BaseModel):
        """Which feed."""

        url: str = Field(min_length=1, max_length=2000, description="Address of the feed.")
        max_items: int = Field(100, ge=1, le=2000, description="Most entries to take in.")
        fetches_pages: bool = Field(True, description="Read the page of an entry that gives only its beginning.")
        full_text_characters: int = Field(
            1000, ge=0, le=100_000, description="An entry with at least this much text counts as whole."
        )
        delay_seconds: float = Field(0.5, ge=0, le=30, description="Pause between two requests.")

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._http = http
        self._visits = Visits(
            http, delay_seconds=config.delay_seconds, page_bytes=MAX_BYTES, page_seconds=TIMEOUT_SECONDS
        )

    async def stream(self, report: LoadReport) -> AsyncIterator[LoadedItem]:
        """See `ManyItemsConnector.stream`. Raises FeedUnreadableError."""
        await self._http.check(self.config.url, policy=OutboundPolicy.PUBLIC_ONLY)
        answer = await self._visits.fetch(self.config.url)
        if answer.status != 200:
            raise SourceUnavailableError(f"The feed answered with status {answer.status}.", status=answer.status)
        feed = await asyncio.to_thread(read_feed, answer.body, address=answer.final_url)
        report.found = len(feed.entries)
        for entry in feed.entries:
            if report.loaded >= self.config.max_items:
                report.stopped_by = "items"
                return
            try:
                item = await self._item(entry)
            except UnsupportedMediaTypeError:
                report.skip(entry.key, "unsupported")
            except PrivexError as error:
                report.fail(entry.key, error)
            else:
                report.loaded += 1
                yield replace(item, language=item.language or feed.language)

    async def _item(self, entry: FeedEntry) -> LoadedItem:
        is_short = len(_TAG.sub("", entry.content).strip()) < self.config.full_text_characters
        if entry.url and is_short and self.config.fetches_pages:
            rules = await self._visits.robots_of(entry.url)
            answer = await self._visits.fetch(entry.url) if rules.allow(entry.url) else None
            if answer is not None and answer.status == 200:
                return replace(build_item(answer), key=entry.key, name=entry.title, version=entry.updated or None)
        return _own_item(entry)


def _own_item(entry: FeedEntry) -> LoadedItem:
    """The entry with what the feed itself says."""
    title = html.escape(entry.title)
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{entry.content}</body></html>"
    return LoadedItem(
        name=entry.title,
        filename="entry.html",
        content=page.encode(),
        media_type="text/html",
        url=entry.url,
        version=entry.updated or None,
        key=entry.key,
    )
