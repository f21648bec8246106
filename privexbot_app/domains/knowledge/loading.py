"""Load a draft's source of many items in the worker. Harmless when it runs twice: it begins again from nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

from privexbot_app.domains.knowledge.pages import (
    LoadState,
    StoredPage,
    read_state,
    write_pages,
    write_state,
)
from privexbot_app.domains.knowledge.repository import SourceRepository
from privexbot_app.domains.knowledge.schemas import LoadReport, SourceError
from privexbot_app.domains.knowledge.secrets import open_connector
from privexbot_app.domains.knowledge.sources import StoredSource, new_item_folder, store_item
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.integrations.source_connectors.base import (
    LoadedItem,
    ManyItemsConnector,
    NothingLoadedError,
    SourceConnector,
)
from privexbot_app.integrations.source_connectors.base import LoadReport as ConnectorReport
from privexbot_app.integrations.storages.base import FileMissingError, Storage
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.drafts import DraftNotFoundError
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope

log = get_logger(__name__)

DRAFT_KIND = "kb"
BEAT_SECONDS = 1.0
TAKE_OVER_AFTER = timedelta(seconds=20)
"""A load that has not written for this long has lost its worker, and a second delivery of its job begins again."""
STORED_AT_ONCE = 2
OUR_FAULT = SourceError(code="internal", message="Something went wrong on our side while reading this source.")
Result = TypeVar("Result")


class SourceGoneError(RuntimeError):
    """The source was removed while it was loaded; stop without a word."""


async def load_draft_source(works: Workshop, scope: Scope, draft_id: UUID, source_id: UUID) -> None:
    """Bring every item of a draft's source into the storage, or write down why that cannot be."""
    source = await _find(works, scope, draft_id, source_id)
    if source is None or await _is_settled(works.plugins.storage, source.folder):
        return
    load = _DraftLoad(works, scope, source)

    async def beat() -> None:
        if await _find(works, scope, draft_id, source_id) is None:
            raise SourceGoneError
        await load.write("running")

    try:
        await works.plugins.storage.delete_prefix(source.folder)
        await load.write("running")
        await attended(load.run(), beat, every_seconds=BEAT_SECONDS)
        if await _find(works, scope, draft_id, source_id) is None:
            raise SourceGoneError
    except (SourceGoneError, FileMissingError):
        # Who removes a source removes its folder at once, perhaps in the middle of a write.
        if await _find(works, scope, draft_id, source_id) is not None:
            raise
        # A draft that was finalized has its rows before it goes; then the folder belongs to documents.
        if not await _is_finalized(works, scope, source_id):
            await works.plugins.storage.delete_prefix(source.folder)


async def _is_settled(storage: Storage, folder: str) -> bool:
    """Whether the load has ended. Waits for one that another worker is at, until that ends or falls silent."""
    while True:
        state = await read_state(storage, folder)
        if state.status != "running" or state.updated_at < utc_now() - TAKE_OVER_AFTER:
            return state.status in ("ready", "failed")
        await asyncio.sleep(BEAT_SECONDS)


class _DraftLoad:
    """One load and how far it is."""

    def __init__(self, works: Workshop, scope: Scope, source: StoredSource) -> None:
        self._works, self._scope, self._source = works, scope, source
        self._plugins = works.plugins
        self._report = ConnectorReport()
        self._pages: list[StoredPage] = []
        self._listed = 0
        self._has_ended = False
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Load until the end, whatever it is."""
        error = None
        try:
            await self._load()
        except PrivexError as refused:
            log.info("source.not_loaded", source_id=self._source.view.source_id, code=refused.code)
            error = SourceError(code=refused.code, message=refused.message)
        except Exception as crash:
            log.error("source.load_crashed", source_id=self._source.view.source_id, exc_info=crash)
            error = OUR_FAULT
        await self.write("failed" if error else "ready", error)

    async def write(self, status: Any, error: SourceError | None = None) -> None:
        """Write down how far the load is, and the pages that have come since the last time."""
        state = LoadState(
            status=status,
            error=error,
            report=LoadReport.model_validate(self._report.to_json()),
            pages=len(self._pages),
            characters=sum(page.document["characters"] for page in self._pages),
            updated_at=utc_now(),
        )
        async with self._writing:
            # A beat that was under way when the load ended must not call it running again.
            if self._has_ended:
                return
            self._has_ended = status != "running"
            if len(self._pages) > self._listed:
                self._listed = len(self._pages)
                await write_pages(self._plugins.storage, self._source.folder, self._pages)
            await write_state(self._plugins.storage, self._source.folder, state)

    async def _load(self) -> None:
        source = self._source
        connector = await open_connector(
            self._works,
            self._scope,
            source.view.source_id,
            type=source.view.type,
            config=source.config,
            sealed=source.sealed,
        )

        async def store(item: LoadedItem) -> StoredPage:
            document = await store_item(self._plugins, new_item_folder(source.folder), item)
            return StoredPage.of(document, is_included=True)

        async for page in in_order(items_of(connector, self._report), store, at_once=STORED_AT_ONCE):
            self._pages.append(page)
        if not self._pages:
            raise NothingLoadedError(self._report)


async def items_of(connector: SourceConnector, report: ConnectorReport) -> AsyncIterator[LoadedItem]:
    """The items of a source of one or of many."""
    if isinstance(connector, ManyItemsConnector):
        async for item in connector.stream(report):
            yield item
        return
    for item in await connector.load():
        report.found += 1
        report.loaded += 1
        yield item


async def in_order(
    items: AsyncIterator[LoadedItem], treat: Callable[[LoadedItem], Awaitable[Result]], *, at_once: int
) -> AsyncIterator[Result]:
    """`treat(item)` for each, about `at_once` at a time while further items arrive; results in the items' order."""
    waiting: asyncio.Queue[asyncio.Future[Result] | None] = asyncio.Queue(maxsize=max(1, at_once - 1))
    started: set[asyncio.Future[Any]] = set()

    async def produce() -> None:
        try:
            async for item in items:
                task = asyncio.ensure_future(treat(item))
                started.add(task)
                await waiting.put(task)
        except Exception as error:
            # Handed on in its place: what arrived before it counts.
            failure: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
            failure.set_exception(error)
            await waiting.put(failure)
        await waiting.put(None)

    started.add(asyncio.ensure_future(produce()))
    try:
        while (task := await waiting.get()) is not None:
            yield await task
    finally:
        for running in started:
            running.cancel()
        await asyncio.gather(*started, return_exceptions=True)


async def attended(
    work: Coroutine[Any, Any, Result], beat: Callable[[], Awaitable[None]], *, every_seconds: float
) -> Result:
    """The result of `work`, with `beat` called while it runs. An error of `beat` stops the work."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=every_seconds))[0]:
            await beat()
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _is_finalized(works: Workshop, scope: Scope, source_id: UUID) -> bool:
    async with works.open(scope, read_only=True) as work:
        return await work.repository(SourceRepository).find(source_id) is not None


async def _find(works: Workshop, scope: Scope, draft_id: UUID, source_id: UUID) -> StoredSource | None:
    try:
        draft = await works.drafts.get(scope, DRAFT_KIND, draft_id)
    except DraftNotFoundError:
        return None
    for stored in draft.payload["sources"]:
        if stored["view"]["source_id"] == str(source_id):
            return StoredSource.from_json(stored)
    return None
