"""Move the vectors of a knowledge base to another store, or anew into the same one, while bots go on answering.

They are copied beside the old ones under the next generation, without embedding anything again; when copy and rows
agree, one transaction switches, and a job removes the old ones. Killed before the switch, nothing has changed for
anybody, and the next run goes on from what has been copied; killed after it, the job is in the outbox.

What people do meanwhile is met so: a document that was indexed again is copied again; one that is at work when we
switch starts over; one whose vectors the old store has lost is indexed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.knowledge.copying import (
    Inventory,
    Move,
    Tell,
    copy,
    read_inventory,
    take_inventory,
    verify,
)
from privexbot_app.domains.knowledge.models import Document, KnowledgeBase
from privexbot_app.domains.knowledge.reindexing import ReindexRunningError
from privexbot_app.domains.knowledge.repository import (
    ChunkRepository,
    KnowledgeBaseRepository,
    RebuildRepository,
)
from privexbot_app.domains.knowledge.schemas import KnowledgeSettings
from privexbot_app.domains.knowledge.service import queue
from privexbot_app.domains.knowledge.states import OPEN, RebuildStatus
from privexbot_app.domains.tenancy.service import find_job_scope
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.errors import ConflictError, NotFoundError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Namespace, Scope

log = get_logger(__name__)

MOST_ROUNDS = 20
CLAIM_SECONDS = 60


class MovedMeanwhileError(ConflictError):
    """Somebody else has moved, rebuilt or deleted the knowledge base."""

    code = "knowledge_base_moved"

    def __init__(self) -> None:
        super().__init__("This knowledge base was moved or deleted by somebody else in the meantime.")


class MovingAlreadyError(ConflictError):
    """Another run is moving the knowledge base, or has died a moment ago."""

    code = "knowledge_base_moving"

    def __init__(self) -> None:
        super().__init__("This knowledge base is being moved already. If that run was killed, try again in a minute.")


class KeepsChangingError(ConflictError):
    """Documents are indexed faster than they are copied."""

    code = "knowledge_base_busy"

    def __init__(self) -> None:
        super().__init__("The documents of this knowledge base keep changing. Move it when indexing has calmed down.")


@dataclass(frozen=True)
class MoveResult:
    """What a move did. reindexed: documents that are indexed into the new store, since their vectors were lost."""

    vectors: int
    reindexed: int
    is_moved: bool = True


async def scope_of_base(works: Workshop, base_id: UUID) -> Scope:
    """The scope in which an operator moves a knowledge base. Raises NotFoundError."""
    async with works.open(SystemScope("find the workspace of a knowledge base to move"), read_only=True) as work:
        found = await work.session.execute(
            select(col(KnowledgeBase.workspace_id)).where(col(KnowledgeBase.id) == base_id)
        )
        workspace_id = found.scalar_one_or_none()
    scope = await find_job_scope(works, workspace_id, job="knowledge.move_vectors") if workspace_id else None
    if scope is None:
        raise NotFoundError("There is no such knowledge base.", code="knowledge_base_not_found")
    return scope


async def move_vectors(
    works: Workshop,
    scope: Scope,
    base_id: UUID,
    *,
    to: str,
    is_rebuilt: bool = False,
    tell: Tell = lambda line: None,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> MoveResult:
    """Move a knowledge base to the store named `to`; without effect if it is there, unless `is_rebuilt`.

    tell: hears of progress, a line at a time. pause: replaced in tests. Raises NotFoundError, InvalidError for a store
    that is unknown, MovingAlreadyError, MovedMeanwhileError, MoveNotVerifiedError, KeepsChangingError, and what the
    stores raise.
    """
    async with works.open(scope, read_only=True) as work:
        base = await work.repository(KnowledgeBaseRepository).get(base_id)
    held_in = KnowledgeSettings.model_validate(base.settings).vector_store
    move = Move(works, scope, base_id, base.generation, held_in, to, pause)
    async with works.open(scope, read_only=True) as work:
        await _require_no_rebuild(work, base_id)
    await move.target.check()
    if to == held_in and not is_rebuilt:
        return MoveResult(vectors=await move.source.count(move.old_space), reindexed=0, is_moved=False)
    await move.source.check()
    async with _claim(move):
        try:
            return await _carry_out(move, tell)
        except MovedMeanwhileError:
            await _remove_copy_of_deleted(move)
            raise


@asynccontextmanager
async def _claim(move: Move) -> AsyncIterator[None]:
    """Keep other runs away: what one has switched to, another would take for surplus. A dead run's claim ends soon."""
    key = move.scope.key("move_vectors", move.base_id)
    if not await move.works.redis.set(key, "1", nx=True, ex=CLAIM_SECONDS):
        raise MovingAlreadyError

    async def renew() -> None:
        while True:
            await asyncio.sleep(CLAIM_SECONDS / 3)
            await move.works.redis.expire(key, CLAIM_SECONDS)

    keeper = asyncio.create_task(renew())
    try:
        yield
    finally:
        keeper.cancel()
        await move.works.redis.delete(key)


