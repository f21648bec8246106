"""From a queued document to searchable chunks. Runs in the worker; survives being killed at any line.

A worker claims the document for a lease that it keeps renewing; every write checks that its attempt is still the one at
work. Chunk ids follow from document, generation and position, so a second attempt overwrites the vectors of the first.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID

from privexbot_app.domains.knowledge.chunking import build_chunker
from privexbot_app.domains.knowledge.content import ensure_text
from privexbot_app.domains.knowledge.cutting import Place, build_rows, embedded_text
from privexbot_app.domains.knowledge.embedding import embed_whole
from privexbot_app.domains.knowledge.keeping import keep_changes
from privexbot_app.domains.knowledge.models import Chunk as ChunkRow
from privexbot_app.domains.knowledge.repository import ChunkRepository, DocumentRepository, KnowledgeBaseRepository
from privexbot_app.domains.knowledge.schemas import KnowledgeSettings
from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.domains.knowledge.states import DocumentStatus
from privexbot_app.integrations.embeddings.base import Embedder
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.integrations.vector_stores.base import VectorRecord, VectorStore
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import ErrorKind, PrivexError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.redaction import Redactor
from privexbot_app.kit.scope import Namespace, Scope
from privexbot_app.kit.text import StructuredText

log = get_logger(__name__)

LEASE = timedelta(seconds=30)
RENEWAL_SECONDS = 10
MOST_CRASHES = 3
MOST_TRIES = 8
BACKOFF = timedelta(seconds=15)
EMBED_AT_ONCE = 32
COMPANY_SECONDS = 30
PARSED_SHARE = 0.1  # of a document's progress, once its text is there; the rest is embedding
OUR_FAULT = "Something went wrong on our side while indexing this document. Please try again."
WORKER_DIED = "Indexing this document was begun several times and never finished. It may need too much memory."
TRANSIENT = (ErrorKind.UNAVAILABLE, ErrorKind.UPSTREAM_FAILED, ErrorKind.RATE_LIMITED)


class TakenOverError(RuntimeError):
    """The document was deleted, or another worker is at it; stop without a word."""


@dataclass(frozen=True)
class _Task:
    """A claimed document and what is needed to index it."""

    document_id: UUID
    base_id: UUID
    attempt: int
    tries: int
    filename: str
    folder: str
    space: Namespace
    settings: KnowledgeSettings


async def index_document(works: Workshop, scope: Scope, document_id: UUID) -> None:
    """Index one document, or write down why that cannot be; what a later attempt may cure is postponed."""
    task = await _claim(works, scope, document_id)
    if task is None:
        return
    started = monotonic()
    try:
        async with _lease(works, scope, task):
            await _index(works, scope, task)
    except TakenOverError:
        await _remove_remains(works, scope, task)
        log.info("document.taken_over", document_id=document_id, attempt=task.attempt)
    except PrivexError as error:
        if error.kind in TRANSIENT and task.tries < MOST_TRIES:
            await _postpone(works, scope, task, error)
        else:
            await _fail(works, scope, task, error.code, error.message, error)
    except Exception as error:
        log.error("document.crashed", document_id=document_id, attempt=task.attempt, exc_info=error)
        if task.tries < MOST_CRASHES:
            await _postpone(works, scope, task, error)
        else:
            await _fail(works, scope, task, "internal", OUR_FAULT, error)
    else:
        log.info("document.indexed", document_id=document_id, seconds=round(monotonic() - started, 3))


async def index_waiting(works: Workshop, scope: Scope, document_id: UUID) -> None:
    """Go on with the documents that wait beside this one, for half a minute.

    Each job is a process of its own that loads the embedding model anew; a short document takes less time than that.
    The jobs of what is indexed here find nothing to do and end at once.
    """
    deadline = monotonic() + COMPANY_SECONDS
    while monotonic() < deadline:
        async with works.open(scope, read_only=True) as work:
            waiting = await work.repository(DocumentRepository).find_waiting_beside(document_id)
        if waiting is None:
            return
        await index_document(works, scope, waiting)


async def _claim(works: Workshop, scope: Scope, document_id: UUID) -> _Task | None:
    async with works.open(scope) as work:
        now = utc_now()
        documents = work.repository(DocumentRepository)
        claimed = await documents.claim(document_id, now=now, lease_until=now + LEASE)
        if claimed is None:
            return None
        attempt, tries = claimed
        if tries > MOST_TRIES:
            await documents.advance(
                document_id,
                attempt,
                status=DocumentStatus.FAILED,
                error_code="worker_died",
                error_message=WORKER_DIED,
                lease_until=None,
            )
            return None
        document = await documents.get(document_id)
        base = await work.repository(KnowledgeBaseRepository).get(document.knowledge_base_id)
    return _Task(
        document_id=document_id,
        base_id=base.id,
        attempt=attempt,
        tries=tries,
        filename=document.name,
        folder=document.storage_path,
        space=space_of(scope, base.id, generation=base.generation),
        settings=KnowledgeSettings.model_validate(base.settings),
    )


async def _index(works: Workshop, scope: Scope, task: _Task) -> None:
    embedder, store = works.plugins.embedders.get(task.settings.embedding), _store(works, task)
    document = await ensure_text(works.plugins, task.folder, filename=task.filename)
    await _advance(works, scope, task, status=DocumentStatus.CHUNKING, progress=PARSED_SHARE)
    place = Place(scope.workspace_id, task.base_id, task.document_id, task.space.generation)
    rows = await cut(works, scope, place, document, task.settings)
    await _save_chunks(works, scope, task, rows)
    rows = [row for row in rows if row.is_enabled]
    await store.delete_documents(task.space, [task.document_id])
    last_written = monotonic()
    for start in range(0, len(rows), EMBED_AT_ONCE):
        await store.upsert(task.space, await embed(embedder, rows[start : start + EMBED_AT_ONCE], task.settings))
        if monotonic() - last_written > 1:
            done = min(1.0, (start + EMBED_AT_ONCE) / len(rows))
            await _advance(works, scope, task, progress=PARSED_SHARE + (1 - PARSED_SHARE) * done)
            last_written = monotonic()
    await _advance(
        works, scope, task, status=DocumentStatus.INDEXED, progress=1.0, lease_until=None, indexed_at=utc_now()
    )


def _store(works: Workshop, task: _Task) -> VectorStore:
    return works.plugins.vector_stores.get(task.settings.vector_store)


async def embed(embedder: Embedder, rows: Sequence[ChunkRow], settings: KnowledgeSettings) -> list[VectorRecord]:
    """The vectors of chunks; of a redacted knowledge base, without the personal data in them."""
    texts = [embedded_text(row.heading, row.context, row.text) for row in rows]
    if settings.is_redacted:
        texts = await asyncio.to_thread(lambda: [Redactor().hide(text) for text in texts])
    vectors = await embed_whole(embedder, texts)
    return [
        VectorRecord(chunk_id=row.id, document_id=row.document_id, vector=vector)
        for row, vector in zip(rows, vectors, strict=True)
    ]


async def cut(
    works: Workshop, scope: Scope, place: Place, document: StructuredText, settings: KnowledgeSettings
) -> list[ChunkRow]:
    """The rows of a document's chunks, with what people have changed of its earlier ones."""
    embedder = works.plugins.embedders.get(settings.embedding)
    chunker = build_chunker(settings.chunking, embedder)
    chunks = await asyncio.to_thread(chunker.chunk, document)
    rows = await asyncio.to_thread(build_rows, place, chunks)
    async with works.open(scope, read_only=True) as work:
        kept = await work.repository(ChunkRepository).list_kept(place.document_id)
    if not kept:
        return rows
    return await asyncio.to_thread(keep_changes, document.text, kept, rows, place, embedder.count_tokens)


