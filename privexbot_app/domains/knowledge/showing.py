"""From rows of knowledge bases and documents to what others see of them, with how long they will take."""

from collections.abc import Sequence
from uuid import UUID

from privexbot_app.domains.knowledge.models import Document, KnowledgeBase, Rebuild
from privexbot_app.domains.knowledge.pace import chunks_per_second, pace_of_running, seconds_left
from privexbot_app.domains.knowledge.repository import (
    ChunkRepository,
    DocumentRepository,
    KnowledgeBaseRepository,
    RebuildRepository,
    SourceRepository,
)
from privexbot_app.domains.knowledge.schemas import (
    BaseStatus,
    DocumentCounts,
    DocumentError,
    DocumentView,
    KnowledgeBaseView,
    KnowledgeSettings,
    RebuildView,
)
from privexbot_app.domains.knowledge.states import OPEN, RUNNING, DocumentStatus, RebuildStatus
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now

Counts = dict[str, tuple[int, float, int]]


async def view_bases(work: Work, rows: Sequence[KnowledgeBase]) -> list[KnowledgeBaseView]:
    """What others see of knowledge bases."""
    ids = [row.id for row in rows]
    counts = await work.repository(KnowledgeBaseRepository).counts(ids)
    rebuilds = await work.repository(RebuildRepository).find_all(ids)
    views = []
    for row in rows:
        left = await _seconds_left(work, row.id) if _is_processing(counts[row.id]) else {}
        rebuild = rebuilds.get(row.id)
        shown = _view_rebuild(rebuild) if rebuild else None
        views.append(_base_view(row, counts[row.id], max(left.values(), default=None), shown))
    return views


async def view_documents(work: Work, rows: Sequence[Document]) -> list[DocumentView]:
    """What others see of documents."""
    types = await work.repository(SourceRepository).types([row.source_id for row in rows])
    conflicts = await work.repository(ChunkRepository).count_conflicts([row.id for row in rows])
    left: dict[UUID, int] = {}
    for base_id in {row.knowledge_base_id for row in rows if row.status in OPEN}:
        left |= await _seconds_left(work, base_id)
    return [_document_view(row, types[row.source_id], conflicts.get(row.id, 0), left.get(row.id)) for row in rows]


async def _seconds_left(work: Work, base_id: UUID) -> dict[UUID, int]:
    """How long until each open document is done; nothing while nothing has been measured."""
    repository = work.repository(DocumentRepository)
    documents, spans = await repository.list_open(base_id), await repository.list_spans(base_id)
    per_second = chunks_per_second(spans) or pace_of_running(documents, utc_now())
    known = [span.chunks for span in spans] or [document.chunks for document in documents if document.chunks]
    if per_second is None or not known:
        return {}
    return seconds_left(documents, per_second=per_second, usual_chunks=sum(known) / len(known))


def _view_rebuild(row: Rebuild) -> RebuildView:
    seconds = (utc_now() - row.started_at).total_seconds() if row.started_at else 0.0
    done_now = row.done - row.done_before
    is_measured = row.status == RebuildStatus.RUNNING and done_now > 0
    eta = round(seconds / done_now * (row.total - row.done)) if is_measured else None
    error = DocumentError(code=row.error_code, message=row.error_message or "") if row.error_code else None
    return RebuildView(
        status=RebuildStatus(row.status),
        documents=row.total,
        done=row.done,
        progress=round(row.done / row.total, 4) if row.total else 0.0,
        eta_seconds=eta,
        error=error,
        settings=KnowledgeSettings.model_validate(row.settings),
        begun_at=row.created_at,
    )


def _base_view(row: KnowledgeBase, counts: Counts, eta: int | None, rebuild: RebuildView | None) -> KnowledgeBaseView:
    documents = {status: counts.get(status, (0, 0.0, 0)) for status in DocumentStatus}
    numbers = {status: count for status, (count, _, _) in documents.items()}
    total, processing = sum(numbers.values()), sum(numbers[status] for status in OPEN)
    done = total - processing + sum(documents[status][1] for status in RUNNING)
    return KnowledgeBaseView(
        id=row.id,
        name=row.name,
        description=row.description,
        created_at=row.created_at,
        status=_status(numbers),
        documents=DocumentCounts(
            total=total,
            indexed=numbers[DocumentStatus.INDEXED],
            failed=numbers[DocumentStatus.FAILED],
            cancelled=numbers[DocumentStatus.CANCELLED],
            processing=processing,
        ),
        progress=round(done / total, 4) if total else 1.0,
        eta_seconds=eta,
        chunk_count=sum(chunks for _, _, chunks in documents.values()),
        settings=KnowledgeSettings.model_validate(row.settings),
        embedding_model=row.embedding_model,
        reindex=rebuild,
    )


def _is_processing(counts: Counts) -> bool:
    return any(status in counts for status in OPEN)


def _status(numbers: dict[DocumentStatus, int]) -> BaseStatus:
    if not any(numbers.values()):
        return BaseStatus.EMPTY
    if any(numbers[status] for status in OPEN):
        return BaseStatus.PROCESSING
    if not numbers[DocumentStatus.INDEXED]:
        return BaseStatus.FAILED
    unfinished = numbers[DocumentStatus.FAILED] + numbers[DocumentStatus.CANCELLED]
    return BaseStatus.PARTIAL if unfinished else BaseStatus.READY


def _document_view(row: Document, source_type: str, conflicts: int, eta: int | None) -> DocumentView:
    error = DocumentError(code=row.error_code, message=row.error_message or "") if row.error_code else None
    return DocumentView(
        document_id=row.id,
        source_id=row.source_id,
        source_type=source_type,
        name=row.name,
        media_type=row.media_type,
        url=row.url,
        size_bytes=row.size_bytes,
        status=DocumentStatus(row.status),
        error=error,
        progress=round(row.progress, 4),
        eta_seconds=eta,
        chunk_count=row.chunk_count,
        token_count=row.token_count,
        conflicts=conflicts,
        is_enabled=row.is_enabled,
        created_at=row.created_at,
        indexed_at=row.indexed_at,
    )
