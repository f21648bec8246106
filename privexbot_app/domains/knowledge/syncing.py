"""Load a source of a finished knowledge base again and bring its documents in step: added, changed, removed.

Runs in the worker, one load of a source at a time. A document whose text has changed is queued with its new text and
answers from its old chunks until the new ones are there; nobody touches what people uploaded or edited themselves.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from privexbot_app.domains.knowledge.loading import SourceGoneError, attended, in_order, items_of
from privexbot_app.domains.knowledge.repository import DocumentRepository, SourceRepository
from privexbot_app.domains.knowledge.schemas import SourceError, SyncReport
from privexbot_app.domains.knowledge.secrets import open_connector
from privexbot_app.domains.knowledge.service import KnowledgeService, next_sync, queue, take_in_document
from privexbot_app.domains.knowledge.sources import StoredDocument, new_item_folder, source_folder, store_item
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.integrations.source_connectors.base import LoadedItem, LoadReport, NothingLoadedError
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope

log = get_logger(__name__)

LEASE = timedelta(minutes=2)
BEAT_SECONDS = 10.0
STORED_AT_ONCE = 2
OUR_FAULT = SourceError(code="internal", message="Something went wrong on our side while reading this source.")


@dataclass(frozen=True)
class _Known:
    """A document that the source has already."""

    id: UUID
    content_hash: str
    is_edited: bool


@dataclass(frozen=True)
class _Task:
    """A claimed source and what is needed to load it."""

    source_id: UUID
    base_id: UUID
    type: str
    config: dict[str, Any]
    sealed: str
    excluded_keys: frozenset[str]
    known: dict[str, _Known]
    sync_minutes: int | None


async def sync_source(works: Workshop, scope: Scope, source_id: UUID) -> None:
    """Load a source again, or write down why that cannot be. Does nothing if another worker is at it."""
    task = await _claim(works, scope, source_id)
    if task is None:
        return
    sync = _Sync(works, scope, task)

    async def beat() -> None:
        if not await _renew(works, scope, source_id, utc_now() + LEASE):
            raise SourceGoneError

    error = None
    try:
        await attended(sync.run(), beat, every_seconds=BEAT_SECONDS)
    except SourceGoneError:
        await works.plugins.storage.delete_prefix(source_folder(scope, source_id))
        return
    except PrivexError as refused:
        error = SourceError(code=refused.code, message=refused.message)
    except Exception as crash:
        log.error("source.sync_crashed", source_id=source_id, exc_info=crash)
        error = OUR_FAULT
    await _finish(works, scope, task, sync.build_report(error))


async def _claim(works: Workshop, scope: Scope, source_id: UUID) -> _Task | None:
    async with works.open(scope) as work:
        sources = work.repository(SourceRepository)
        if not await sources.claim(source_id, now=utc_now(), until=utc_now() + LEASE):
            return None
        source = await sources.get(source_id)
        documents = await work.repository(DocumentRepository).list_of_source(source_id)
        return _Task(
            source_id=source_id,
            base_id=source.knowledge_base_id,
            type=source.type,
            config=source.config,
            sealed=source.sealed,
            excluded_keys=frozenset(source.excluded_keys),
            known={row.source_key: _Known(row.id, row.content_hash, row.is_edited) for row in documents},
            sync_minutes=source.sync_minutes,
        )


async def _renew(works: Workshop, scope: Scope, source_id: UUID, until: datetime) -> bool:
    async with works.open(scope) as work:
        return await work.repository(SourceRepository).change(source_id, syncing_until=until)


async def _finish(works: Workshop, scope: Scope, task: _Task, report: SyncReport) -> None:
    async with works.open(scope) as work:
        await work.repository(SourceRepository).change(
            task.source_id,
            syncing_until=None,
            last_synced_at=utc_now(),
            next_sync_at=next_sync(task.sync_minutes),
            last_report=report.model_dump(mode="json"),
        )
    log.info("source.synced", source_id=task.source_id, **report.model_dump(include=_COUNTS))


_COUNTS = {"added", "changed", "removed", "unchanged", "kept_edited"}


class _Sync:
    """One load compared with what is there."""

    def __init__(self, works: Workshop, scope: Scope, task: _Task) -> None:
        self._works, self._scope, self._task = works, scope, task
        self._storage = works.plugins.storage
        self._report = LoadReport()
        self._counts: Counter[str] = Counter()
        self._seen: set[str] = set()

    async def run(self) -> None:
        """Bring the documents in step. Raises the connector's errors, and NothingLoadedError for an empty source."""
        task = self._task
        connector = await open_connector(
            self._works,
            self._scope,
            task.source_id,
            type=task.type,
            config=task.config,
            sealed=task.sealed,
        )
        items = items_of(connector, self._report)
        async for stored in in_order(items, self._store_if_wanted, at_once=STORED_AT_ONCE):
            if stored is not None:
                await self._apply(stored)
        if not self._seen:
            raise NothingLoadedError(self._report)
        for key in await self._vanished():
            await self._remove(key)

    def build_report(self, error: SourceError | None) -> SyncReport:
        """What has changed so far."""
        counts = {name: self._counts[name] for name in _COUNTS}
        return SyncReport(**self._report.to_json(), **counts, error=error)

    async def _store_if_wanted(self, item: LoadedItem) -> StoredDocument | None:
        self._seen.add(item.key)
        if item.key in self._task.excluded_keys:
            return None
        known = self._task.known.get(item.key)
        if known is not None and known.is_edited:
            self._counts["kept_edited"] += 1
            return None
        folder = new_item_folder(source_folder(self._scope, self._task.source_id))
        return await store_item(self._works.plugins, folder, item)

    async def _apply(self, stored: StoredDocument) -> None:
        known = self._task.known.get(stored.key)
        if stored.error is not None:
            self._report.failed[stored.error.code] += 1
        elif known is None:
            await self._add(stored)
            return
        elif known.content_hash != stored.content_hash:
            await self._replace(known.id, stored)
            return
        else:
            self._counts["unchanged"] += 1
        await self._storage.delete_prefix(stored.folder)

    async def _add(self, stored: StoredDocument) -> None:
        async with self._works.open(self._scope) as work:
            if await work.repository(SourceRepository).find(self._task.source_id) is None:
                raise SourceGoneError
            take_in_document(work, self._task.base_id, self._task.source_id, stored)
        self._counts["added"] += 1

    async def _replace(self, document_id: UUID, stored: StoredDocument) -> None:
        async with self._works.open(self._scope) as work:
            document = await work.repository(DocumentRepository).find(document_id)
            is_ours = document is not None and not document.is_edited
            if document is not None and is_ours:
                work.record_job("knowledge.delete_folder", folder=document.storage_path)
                document.name, document.url, document.media_type = stored.name, stored.url, stored.media_type
                document.size_bytes, document.content_hash = stored.size_bytes, stored.content_hash
                document.storage_path = stored.folder
                queue(work, document)
        if is_ours:
            self._counts["changed"] += 1
        else:
            await self._storage.delete_prefix(stored.folder)

    async def _vanished(self) -> list[str]:
        """Keys of documents that the source holds no more. Only a complete load tells that of what it did not meet."""
        missing = [key for key, known in self._task.known.items() if key not in self._seen and not known.is_edited]
        return missing if self._report.is_complete else [key for key in missing if key in self._report.gone]

    async def _remove(self, key: str) -> None:
        async with self._works.open(self._scope) as work:
            document = await work.repository(DocumentRepository).find(self._task.known[key].id)
            if document is None:
                return
            await KnowledgeService(work).delete_document(self._task.base_id, document.id)
        self._counts["removed"] += 1