async def _remove_copy_of_deleted(move: Move) -> None:
    """What was copied of a knowledge base that somebody has deleted is nobody's."""
    async with move.works.open(move.scope, read_only=True) as work:
        base = await work.repository(KnowledgeBaseRepository).find(move.base_id)
    if base is None:
        await move.target.delete_space(move.new_space)


async def _carry_out(move: Move, tell: Tell) -> MoveResult:
    copied = Inventory()
    lost: set[UUID] = set()
    for _ in range(MOST_ROUNDS):
        inventory = await take_inventory(move)
        changed = inventory.changed_since(copied)
        lost = {id for id in lost if inventory.document_of.get(id, id) not in changed} & inventory.document_of.keys()
        lost |= await copy(move, inventory, inventory.chunks_of(changed), tell)
        copied = inventory
        vectors = await verify(move, set(inventory.document_of) - lost, tell)
        reindexed = await _switch(move, copied, lost)
        if reindexed is not None:
            log.info("knowledge_base.moved", knowledge_base_id=move.base_id, target=move.target_name, vectors=vectors)
            return MoveResult(vectors=vectors, reindexed=reindexed)
        tell("documents have changed in the meantime; copying these again")
    raise KeepsChangingError


async def _switch(move: Move, copied: Inventory, lost: set[UUID]) -> int | None:
    """Let searches and indexing use the copy from now on. Returns how many documents are indexed again because their
    vectors were lost; None, without effect, if documents have changed since they were copied.
    """
    async with move.works.open(move.scope) as work:
        base = await _lock_base(work, move)
        await _require_no_rebuild(work, move.base_id)
        # Locks these rows first: a worker that claims one waits for us, and then reads the new place.
        at_work = await _lock_open_documents(work, move.base_id)
        now = await read_inventory(work, move.base_id)
        if now.changed_since(copied) - at_work.keys():
            return None
        incomplete = {now.document_of[chunk] for chunk in lost if chunk in now.document_of} - at_work.keys()
        for document in (*at_work.values(), *await _list_documents(work, incomplete)):
            queue(work, document)
        await work.repository(ChunkRepository).take_along(move.base_id, move.generation, move.generation + 1)
        base.generation = move.generation + 1
        base.settings = {**base.settings, "vector_store": move.target_name}
        _record_removal(work, move.old_space, move.source_name, None)
        if deleted := copied.attempts.keys() - now.attempts.keys():
            _record_removal(work, move.new_space, move.target_name, [str(id) for id in deleted])
        AuditService(work).record(
            "knowledge_base.moved", move.base_id, source=move.source_name, target=move.target_name
        )
        return len(incomplete)


async def _require_no_rebuild(work: Work, base_id: UUID) -> None:
    rebuild = await work.repository(RebuildRepository).find_of(base_id)
    if rebuild is not None and rebuild.status == RebuildStatus.RUNNING:
        raise ReindexRunningError


def _record_removal(work: Work, space: Namespace, store_name: str, document_ids: list[str] | None) -> None:
    work.record_job(
        "knowledge.delete_remains",
        base_id=str(space.id),
        generation=space.generation,
        vector_store=store_name,
        document_ids=document_ids,
        folders=[],
    )


async def _lock_base(work: Work, move: Move) -> KnowledgeBase:
    bases = work.repository(KnowledgeBaseRepository)
    base = await bases.one(bases.query(KnowledgeBase.id == move.base_id).with_for_update())
    if base is None or base.generation != move.generation:
        raise MovedMeanwhileError
    return base


async def _lock_open_documents(work: Work, base_id: UUID) -> dict[UUID, Document]:
    statement = select(Document).where(col(Document.knowledge_base_id) == base_id, col(Document.status).in_(OPEN))
    rows = await work.session.execute(statement.order_by(col(Document.id)).with_for_update())
    return {document.id: document for document in rows.scalars().all()}


async def _list_documents(work: Work, ids: set[UUID]) -> Sequence[Document]:
    return (
        (await work.session.execute(select(Document).where(col(Document.id).in_(ids)))).scalars().all() if ids else []
    )
