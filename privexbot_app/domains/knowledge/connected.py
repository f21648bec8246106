"""Sources of finished knowledge bases: list, add, load again, forget. What a load does is in `syncing`."""

from collections.abc import Sequence
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.credentials.service import CredentialService
from privexbot_app.domains.knowledge.models import Source
from privexbot_app.domains.knowledge.pages import SourceBusyError
from privexbot_app.domains.knowledge.repository import (
    DocumentRepository,
    KnowledgeBaseRepository,
    SourceRepository,
)
from privexbot_app.domains.knowledge.schemas import KnowledgeSourceChange, KnowledgeSourceView, SyncReport
from privexbot_app.domains.knowledge.service import KnowledgeService, next_sync, take_in
from privexbot_app.domains.knowledge.sources import TYPED_TYPES, StoredSource
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import InvalidError, NotFoundError
from privexbot_app.kit.pagination import Page, PageParams

BY_HAND = TYPED_TYPES | {"file"}


class SourceNotSyncableError(InvalidError):
    """What was uploaded or typed cannot be loaded again."""

    code = "source_not_syncable"

    def __init__(self) -> None:
        super().__init__("This source was uploaded or typed, so there is nothing to load again.")


class SourceService:
    """Sources of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._sources = work.repository(SourceRepository)

    async def list_sources(self, base_id: UUID, params: PageParams) -> Page[KnowledgeSourceView]:
        """Sources of a knowledge base, newest first. Needs `kb.read`."""
        self._work.scope.require("kb.read")
        await self._work.repository(KnowledgeBaseRepository).get(base_id)
        page = await self._sources.page(params, Source.knowledge_base_id == base_id)
        return Page(items=await self._views(page.items), next_cursor=page.next_cursor)

    async def get_source(self, base_id: UUID, source_id: UUID) -> KnowledgeSourceView:
        """One source. Needs `kb.read`. Raises NotFoundError (`source_not_found`)."""
        self._work.scope.require("kb.read")
        return (await self._views([await self._find(base_id, source_id)]))[0]

    async def add_source(self, base_id: UUID, stored: StoredSource) -> KnowledgeSourceView:
        """Add a source of many items and have it loaded. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        await self._work.repository(KnowledgeBaseRepository).get(base_id)
        await take_in(self._work, base_id, [stored])
        source_id = stored.view.source_id
        self._work.record_job("knowledge.sync_source", source_id=str(source_id))
        AuditService(self._work).record("source.added", source_id, type=stored.view.type)
        return await self.get_source(base_id, source_id)

    async def request_sync(self, base_id: UUID, source_id: UUID) -> KnowledgeSourceView:
        """Have a source loaded again. Needs `kb.write`. Raises SourceNotSyncableError, SourceBusyError."""
        self._work.scope.require("kb.write")
        source = await self._find(base_id, source_id)
        if source.type in BY_HAND:
            raise SourceNotSyncableError
        if _is_syncing(source):
            raise SourceBusyError
        self._work.record_job("knowledge.sync_source", source_id=str(source_id))
        return (await self._views([source]))[0]

    async def change_source(self, base_id: UUID, source_id: UUID, change: KnowledgeSourceChange) -> KnowledgeSourceView:
        """Choose how often a source is loaded again. Needs `kb.write`. Raises SourceNotSyncableError."""
        self._work.scope.require("kb.write")
        source = await self._find(base_id, source_id)
        if source.type in BY_HAND:
            raise SourceNotSyncableError
        source.sync_minutes, source.next_sync_at = change.sync_minutes, next_sync(change.sync_minutes)
        AuditService(self._work).record("source.changed", source_id, sync_minutes=change.sync_minutes)
        return (await self._views([source]))[0]

    async def delete_source(self, base_id: UUID, source_id: UUID) -> None:
        """Delete a source with its documents. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        source = await self._find(base_id, source_id)
        for document in await self._work.repository(DocumentRepository).list_of_source(source_id):
            await KnowledgeService(self._work).delete_document(base_id, document.id)
        await self._sources.delete(source_id)
        await CredentialService(self._work).declare_uses(f"source:{source_id}", [])
        AuditService(self._work).record("source.deleted", source_id, name=source.name)

    async def _find(self, base_id: UUID, source_id: UUID) -> Source:
        source = await self._sources.get(source_id)
        if source.knowledge_base_id != base_id:
            raise NotFoundError("There is no such source.", code="source_not_found")
        return source

    async def _views(self, rows: Sequence[Source]) -> list[KnowledgeSourceView]:
        counts = await self._work.repository(DocumentRepository).count_by_source([row.id for row in rows])
        return [_view(row, counts.get(row.id, 0)) for row in rows]


def _is_syncing(source: Source) -> bool:
    return source.syncing_until is not None and source.syncing_until > utc_now()


def _view(source: Source, documents: int) -> KnowledgeSourceView:
    report = source.last_report
    return KnowledgeSourceView(
        source_id=source.id,
        type=source.type,
        name=source.name,
        config=source.config,
        has_secrets=bool(source.sealed),
        documents=documents,
        can_sync=source.type not in BY_HAND,
        sync_minutes=source.sync_minutes,
        is_syncing=_is_syncing(source),
        next_sync_at=source.next_sync_at,
        last_synced_at=source.last_synced_at,
        last_report=SyncReport.model_validate(report) if report else None,
        created_at=source.created_at,
    )
