"""Work that happens later: a registry of jobs, the envelope they travel in, and the outbox they leave from.

A service records a job in the outbox; the row is committed together with the change that caused it, and is handed to
RQ right after the commit. If Redis is away at that moment the row stays, and the watchdog hands it over later. RQ is
only the transport and delivers at least once, so every job must be harmless when it runs twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import redis
from rq import Queue, Retry
from rq.serializers import JSONSerializer
from sqlalchemy import JSON, Column, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlmodel import Field

from privexbot_app.kit.database import GlobalModel
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.logging import bound, get_logger
from privexbot_app.kit.scope import Scope

log = get_logger(__name__)

ENVELOPE_VERSION = 1
QUEUES = ("fast", "ingest")
RUN_JOB = "privexbot_app.worker.run_job"
RESULT_TTL_SECONDS = 60
FAILURE_TTL_SECONDS = 7 * 24 * 3600

JobHandler = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Job:
    """A registered job. `expects` are errors that mean “the customer's input is broken”, not “we are broken”."""

    name: str
    handler: JobHandler
    queue: str
    timeout_seconds: int
    retries: int
    expects: tuple[type[PrivexError], ...]


JOBS: dict[str, Job] = {}


def job(
    name: str,
    *,
    queue: str,
    timeout_seconds: int = 600,
    retries: int = 2,
    expects: tuple[type[PrivexError], ...] = (),
) -> Callable[[JobHandler], JobHandler]:
    """Register `async def handler(works, scope, **payload)`. `name` is `noun.verb`; raises ValueError if taken."""

    def add(handler: JobHandler) -> JobHandler:
        if name in JOBS:
            raise ValueError(f"job {name!r} is registered twice")
        if queue not in QUEUES:
            raise ValueError(f"job {name!r} names the unknown queue {queue!r}")
        JOBS[name] = Job(name, handler, queue, timeout_seconds, retries, expects)
        return handler

    return add


class OutboxJob(GlobalModel, table=True):
    """A job that is committed and not yet handed to the queue."""

    __tablename__ = "outbox_job"

    name: str
    envelope: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


def outbox_row(name: str, scope: Scope, payload: dict[str, Any]) -> OutboxJob:
    """An outbox row for a registered job. Raises KeyError for an unknown name."""
    row = OutboxJob(name=JOBS[name].name, envelope={})
    row.envelope = {
        "version": ENVELOPE_VERSION,
        "id": str(row.id),
        "name": name,
        "organization_id": str(scope.organization_id),
        "workspace_id": str(scope.workspace_id),
        "payload": payload,
        "request_id": bound("request_id"),
    }
    return row


class Dispatcher:
    """Hands outbox rows to RQ and removes them."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession], redis_url: str) -> None:
        self._sessions = sessions
        self._redis_url = redis_url
        self._queues: dict[str, Queue] = {}

    async def dispatch(self, rows: Sequence[OutboxJob]) -> None:
        """Queue the rows' jobs. If Redis is away, leave the rows for the sweep."""
        try:
            await asyncio.to_thread(self._enqueue, rows)
        except redis.RedisError as error:
            log.warning("outbox.dispatch_failed", rows=len(rows), error=type(error).__name__)
            return
        try:
            async with self._sessions() as session:
                await session.execute(delete(OutboxJob).where(OutboxJob.id.in_([row.id for row in rows])))
                await session.commit()
        except SQLAlchemyError as error:
            # The change is committed and its jobs are queued; the sweep queues them once more, which is harmless.
            log.warning("outbox.cleaning_failed", rows=len(rows), error=type(error).__name__)

    async def sweep(self, *, limit: int = 500) -> int:
        """Queue what earlier dispatches left behind. Returns how many."""
        async with self._sessions() as session:
            rows = (await session.execute(select(OutboxJob).order_by(OutboxJob.id).limit(limit))).scalars().all()
        known = [row for row in rows if row.name in JOBS]
        if len(known) < len(rows):
            log.error("outbox.unknown_jobs", names=sorted({row.name for row in rows} - JOBS.keys()))
        if known:
            await self.dispatch(known)
        return len(known)

    def _enqueue(self, rows: Sequence[OutboxJob]) -> None:
        for row in rows:
            registered = JOBS[row.name]
            self._queue(registered.queue).enqueue_call(
                RUN_JOB,
                args=(row.envelope,),
                job_id=str(row.id),
                timeout=registered.timeout_seconds,
                retry=Retry(max=registered.retries) if registered.retries else None,
                result_ttl=RESULT_TTL_SECONDS,
                failure_ttl=FAILURE_TTL_SECONDS,
            )

    def _queue(self, name: str) -> Queue:
        if name not in self._queues:
            connection = redis.Redis.from_url(self._redis_url, socket_timeout=5, socket_connect_timeout=5)
            self._queues[name] = Queue(name, connection=connection, serializer=JSONSerializer)
        return self._queues[name]


def ids_in(envelope: dict[str, Any]) -> tuple[UUID, UUID]:
    """The organization and workspace that an envelope was sent for."""
    return UUID(envelope["organization_id"]), UUID(envelope["workspace_id"])
