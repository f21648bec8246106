"""How fast documents are indexed here, and how long the open ones will take. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID


@dataclass(frozen=True)
class Span:
    """A document that was indexed: from when to when, and how many chunks it has."""

    started_at: datetime
    finished_at: datetime
    chunks: int


@dataclass(frozen=True)
class OpenDocument:
    """A document on its way. chunks: 0 before it was cut for the first time. progress: 0 to 1."""

    document_id: UUID
    chunks: int
    progress: float
    started_at: datetime | None = None


def chunks_per_second(spans: Sequence[Span]) -> float | None:
    """Measured over the time in which at least one document was at work; None if nothing was measured.

    >>> start, second = datetime(2026, 1, 1), timedelta(seconds=1)
    >>> at_once = [Span(start, start + 10 * second, 50), Span(start, start + 10 * second, 50)]
    >>> chunks_per_second(at_once), chunks_per_second([*at_once, Span(start + 90 * second, start + 100 * second, 100)])
    (10.0, 10.0)
    """
    busy, until = timedelta(), None
    for span in sorted(spans, key=lambda span: span.started_at):
        begun = span.started_at if until is None else max(span.started_at, until)
        if span.finished_at > begun:
            busy += span.finished_at - begun
        until = span.finished_at if until is None else max(until, span.finished_at)
    chunks = sum(span.chunks for span in spans)
    return chunks / busy.total_seconds() if chunks and busy else None


def pace_of_running(documents: Sequence[OpenDocument], now: datetime) -> float | None:
    """Chunks per second of the documents that are at work, for want of any that is done."""
    spans = [
        Span(document.started_at, now, round(document.chunks * document.progress))
        for document in documents
        if document.started_at is not None and document.progress > 0
    ]
    return chunks_per_second(spans)


def seconds_left(documents: Sequence[OpenDocument], *, per_second: float, usual_chunks: float) -> dict[UUID, int]:
    """How long until each document is done, if they are taken one after the other. usual_chunks: of an uncut one.

    >>> first, second = OpenDocument(UUID(int=1), 40, 0.5), OpenDocument(UUID(int=2), 0, 0.0)
    >>> list(seconds_left([first, second], per_second=10, usual_chunks=30).values())
    [2, 5]
    """
    left: dict[UUID, int] = {}
    chunks = 0.0
    for document in documents:
        chunks += (document.chunks or usual_chunks) * (1 - document.progress)
        left[document.document_id] = math.ceil(chunks / per_second)
    return left
