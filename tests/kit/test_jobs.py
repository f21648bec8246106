"""Jobs leave with the commit, wait for Redis in the outbox, and arrive as plain JSON."""

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select

from privexbot_app.kit import jobs
from privexbot_app.kit.jobs import JOBS, RUN_JOB, Dispatcher, OutboxJob, ids_in, job, outbox_row
from privexbot_app.kit.schedules import SCHEDULES, schedule
from tests.installation import Installation
from tests.tenants import Pair

NAME = "knowledge.index_document"


@pytest.fixture
def real_queue(installation: Installation, redis_url: str, monkeypatch) -> Queue:
    """Jobs go to a queue of this test's own instead of running at once."""
    connection = redis.Redis.from_url(redis_url)
    queue = Queue(f"test-{id(installation)}", connection=connection, serializer=JSONSerializer)
    dispatcher = Dispatcher(installation.works.sessions, redis_url)
    monkeypatch.setattr(dispatcher, "_queue", lambda name: queue)
    installation.works.dispatcher = dispatcher
    return queue


async def count_rows(installation: Installation) -> int:
    async with installation.works.open(None, read_only=True) as work:
        return (await work.session.execute(select(func.count(OutboxJob.id)))).scalar_one()


async def record(installation: Installation, tenants: Pair) -> None:
    async with installation.works.open(tenants.ours) as work:
        work.record_job(NAME, document_id="x")


async def test_a_recorded_job_is_queued_after_the_commit_with_its_tenant(installation, tenants, real_queue):
    await record(installation, tenants)
    [queued] = real_queue.jobs
    [envelope] = queued.args
    assert queued.func_name == RUN_JOB
    assert ids_in(envelope) == (tenants.ours.organization_id, tenants.ours.workspace_id)
    assert (envelope["name"], envelope["payload"]) == (NAME, {"document_id": "x"})
    assert await count_rows(installation) == 0


async def test_a_job_of_a_failed_unit_of_work_is_never_queued(installation, tenants, real_queue):
    async def fail() -> None:
        async with installation.works.open(tenants.ours) as work:
            work.record_job(NAME, document_id="x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert real_queue.jobs == []
    assert await count_rows(installation) == 0


async def test_a_job_waits_in_the_outbox_while_redis_is_away(installation, tenants, real_queue, tmp_path, redis_url):
    installation.works.dispatcher = Dispatcher(installation.works.sessions, f"unix://{tmp_path}/nobody.sock")
    await record(installation, tenants)
    assert await count_rows(installation) == 1
    assert await installation.works.dispatcher.sweep() == 1
    assert await count_rows(installation) == 1


async def test_the_sweep_queues_what_was_left_behind_once(installation, tenants, real_queue, monkeypatch):
    dispatcher = installation.works.dispatcher

    def away(rows):
        raise redis.ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(dispatcher, "_enqueue", away)
        await record(installation, tenants)
    assert real_queue.jobs == []
    assert await dispatcher.sweep() == 1
    assert await dispatcher.sweep() == 0
    assert len(real_queue.jobs) == 1


async def test_a_row_of_an_unknown_job_does_not_hold_up_the_others(installation, tenants, real_queue):
    async with installation.works.open(None) as work:
        work.session.add(OutboxJob(name="of.another_version", envelope={}))
        work.session.add(outbox_row(NAME, tenants.ours, {}))
    assert await installation.works.dispatcher.sweep() == 1
    assert await count_rows(installation) == 1


def test_a_job_has_one_name_a_known_queue_and_is_recorded_only_if_registered(monkeypatch):
    monkeypatch.setattr(jobs, "JOBS", {})

    async def handler() -> None: ...

    job("a.job", queue="fast")(handler)
    with pytest.raises(ValueError, match="twice"):
        job("a.job", queue="fast")(handler)
    with pytest.raises(ValueError, match="queue"):
        job("b.job", queue="slow")(handler)


def test_every_job_and_schedule_is_named_after_its_noun(installation):
    assert all(name.count(".") == 1 for name in (*JOBS, *SCHEDULES))
    with pytest.raises(ValueError, match="twice"):
        schedule(next(iter(SCHEDULES)), every_seconds=1)(lambda works: None)
