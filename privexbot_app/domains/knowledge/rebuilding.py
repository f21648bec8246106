"""Index a knowledge base anew beside what is in use, and switch when all is there. Runs in the worker.

Every document is cut and embedded into the next generation, while searches and people go on in the present one. What
changes meanwhile is built again; when nothing is missing, one transaction switches, and a job removes what was in use.
Killed before that, nothing has changed for anybody, and the next run goes on with the documents that are not built.
A document that cannot be indexed with the new settings stops the re-index: nothing is lost that was found before.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.knowledge.content import ensure_text
from privexbot_app.domains.knowledge.cutting import Place
from privexbot_app.domains.knowledge.indexing import EMBED_AT_ONCE, OUR_FAULT, TRANSIENT, cut, embed
from privexbot_app.domains.knowledge.models import Document
from privexbot_app.domains.knowledge.reindexing import record_removal
from privexbot_app.domains.knowledge.repository import (
    ChunkRepository,
    DocumentRepository,
    KnowledgeBaseRepository,
    RebuildRepository,
)
from privexbot_app.domains.knowledge.schemas import KnowledgeSettings
from privexbot_app.domains.knowledge.service import queue, space_of
from privexbot_app.domains.knowledge.states import RebuildStatus
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.integrations.vector_stores.base import VectorStore
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import PrivexError, UnavailableError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Namespace, Scope

log = get_logger(__name__)

LEASE = timedelta(seconds=30)
RENEWAL_SECONDS = 10
BACKOFF = timedelta(seconds=15)
MOST_TRIES = 8
MOST_ROUNDS = 20
Tell = Callable[[str], None]


class KeptChangingError(UnavailableError):
    """Documents change faster than they are built; the job is tried again."""

    code = "reindex_outrun"

    def __init__(self) -> None:
        super().__init__("The documents of this knowledge base keep changing. Index it anew when that has calmed down.")


class _GivenUpError(RuntimeError):
    """The re-index was cancelled, or another worker is at it; stop without a word."""


class _DocumentError(RuntimeError):
    """A document cannot be indexed with the new settings."""

    def __init__(self, name: str, cause: PrivexError) -> None:
        super().__init__(name)
        self.name, self.cause = name, cause


@dataclass(frozen=True)
class _Task:
    """A claimed re-index and what is needed for it."""

    rebuild_id: UUID
    base_id: UUID
    attempt: int
    tries: int
    space: Namespace
    settings: KnowledgeSettings
    store: VectorStore


async def rebuild_base(works: Workshop, scope: Scope, base_id: UUID, *, tell: Tell = lambda line: None) -> bool:
    """Index a knowledge base anew as it was asked for. False if that failed, was cancelled, or is not to be done now.

    tell: hears of progress, a line at a time.
    """
    task = await _claim(works, scope, base_id)
    if task is None:
        return False
    try:
        async with _lease(works, scope, task):
            await _build(works, scope, task, tell)
    except _GivenUpError:
        await _remove_remains(works, scope, task)
        return False
    except _DocumentError as error:
        await _fail(works, scope, task, error.cause.code, f"“{error.name}”: {error.cause.message}")
        return False
    except Exception as error:
        await _postpone_or_fail(works, scope, task, error)
        return False
    log.info("knowledge_base.reindexed", knowledge_base_id=base_id, generation=task.space.generation)
    return True


async def _claim(works: Workshop, scope: Scope, base_id: UUID) -> _Task | None:
    now = utc_now()
    async with works.open(scope) as work:
        rebuilds = work.repository(RebuildRepository)
        row = await rebuilds.claim(base_id, now=now, lease_until=now + LEASE)
        if row is None:
            return None
        settings = KnowledgeSettings.model_validate(row.settings)
        return _Task(
            rebuild_id=row.id,
            base_id=base_id,
            attempt=row.attempt,
            tries=row.tries,
            space=space_of(scope, base_id, generation=row.generation),
            settings=settings,
            store=works.plugins.vector_stores.get(settings.vector_store),
        )


async def _build(works: Workshop, scope: Scope, task: _Task, tell: Tell) -> None:
    generation = task.space.generation
    async with works.open(scope) as work:
        documents = work.repository(DocumentRepository)
        if not await documents.count_built(task.base_id, generation):
            # What a cancelled run has left here may be of another length.
            await work.repository(ChunkRepository).delete_generation(task.base_id, generation)
            is_new = True
        else:
            is_new = False
    if is_new:
        await task.store.delete_space(task.space)
    for _ in range(MOST_ROUNDS):
        await _build_missing(works, scope, task, tell)
        await _verify(works, scope, task)
        if await _switch(works, scope, task):
            tell("switched")
            return
        tell("documents have changed in the meantime; building these again")
    raise KeptChangingError


async def _build_missing(works: Workshop, scope: Scope, task: _Task, tell: Tell) -> None:
    """Build every indexed document that is not built as it is now."""
    while True:
        async with works.open(scope) as work:
            documents = work.repository(DocumentRepository)
            missing = await documents.list_unbuilt(task.base_id, task.space.generation, limit=100)
            total = await documents.count_indexed(task.base_id)
            done = await documents.count_built(task.base_id, task.space.generation)
            await _advance(work, task, total=total, done=done)
        if not missing:
            return
        for document in missing:
            await _build_document(works, scope, task, document)
            done = min(done + 1, total)
            tell(f"{done:,} of {total:,} documents")
            async with works.open(scope) as work:
                await _advance(work, task, done=done)


async def _build_document(works: Workshop, scope: Scope, task: _Task, document: Document) -> None:
    place = Place(scope.workspace_id, task.base_id, document.id, task.space.generation)
    try:
        text = await ensure_text(works.plugins, document.storage_path, filename=document.name)
        rows = await cut(works, scope, place, text, task.settings)
    except PrivexError as error:
        if error.kind in TRANSIENT or not await _is_there(works, scope, document):
            return
        raise _DocumentError(document.name, error) from error
    async with works.open(scope) as work:
        await _advance(work, task)
        if await work.repository(DocumentRepository).find(document.id) is None:
            return
        await work.repository(ChunkRepository).replace(document.id, rows, generation=place.generation)
    await task.store.delete_documents(task.space, [document.id])
    embedder = works.plugins.embedders.get(task.settings.embedding)
    found = [row for row in rows if row.is_enabled]
    for start in range(0, len(found), EMBED_AT_ONCE):
        await task.store.upsert(task.space, await embed(embedder, found[start : start + EMBED_AT_ONCE], task.settings))
    async with works.open(scope) as work:
        await _advance(work, task)
        await work.repository(DocumentRepository).mark_built(document.id, place.generation, document.attempt)


async def _is_there(works: Workshop, scope: Scope, document: Document) -> bool:
    """Whether a document still is as it was when its building began."""
    async with works.open(scope, read_only=True) as work:
        now = await work.repository(DocumentRepository).find(document.id)
    return now is not None and now.attempt == document.attempt and now.storage_path == document.storage_path


async def _verify(works: Workshop, scope: Scope, task: _Task) -> None:
    """Compare ids in the store with the rows: what is too many goes, what lacks some is built again."""
    async with works.open(scope, read_only=True) as work:
        expected = await work.repository(ChunkRepository).list_generation(task.base_id, task.space.generation)
    held = await task.store.list_chunk_ids(task.space)
    if surplus := held - expected.keys():
        await task.store.delete_chunks(task.space, surplus)
    if lacking := {expected[id] for id in expected.keys() - held}:
        async with works.open(scope) as work:
            await _advance(work, task)
            await work.repository(DocumentRepository).forget_built(task.base_id, lacking)


async def _switch(works: Workshop, scope: Scope, task: _Task) -> bool:
    """Let searches and indexing use what was built. False, without effect, if a document is not built as it is now."""
    embedder = works.plugins.embedders.get(task.settings.embedding)
    async with works.open(scope) as work:
        base = await work.repository(KnowledgeBaseRepository).lock(task.base_id)
        documents, chunks = work.repository(DocumentRepository), work.repository(ChunkRepository)
        await _advance(work, task)
        # Locks these rows: a worker that claims one waits for us, and then reads the new place.
        at_work = await documents.lock_open(task.base_id)
        if await documents.list_unbuilt(task.base_id, task.space.generation, limit=1):
            return False
        old = base.generation
        for document in at_work:
            queue(work, document)
        await work.session.flush()
        await chunks.take_unindexed_along(task.base_id, old, task.space.generation)
        base.generation = task.space.generation
        # How passages are found may have been changed meanwhile.
        base.settings = {**task.settings.model_dump(mode="json"), "retrieval": base.settings["retrieval"]}
        base.embedding_model, base.dimensions = embedder.model_id, embedder.dimensions
        await documents.recount(task.base_id, task.space.generation)
        await work.repository(RebuildRepository).delete(task.rebuild_id)
        record_removal(work, base, old)
        AuditService(work).record("knowledge_base.reindexed", task.base_id, generation=task.space.generation)
    return True


async def _advance(work: Work, task: _Task, **values: object) -> None:
    values.setdefault("lease_until", utc_now() + LEASE)
    if not await work.repository(RebuildRepository).advance(task.rebuild_id, task.attempt, **values):
        raise _GivenUpError


async def _postpone_or_fail(works: Workshop, scope: Scope, task: _Task, error: Exception) -> None:
    is_transient = not isinstance(error, PrivexError) or error.kind in TRANSIENT
    log.warning("knowledge_base.reindex_failed", knowledge_base_id=task.base_id, tries=task.tries, exc_info=error)
    if is_transient and task.tries < MOST_TRIES:
        with suppress(_GivenUpError):
            async with works.open(scope) as work:
                await _advance(work, task, lease_until=utc_now() + BACKOFF * task.tries)
    elif isinstance(error, PrivexError):
        await _fail(works, scope, task, error.code, error.message)
    else:
        await _fail(works, scope, task, "internal", OUR_FAULT)


async def _fail(works: Workshop, scope: Scope, task: _Task, code: str, message: str) -> None:
    with suppress(_GivenUpError):
        async with works.open(scope) as work:
            status = RebuildStatus.FAILED
            await _advance(work, task, status=status, error_code=code, error_message=message, lease_until=None)
            base = await work.repository(KnowledgeBaseRepository).get(task.base_id)
            record_removal(work, base, task.space.generation)


async def _remove_remains(works: Workshop, scope: Scope, task: _Task) -> None:
    """If nobody builds this generation any more, what we have written of it after that must go."""
    await remove_generation(works, scope, task.base_id, task.space.generation, task.store)


async def remove_generation(works: Workshop, scope: Scope, base_id: UUID, generation: int, store: VectorStore) -> None:
    """Remove chunks and vectors of a generation, unless it is in use or being built."""
    async with works.open(scope, read_only=True) as work:
        base = await work.repository(KnowledgeBaseRepository).find(base_id)
        rebuild = await work.repository(RebuildRepository).find_of(base_id)
    is_built = rebuild is not None and rebuild.generation == generation and rebuild.status == RebuildStatus.RUNNING
    if is_built or (base is not None and base.generation == generation):
        return
    async with works.open(scope) as work:
        await work.repository(ChunkRepository).delete_generation(base_id, generation)
    await store.delete_space(space_of(scope, base_id, generation=generation))


@asynccontextmanager
async def _lease(works: Workshop, scope: Scope, task: _Task) -> AsyncIterator[None]:
    """Renew the lease while the body runs."""

    async def keep() -> None:
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            async with works.open(scope) as work:
                await _advance(work, task)

    keeper = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError, _GivenUpError):
            await keeper
