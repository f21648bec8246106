"""RQ entry: runs jobs. `python -m privexbot_app.worker` is one process; `privexbot worker` keeps several alive.

The parent imports what is heavy once; each job runs in a fork of it, so that a crash or a leak takes one job along and
nothing else. A job builds its own runtime, as connections and event loops do not survive a fork.
"""

import asyncio
import importlib
import sys
import time
from typing import Any

import redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer

from privexbot_app.bootstrap import build_runtime, discover
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.kit import logging
from privexbot_app.kit.jobs import JOBS, QUEUES, ids_in
from privexbot_app.settings import Settings

log = logging.get_logger(__name__)

HEAVY_MODULES = ("onnxruntime", "tokenizers", "llama_index.vector_stores.chroma", "chromadb", "pypdfium2")
WAIT_FOR_REDIS_SECONDS = 30
MONITORING_SECONDS = 5


def main() -> None:
    """Work until told to stop."""
    settings = Settings()
    logging.set_up_logging(settings.log_level)
    discover()
    for module in HEAVY_MODULES:
        importlib.import_module(module)
    connection = _connect(settings.redis_address)
    queues = [Queue(name, connection=connection, serializer=JSONSerializer) for name in QUEUES]
    worker = Worker(
        queues, connection=connection, serializer=JSONSerializer, job_monitoring_interval=MONITORING_SECONDS
    )
    log.info("worker.started", queues=QUEUES)
    worker.work(logging_level="WARNING", with_scheduler=False)


def run_job(envelope: dict[str, Any]) -> None:
    """Run one job from its envelope; called by RQ in a fork. Raises KeyError for a job of a newer version."""
    asyncio.run(_run(envelope))


async def _run(envelope: dict[str, Any]) -> None:
    job = JOBS[envelope["name"]]
    organization_id, workspace_id = ids_in(envelope)
    logging.unbind_all()
    logging.bind(job=job.name, job_id=envelope["id"], workspace_id=workspace_id, request_id=envelope.get("request_id"))
    runtime = build_runtime()
    try:
        await job.handler(
            runtime.works, scope_of_job(organization_id, workspace_id, job=job.name), **envelope["payload"]
        )
    except job.expects as error:
        log.info("job.refused", code=error.code)
    finally:
        await runtime.close()


def _connect(url: str) -> redis.Redis:
    """A connection to Redis, which may still be starting."""
    connection = redis.Redis.from_url(url)
    deadline = time.monotonic() + WAIT_FOR_REDIS_SECONDS
    while True:
        try:
            connection.ping()
            return connection
        except redis.RedisError:
            if time.monotonic() > deadline:
                sys.exit("Redis does not answer; check PRIVEXBOT_REDIS_URL.")
            time.sleep(0.1)


if __name__ == "__main__":
    main()
