"""Knowledge work that happens later: indexing, removing remains; and its upkeep."""

from collections import defaultdict
from uuid import UUID

from privexbot_app.domains.knowledge.aligning import align_chunk
from privexbot_app.domains.knowledge.indexing import index_document, index_waiting
from privexbot_app.domains.knowledge.loading import load_draft_source
from privexbot_app.domains.knowledge.rebuilding import rebuild_base, remove_generation
from privexbot_app.domains.knowledge.repository import (
    DocumentRepository,
    KnowledgeBaseRepository,
    RebuildRepository,
    SourceRepository,
    list_abandoned,
    list_abandoned_rebuilds,
    list_due_sources,
    list_sealed_sources,
)
from privexbot_app.domains.knowledge.schemas import KnowledgeSettings
from privexbot_app.domains.knowledge.secrets import reseal
from privexbot_app.domains.knowledge.service import QUEUE_PATIENCE, next_sync, space_of
from privexbot_app.domains.knowledge.states import SETTLED, DocumentStatus
from privexbot_app.domains.knowledge.syncing import sync_source
from privexbot_app.domains.knowledge.upkeep import compare_vectors, remove_abandoned_sources
from privexbot_app.domains.tenancy.service import find_job_scope
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.jobs import job
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.purging import purger
from privexbot_app.kit.rotation import resealer
from privexbot_app.kit.schedules import schedule
from privexbot_app.kit.scope import Scope

log = get_logger(__name__)


@job("knowledge.index_document", queue="ingest", timeout_seconds=3600, retries=3)
async def run_index_document(works: Workshop, scope: Scope, *, document_id: str) -> None:
    """Index one document, and for a while those that wait beside it."""
    await index_document(works, scope, UUID(document_id))
    await index_waiting(works, scope, UUID(document_id))


@job("knowledge.rebuild", queue="ingest", timeout_seconds=6 * 3600, retries=1)
async def run_rebuild(works: Workshop, scope: Scope, *, base_id: str) -> None:
    """Index a knowledge base anew beside what is in use."""
    await rebuild_base(works, scope, UUID(base_id))


@job("knowledge.delete_generation", queue="fast", timeout_seconds=3600, retries=3)
async def run_delete_generation(
    works: Workshop, scope: Scope, *, base_id: str, generation: int, vector_store: str
) -> None:
    """Remove chunks and vectors that were replaced by those of another generation, or given up."""
    store = works.plugins.vector_stores.get(vector_store)
    await remove_generation(works, scope, UUID(base_id), generation, store)


@job("knowledge.align_chunk", queue="fast", timeout_seconds=300, retries=3)
async def run_align_chunk(works: Workshop, scope: Scope, *, document_id: str, chunk_id: str) -> None:
    """Bring the vector of a chunk that people have changed in step with its row."""
    await align_chunk(works, scope, UUID(document_id), UUID(chunk_id))


@job("knowledge.load_draft_source", queue="ingest", timeout_seconds=3600, retries=2)
async def run_load_draft_source(works: Workshop, scope: Scope, *, draft_id: str, source_id: str) -> None:
    """Load a draft's source of many items."""
    await load_draft_source(works, scope, UUID(draft_id), UUID(source_id))


@job("knowledge.sync_source", queue="ingest", timeout_seconds=3600, retries=1)
async def run_sync_source(works: Workshop, scope: Scope, *, source_id: str) -> None:
    """Load a source again and bring its documents in step."""
    await sync_source(works, scope, UUID(source_id))


@job("knowledge.delete_folder", queue="fast", timeout_seconds=300, retries=3)
async def run_delete_folder(works: Workshop, scope: Scope, *, folder: str) -> None:
    """Remove the files of a document that has others now."""
    await works.plugins.storage.delete_prefix(folder)


@job("knowledge.delete_remains", queue="fast", timeout_seconds=300, retries=3)
async def run_delete_remains(
    works: Workshop,
    scope: Scope,
    *,
    base_id: str,
    generation: int,
    vector_store: str,
    document_ids: list[str] | None,
    folders: list[str],
) -> None:
    """Remove vectors and files of rows that are gone; document_ids None means the whole knowledge base."""
    store = works.plugins.vector_stores.get(vector_store)
    space = space_of(scope, UUID(base_id), generation=generation)
    if document_ids is None:
        await store.delete_space(space)
    else:
        await store.delete_documents(space, [UUID(id) for id in document_ids])
    for folder in folders:
        await works.plugins.storage.delete_prefix(folder)


