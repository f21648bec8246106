"""What keeps storage, vectors and rows in step: finds what a crash, a lost job or an abandoned draft has left behind.

Each check reads in an order that makes work going on at the same moment look complete, so that nothing in use is
removed; whatever escapes one round is found by the next.
"""

from collections import defaultdict
from datetime import timedelta
from uuid import UUID

from privexbot_app.domains.knowledge.drafts import KIND
from privexbot_app.domains.knowledge.models import Document, KnowledgeBase
from privexbot_app.domains.knowledge.repository import (
    ChunkRepository,
    DocumentRepository,
    KnowledgeBaseRepository,
    list_every_base,
)
from privexbot_app.domains.knowledge.schemas import KnowledgeSettings
from privexbot_app.domains.knowledge.service import queue, space_of
from privexbot_app.domains.knowledge.sources import SOURCES
from privexbot_app.domains.tenancy.service import find_job_scope
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.ids import moment_of
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope

log = get_logger(__name__)

OLDEST_LOOSE_SOURCE = timedelta(hours=25)
"""A source in a folder of its own is safe for this long: longer than a draft lives that nobody saves."""
TENANTS = "ws"


async def remove_abandoned_sources(works: Workshop) -> int:
    """Delete folders of sources that neither a document nor a living draft names. Returns how many."""
    removed = 0
    for workspace_id, folders in (await _old_folders(works)).items():
        kept = await _folders_in_use(works, workspace_id)
        for folder in sorted(folder for folder in folders if not _is_in_use(folder, kept)):
            await works.plugins.storage.delete_prefix(folder)
            log.info("source.abandoned", workspace_id=workspace_id, folder=folder)
            removed += 1
    return removed


async def _old_folders(works: Workshop) -> dict[UUID, set[str]]:
    """Source folders past the safe age, by workspace. A source's id tells when it was made."""
    found: dict[UUID, set[str]] = defaultdict(set)
    youngest = utc_now() - OLDEST_LOOSE_SOURCE
    for path in await works.plugins.storage.list(TENANTS):
        parts = path.split("/")
        if len(parts) < 4 or parts[2] != SOURCES:
            continue
        # A source of many items has a folder for each in its own one.
        length = 5 if len(parts) > 5 else 4
        if moment_of(UUID(hex=parts[length - 1])) < youngest:
            found[UUID(hex=parts[1])].add("/".join(parts[:length]))
    return found


def _is_in_use(folder: str, kept: set[str]) -> bool:
    """Whether the folder, the one above it, or one below it is named by somebody."""
    return folder in kept or folder.rpartition("/")[0] in kept or any(one.startswith(f"{folder}/") for one in kept)


async def _folders_in_use(works: Workshop, workspace_id: UUID) -> set[str]:
    scope = await find_job_scope(works, workspace_id, job="knowledge.upkeep")
    if scope is None:
        return set()
    # Drafts first: a draft that is finalized in between has its documents by the time they are read.
    drafts = await works.drafts.list_all(scope, KIND)
    kept = {source["folder"] for draft in drafts for source in draft.payload["sources"]}
    async with works.open(scope, read_only=True) as work:
        return kept | await work.repository(DocumentRepository).list_folders()


async def compare_vectors(works: Workshop) -> None:
    """Compare every knowledge base's chunks with its vectors; remove vectors too many, index again what lacks some."""
    async with works.open(SystemScope("compare chunks with vectors"), read_only=True) as work:
        bases = await list_every_base(work.session)
    for workspace_id, base_id in bases:
        scope = await find_job_scope(works, workspace_id, job="knowledge.upkeep")
        if scope is None:
            continue
        try:
            await _compare_base(works, scope, base_id)
        except PrivexError as error:
            log.warning("vectors.not_compared", knowledge_base_id=base_id, code=error.code, cause=repr(error.__cause__))


async def _compare_base(works: Workshop, scope: Scope, base_id: UUID) -> None:
    async with works.open(scope, read_only=True) as work:
        base = await work.repository(KnowledgeBaseRepository).find(base_id)
        settled = await work.repository(ChunkRepository).list_ids(base_id, is_indexed=True)
    if base is None:
        return
    store = works.plugins.vector_stores.get(KnowledgeSettings.model_validate(base.settings).vector_store)
    space = space_of(scope, base_id, generation=base.generation)
    held = await store.list_chunk_ids(space)
    # Rows are written before their vectors, so after this reading a vector without a row has none.
    async with works.open(scope, read_only=True) as work:
        known = await work.repository(ChunkRepository).list_ids(base_id)
    if loose := held - known:
        log.warning("vectors.orphaned", knowledge_base_id=base_id, vectors=len(loose))
        await store.delete_chunks(space, loose)
    if lacking := settled - held:
        await _index_again(works, scope, base, sorted(lacking))


async def _index_again(works: Workshop, scope: Scope, base: KnowledgeBase, chunk_ids: list[UUID]) -> None:
    async with works.open(scope) as work:
        documents: dict[UUID, Document] = {}
        for start in range(0, len(chunk_ids), 500):
            found = await work.repository(DocumentRepository).list_of_chunks(chunk_ids[start : start + 500])
            documents |= {document.id: document for document in found}
        for document in documents.values():
            queue(work, document)
    log.warning("vectors.missing", knowledge_base_id=base.id, chunks=len(chunk_ids), documents=len(documents))
