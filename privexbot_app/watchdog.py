"""Upkeep by the clock: scheduled chores, forgotten outbox rows, and jobs of workers that have died.

`python -m privexbot_app.watchdog` is one process, a child of whatever supervises the workers. RQ itself notices a dead
worker only every ten minutes; this asks every fifteen seconds. A lock in Redis keeps two watchdogs from doing the same
round.
"""

import asyncio
import time
from contextlib import suppress

import redis
from rq.exceptions import NoSuchJobError
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from privexbot_app.bootstrap import build_runtime
from privexbot_app.kit import logging
from privexbot_app.kit.jobs import QUEUES
from privexbot_app.kit.redis import REDIS_DOWN
from privexbot_app.kit.schedules import SCHEDULES, Schedule
from privexbot_app.runtime import Runtime
from privexbot_app.settings import Settings

log = logging.get_logger(__name__)

TICK_SECONDS = 1
OUTBOX_SECONDS = 5
DEAD_WORKER_SECONDS = 15


def main() -> None:
    """Watch until told to stop."""
    settings = Settings()
    logging.set_up_logging(settings.log_level)
    with suppress(KeyboardInterrupt):
        asyncio.run(watch(settings))


async def watch(settings: Settings) -> None:
    """Do what is due, for ever; a chore that fails is logged and tried again when it is due next."""
    runtime = build_runtime(settings)
    connection = redis.Redis.from_url(settings.redis_address, socket_timeout=5)
    chores = [
        Schedule("outbox.sweep", OUTBOX_SECONDS, lambda works: works.dispatcher.sweep()),
        Schedule("workers.bury", DEAD_WORKER_SECONDS, lambda _: asyncio.to_thread(_bury_dead_workers, connection)),
        *SCHEDULES.values(),
    ]
    due = {chore.name: time.monotonic() + min(chore.every_seconds, DEAD_WORKER_SECONDS) for chore in chores}
    try:
        while True:
            for chore in chores:
                if due[chore.name] <= time.monotonic():
                    due[chore.name] = time.monotonic() + chore.every_seconds
                    await _run(chore, runtime)
            await asyncio.sleep(TICK_SECONDS)
    finally:
        connection.close()
        await runtime.close()


async def _run(chore: Schedule, runtime: Runtime) -> None:
    logging.unbind_all()
    try:
        lock = f"watchdog:{chore.name}"
        if not await runtime.works.redis.set(lock, "1", nx=True, px=max(500, chore.every_seconds * 900)):
            return
        await chore.chore(runtime.works)
    except REDIS_DOWN as error:
        log.warning("chore.postponed", chore=chore.name, error=type(error).__name__)
    except Exception as error:
        log.error("chore.failed", chore=chore.name, exc_info=error)


def _bury_dead_workers(connection: redis.Redis) -> None:
    """Have RQ queue the jobs of workers again whose heartbeat has stopped."""
    for name in QUEUES:
        with suppress(NoSuchJobError):
            StartedJobRegistry(name, connection=connection, serializer=JSONSerializer).cleanup()


if __name__ == "__main__":
    main()