@schedule("knowledge.revive_documents", every_seconds=15)
async def revive_documents(works: Workshop) -> None:
    """Queue documents again whose worker has gone silent, which were postponed, or which the queue has lost."""
    async with works.open(SystemScope("revive abandoned documents"), read_only=True) as work:
        rows = await list_abandoned(work.session, now=utc_now())
        rebuilds = await list_abandoned_rebuilds(work.session, now=utc_now())
    for workspace_id, base_id in rebuilds:
        await _revive_rebuild(works, workspace_id, base_id)
    by_workspace: dict[UUID, list[UUID]] = defaultdict(list)
    for workspace_id, document_id in rows:
        by_workspace[workspace_id].append(document_id)
    for workspace_id, document_ids in by_workspace.items():
        await _revive(works, workspace_id, document_ids)


@schedule("knowledge.remove_abandoned_sources", every_seconds=3600)
async def remove_loose_files(works: Workshop) -> None:
    """Delete what abandoned drafts have left in the storage."""
    await remove_abandoned_sources(works)


@schedule("knowledge.compare_vectors", every_seconds=3600)
async def repair_vectors(works: Workshop) -> None:
    """Bring vector stores in step with the database."""
    await compare_vectors(works)


@schedule("knowledge.sync_due_sources", every_seconds=60)
async def sync_due_sources(works: Workshop) -> None:
    """Queue the sources whose next load is due."""
    async with works.open(SystemScope("sync due sources"), read_only=True) as work:
        rows = await list_due_sources(work.session, now=utc_now())
    for workspace_id, source_id in rows:
        scope = await find_job_scope(works, workspace_id, job="knowledge.sync_due_sources")
        if scope is None:
            continue
        async with works.open(scope) as work:
            sources = work.repository(SourceRepository)
            source = await sources.find(source_id)
            if source is None or source.sync_minutes is None:
                continue
            # The load sets the next time itself; this one is for a job that is lost.
            await sources.change(source_id, next_sync_at=next_sync(source.sync_minutes))
            work.record_job("knowledge.sync_source", source_id=str(source_id))


@purger("vectors")
async def purge_vectors(works: Workshop, scope: Scope) -> None:
    """Delete the vectors of a workspace that goes for good, of the generation in use and of one that is being built."""
    async with works.open(scope, read_only=True) as work:
        repository = work.repository(KnowledgeBaseRepository)
        bases = await repository.all(repository.query())
    for base in bases:
        store = works.plugins.vector_stores.get(KnowledgeSettings.model_validate(base.settings).vector_store)
        for generation in (base.generation, base.generation + 1):
            await store.delete_space(space_of(scope, base.id, generation=generation))


@resealer("credentials of sources")
async def reseal_sources(works: Workshop) -> int:
    """Seal the secrets of sources by the installation's present secret key. Returns how many needed it."""
    resealed = 0
    async with works.open(SystemScope("seal sources with the present secret")) as work:
        for source in await list_sealed_sources(work.session):
            if fresh := reseal(works.plugins, source.workspace_id, source.id, source.sealed):
                source.sealed = fresh
                resealed += 1
    return resealed


async def _revive_rebuild(works: Workshop, workspace_id: UUID, base_id: UUID) -> None:
    scope = await find_job_scope(works, workspace_id, job="knowledge.revive_documents")
    if scope is None:
        return
    async with works.open(scope) as work:
        if await work.repository(RebuildRepository).wait(
            base_id, now=utc_now(), lease_until=utc_now() + QUEUE_PATIENCE
        ):
            work.record_job("knowledge.rebuild", base_id=str(base_id))


async def _revive(works: Workshop, workspace_id: UUID, document_ids: list[UUID]) -> None:
    scope = await find_job_scope(works, workspace_id, job="knowledge.revive_documents")
    if scope is None:
        return
    async with works.open(scope) as work:
        documents = work.repository(DocumentRepository)
        for document_id in document_ids:
            document = await documents.find(document_id)
            if document is None or document.status in SETTLED:
                continue
            # Queued, not running: a worker that was only slow is fenced off, and no second job follows in a moment.
            document.status = DocumentStatus.QUEUED
            document.lease_until = utc_now() + QUEUE_PATIENCE
            work.record_job("knowledge.index_document", document_id=str(document_id))
    log.info("documents.revived", workspace_id=workspace_id, documents=len(document_ids))