async def _save_chunks(works: Workshop, scope: Scope, task: _Task, rows: list[ChunkRow]) -> None:
    async with works.open(scope) as work:
        is_ours = await work.repository(DocumentRepository).advance(
            task.document_id,
            task.attempt,
            status=DocumentStatus.EMBEDDING,
            chunk_count=len(rows),
            token_count=sum(row.token_count for row in rows),
            lease_until=utc_now() + LEASE,
        )
        if not is_ours:
            raise TakenOverError
        await work.repository(ChunkRepository).replace(task.document_id, rows, generation=task.space.generation)


async def _advance(works: Workshop, scope: Scope, task: _Task, **values: object) -> None:
    values.setdefault("lease_until", utc_now() + LEASE)
    async with works.open(scope) as work:
        if not await work.repository(DocumentRepository).advance(task.document_id, task.attempt, **values):
            raise TakenOverError


async def _postpone(works: Workshop, scope: Scope, task: _Task, error: Exception) -> None:
    """Give the document back; the watchdog queues it again after a pause that grows with each attempt."""
    log.warning("document.postponed", document_id=task.document_id, attempt=task.attempt, cause=repr(error))
    with suppress(TakenOverError):
        await _advance(
            works,
            scope,
            task,
            status=DocumentStatus.QUEUED,
            progress=0.0,
            lease_until=utc_now() + BACKOFF * task.tries,
        )


async def _fail(works: Workshop, scope: Scope, task: _Task, code: str, message: str, error: Exception) -> None:
    log.warning("document.failed", document_id=task.document_id, code=code, attempt=task.attempt, cause=repr(error))
    try:
        await _advance(
            works,
            scope,
            task,
            status=DocumentStatus.FAILED,
            error_code=code,
            error_message=message,
            lease_until=None,
        )
    except TakenOverError:
        await _remove_remains(works, scope, task)


async def _remove_remains(works: Workshop, scope: Scope, task: _Task) -> None:
    """If the document is gone, so must be the vectors that we may have written after it went."""
    async with works.open(scope, read_only=True) as work:
        document = await work.repository(DocumentRepository).find(task.document_id)
        base = await work.repository(KnowledgeBaseRepository).find(task.base_id)
    if base is None:
        await _store(works, task).delete_space(task.space)
    elif space_of(scope, base.id, generation=base.generation) != task.space:
        # The knowledge base has moved while we wrote into what was removed then.
        await _store(works, task).delete_space(task.space)
    elif document is None:
        await _store(works, task).delete_documents(task.space, [task.document_id])
    if document is None:
        await works.plugins.storage.delete_prefix(task.folder)


@asynccontextmanager
async def _lease(works: Workshop, scope: Scope, task: _Task) -> AsyncIterator[None]:
    """Renew the lease while the body runs."""
    keeper = asyncio.create_task(_keep(works, scope, task))
    try:
        yield
    finally:
        keeper.cancel()
        with suppress(asyncio.CancelledError, TakenOverError):
            await keeper


async def _keep(works: Workshop, scope: Scope, task: _Task) -> None:
    while True:
        await asyncio.sleep(RENEWAL_SECONDS)
        await _advance(works, scope, task)
