"""Change how a finished knowledge base cuts and embeds: begins and cancels a re-index. `rebuilding` carries it out."""

from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.knowledge.chunking import complete
from privexbot_app.domains.knowledge.models import KnowledgeBase, Rebuild
from privexbot_app.domains.knowledge.repository import DocumentRepository, KnowledgeBaseRepository, RebuildRepository
from privexbot_app.domains.knowledge.schemas import (
    KnowledgeBaseView,
    KnowledgeSettings,
    ReindexRequest,
)
from privexbot_app.domains.knowledge.service import QUEUE_PATIENCE, KnowledgeService
from privexbot_app.domains.knowledge.states import RebuildStatus
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import ConflictError, NotFoundError
from privexbot_app.kit.scope import Scope


class ReindexRunningError(ConflictError):
    """The knowledge base is being indexed anew already."""

    code = "reindex_running"

    def __init__(self) -> None:
        super().__init__("This knowledge base is being indexed anew. Wait until that is done, or cancel it.")


async def begin_reindex(
    works: Workshop, scope: Scope, base_id: UUID, wanted: ReindexRequest, *, is_queued: bool = True
) -> KnowledgeBaseView:
    """Begin to index a knowledge base anew; what is absent stays as it is set. Needs `kb.write`.

    is_queued: False for a caller that does the work itself. Raises ReindexRunningError, SettingsInvalidError, and
    InvalidError for a chunker or an embedding that is unknown.
    """
    scope.require("kb.write")
    async with works.open(scope, read_only=True) as work:
        base = await work.repository(KnowledgeBaseRepository).get(base_id)
    asked = {"chunking": wanted.chunking, "embedding": wanted.embedding, "is_redacted": wanted.is_redacted}
    present = KnowledgeSettings.model_validate(base.settings)
    settings = complete(
        present.model_copy(update={name: value for name, value in asked.items() if value is not None}), works.plugins
    )
    async with works.open(scope) as work:
        bases, rebuilds = work.repository(KnowledgeBaseRepository), work.repository(RebuildRepository)
        locked = await bases.lock(base_id)
        earlier = await rebuilds.find_of(base_id)
        if earlier is not None and earlier.status == RebuildStatus.RUNNING:
            raise ReindexRunningError
        generation = max(locked.generation, earlier.generation if earlier else 0) + 1
        if earlier is not None:
            await rebuilds.delete(earlier.id)
            await work.session.flush()
        await work.repository(DocumentRepository).forget_built(base_id)
        _add(work, locked, settings, generation)
        if is_queued:
            work.record_job("knowledge.rebuild", base_id=str(base_id))
        AuditService(work).record("knowledge_base.reindex_begun", base_id, embedding=settings.embedding)
        await work.session.flush()
        return await KnowledgeService(work).get_base(base_id)


async def cancel_reindex(work: Work, base_id: UUID) -> KnowledgeBaseView:
    """Give up a re-index, or take note that it has failed. Needs `kb.write`. Raises NotFoundError."""
    work.scope.require("kb.write")
    base = await work.repository(KnowledgeBaseRepository).get(base_id)
    rebuild = await work.repository(RebuildRepository).find_of(base_id)
    if rebuild is None:
        raise NotFoundError("This knowledge base is not being indexed anew.", code="reindex_not_found")
    await work.repository(RebuildRepository).delete(rebuild.id)
    record_removal(work, base, rebuild.generation)
    AuditService(work).record("knowledge_base.reindex_cancelled", base_id)
    return await KnowledgeService(work).get_base(base_id)


def record_removal(work: Work, base: KnowledgeBase, generation: int) -> None:
    """Have the chunks and vectors of a generation removed that is not in use."""
    work.record_job(
        "knowledge.delete_generation",
        base_id=str(base.id),
        generation=generation,
        vector_store=KnowledgeSettings.model_validate(base.settings).vector_store,
    )


def _add(work: Work, base: KnowledgeBase, settings: KnowledgeSettings, generation: int) -> None:
    work.repository(RebuildRepository).add(
        Rebuild(
            workspace_id=work.scope.workspace_id,
            knowledge_base_id=base.id,
            generation=generation,
            settings=settings.model_dump(mode="json"),
            lease_until=utc_now() + QUEUE_PATIENCE,
        )
    )
