"""Sources of a knowledge base: where its documents come from, and loading them again."""

from uuid import UUID

from fastapi import APIRouter

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.knowledge.connected import SourceService
from privexbot_app.domains.knowledge.schemas import KnowledgeSourceChange, KnowledgeSourceView
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/kb/{kb_id}/sources", tags=["sources"])


@router.get("")
async def list_sources(
    kb_id: UUID, scope: CurrentScope, paging: Paging, installation: RuntimeDep
) -> Page[KnowledgeSourceView]:
    """Where the documents of a knowledge base come from, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await SourceService(work).list_sources(kb_id, paging)


@router.get("/{source_id}")
async def get_source(
    kb_id: UUID, source_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> KnowledgeSourceView:
    """A source and what became of its last load."""
    async with installation.works.open(scope, read_only=True) as work:
        return await SourceService(work).get_source(kb_id, source_id)


@router.patch("/{source_id}")
async def change_source(
    kb_id: UUID, source_id: UUID, body: KnowledgeSourceChange, scope: CurrentScope, installation: RuntimeDep
) -> KnowledgeSourceView:
    """Choose how often a source is loaded again."""
    async with installation.works.open(scope) as work:
        return await SourceService(work).change_source(kb_id, source_id, body)


@router.delete("/{source_id}", status_code=204)
async def delete_source(kb_id: UUID, source_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Delete a source with its documents."""
    async with installation.works.open(scope) as work:
        await SourceService(work).delete_source(kb_id, source_id)


@router.post("/{source_id}/sync", status_code=202)
async def sync_source(
    kb_id: UUID, source_id: UUID, scope: CurrentScope, installation: RuntimeDep
) -> KnowledgeSourceView:
    """Load a source again: what is new is added, what has changed is indexed again, what is gone is deleted."""
    async with installation.works.open(scope) as work:
        return await SourceService(work).request_sync(kb_id, source_id)
