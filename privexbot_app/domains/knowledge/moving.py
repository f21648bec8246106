"""Move the vectors of a knowledge base to another store, or anew into the same one, while bots go on answering.

They are copied beside the old ones under the next generation, without embedding anything again; when copy and rows
agree, one transaction switches, and a job removes the old ones. Killed before the switch, nothing has changed for
anybody, and the next run goes on from what has been copied; killed after it, the job is in the outbox.

What people do meanwhile is met so: a document that was indexed again is copied again; one that is at work when we
switch starts over; one whose vectors the old store has lost is indexed.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import isclose
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.knowledge.models import Chunk, Document, KnowledgeBase
from privexbot_app.domains.knowledge.reindexing import ReindexRunningError
from privexbot_app.domains.knowledge.repository import (
    IN_USE,
    ChunkRepository,
    KnowledgeBaseRepository,
    RebuildRepository,
)
from privexbot_app.domains.knowledge.schemas import KnowledgeSettings
from privexbot_app.domains.knowledge.service import queue, space_of
from privexbot_app.domains.knowledge.states import OPEN, RebuildStatus
from privexbot_app.domains.tenancy.service import TenancyService, scope_of_job
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.integrations.vector_stores.base import VectorRecord, VectorStore
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.errors import ConflictError, NotFoundError, UnavailableError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Namespace, Scope

log = get_logger(__name__)

BATCH = 500
MOST_ROUNDS = 20
CLAIM_SECONDS = 60
MOST_LOOKS = 8
Tell = Callable[[str], None]


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


class MoveNotVerifiedError(UnavailableError):
    """The new store does not hold what was written to it."""

    code = "move_not_verified"

    def __init__(self, *, missing: int, surplus: int) -> None:
        message = "The new vector store does not hold all that was copied. Nothing was switched."
        super().__init__(message, missing=missing, surplus=surplus)


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


@dataclass(frozen=True)
class _Move:
    """From where to where."""

    works: Workshop
    scope: Scope
    base_id: UUID
    generation: int
    source_name: str
    target_name: str
    pause: Callable[[float], Awaitable[None]]

    @property
    def source(self) -> VectorStore:
        return self.works.plugins.vector_stores.get(self.source_name)

    @property
    def target(self) -> VectorStore:
        return self.works.plugins.vector_stores.get(self.target_name)

    @property
    def old_space(self) -> Namespace:
        return space_of(self.scope, self.base_id, generation=self.generation)

    @property
    def new_space(self) -> Namespace:
        return space_of(self.scope, self.base_id, generation=self.generation + 1)


@dataclass
class _Inventory:
    """The documents of a knowledge base as they stood, and where their chunks belong.

    attempts: by document, the attempt that indexed it and its state; another one means other chunks.
    """

    attempts: dict[UUID, tuple[int, str]] = field(default_factory=dict)
    document_of: dict[UUID, UUID] = field(default_factory=dict)

    def changed_since(self, earlier: "_Inventory") -> set[UUID]:
        """Documents that are new or were indexed anew."""
        return {id for id, attempt in self.attempts.items() if earlier.attempts.get(id) != attempt}

    def chunks_of(self, documents: set[UUID]) -> list[UUID]:
        """All chunks of some documents."""
        return [chunk for chunk, document in self.document_of.items() if document in documents]


async def scope_of_base(works: Workshop, base_id: UUID) -> Scope:
    """The scope in which an operator moves a knowledge base. Raises NotFoundError."""
    async with works.open(SystemScope("find the workspace of a knowledge base to move"), read_only=True) as work:
        found = await work.session.execute(
            select(col(KnowledgeBase.workspace_id)).where(col(KnowledgeBase.id) == base_id)
        )
        workspace_id = found.scalar_one_or_none()
    if workspace_id is None:
        raise NotFoundError("There is no such knowledge base.", code="knowledge_base_not_found")
    async with works.open(None, read_only=True) as work:
        organization_id = await TenancyService(work).organization_of(workspace_id)
    return scope_of_job(organization_id, workspace_id, job="knowledge.move_vectors")


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
    move = _Move(works, scope, base_id, base.generation, held_in, to, pause)
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
async def _claim(move: _Move) -> AsyncIterator[None]:
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


async def _remove_copy_of_deleted(move: _Move) -> None:
    """What was copied of a knowledge base that somebody has deleted is nobody's."""
    async with move.works.open(move.scope, read_only=True) as work:
        base = await work.repository(KnowledgeBaseRepository).find(move.base_id)
    if base is None:
        await move.target.delete_space(move.new_space)


async def _carry_out(move: _Move, tell: Tell) -> MoveResult:
    copied = _Inventory()
    lost: set[UUID] = set()
    for _ in range(MOST_ROUNDS):
        inventory = await _take_inventory(move)
        changed = inventory.changed_since(copied)
        lost = {id for id in lost if inventory.document_of.get(id, id) not in changed} & inventory.document_of.keys()
        lost |= await _copy(move, inventory, inventory.chunks_of(changed), tell)
        copied = inventory
        vectors = await _verify(move, set(inventory.document_of) - lost, tell)
        reindexed = await _switch(move, copied, lost)
        if reindexed is not None:
            log.info("knowledge_base.moved", knowledge_base_id=move.base_id, target=move.target_name, vectors=vectors)
            return MoveResult(vectors=vectors, reindexed=reindexed)
        tell("documents have changed in the meantime; copying these again")
    raise KeepsChangingError


async def _take_inventory(move: _Move) -> _Inventory:
    async with move.works.open(move.scope, read_only=True) as work:
        return await _read_inventory(work, move.base_id)


async def _read_inventory(work: Work, base_id: UUID) -> _Inventory:
    documents = select(col(Document.id), col(Document.attempt), col(Document.status)).where(
        col(Document.knowledge_base_id) == base_id
    )
    chunks = select(col(Chunk.id), col(Chunk.document_id)).where(
        col(Chunk.knowledge_base_id) == base_id, col(Chunk.is_enabled).is_(True), IN_USE
    )
    # Documents first: one that is indexed again in between then shows an older attempt, and is looked at again.
    attempts = {row[0]: (row[1], row[2]) for row in (await work.session.execute(documents)).all()}
    return _Inventory(attempts, {row[0]: row[1] for row in (await work.session.execute(chunks)).all()})


async def _copy(move: _Move, inventory: _Inventory, chunk_ids: Sequence[UUID], tell: Tell) -> set[UUID]:
    """Copy these chunks' vectors unless they are there already. Returns the chunks that the old store lacks."""
    lost: set[UUID] = set()
    there = await move.target.list_chunk_ids(move.new_space)
    for start in range(0, len(chunk_ids), BATCH):
        batch = chunk_ids[start : start + BATCH]
        vectors = await move.source.fetch_vectors(move.old_space, batch)
        # An earlier run may have copied a vector that was replaced since.
        copies = await move.target.fetch_vectors(move.new_space, [id for id in batch if id in there])
        records = [
            VectorRecord(id, inventory.document_of[id], vector)
            for id, vector in vectors.items()
            if id not in copies or not _is_same(copies[id], vector)
        ]
        await move.target.upsert(move.new_space, records)
        lost |= set(batch) - vectors.keys()
        tell(f"copied {min(start + BATCH, len(chunk_ids)):,} of {len(chunk_ids):,}")
    return lost


def _is_same(left: Sequence[float], right: Sequence[float]) -> bool:
    """Whether two vectors are one, but for what different engines round."""
    pairs: Iterable[tuple[float, float]] = zip(left, right, strict=False)
    return len(left) == len(right) and all(isclose(a, b, abs_tol=1e-5) for a, b in pairs)


async def _verify(move: _Move, expected: set[UUID], tell: Tell) -> int:
    """Compare ids and count in the new store with what must be there; give a slow one time to catch up."""
    held: set[UUID] = set()
    for look in range(MOST_LOOKS):
        held = await move.target.list_chunk_ids(move.new_space)
        if surplus := held - expected:
            await move.target.delete_chunks(move.new_space, surplus)
        elif held == expected and await move.target.count(move.new_space) == len(expected):
            return len(expected)
        tell("waiting for the new store to show all that was copied")
        await move.pause(0.5 * 2**look if look else 0)
    raise MoveNotVerifiedError(missing=len(expected - held), surplus=len(held - expected))


async def _switch(move: _Move, copied: _Inventory, lost: set[UUID]) -> int | None:
    """Let searches and indexing use the copy from now on. Returns how many documents are indexed again because their
    vectors were lost; None, without effect, if documents have changed since they were copied.
    """
    async with move.works.open(move.scope) as work:
        base = await _lock_base(work, move)
        await _require_no_rebuild(work, move.base_id)
        # Locks these rows first: a worker that claims one waits for us, and then reads the new place.
        at_work = await _lock_open_documents(work, move.base_id)
        now = await _read_inventory(work, move.base_id)
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


async def _lock_base(work: Work, move: _Move) -> KnowledgeBase:
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
