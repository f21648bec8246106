"""Drafts: versions that conflict, a life that is renewed, and a Redis that forgets everything."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from privexbot_app.domains.tenancy.jobs import forget_expired_drafts, snapshot_drafts
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.drafts import DIRTY_KEY, LIFE, DraftNotFoundError, DraftSnapshot, DraftStore, StaleDraftError
from privexbot_app.kit.schedules import SCHEDULES
from privexbot_app.kit.scope import Scope
from tests.installation import ON_BOTH_DATABASES, Installation
from tests.tenants import Pair

pytestmark = ON_BOTH_DATABASES
KIND = "note"


@pytest.fixture
def drafts(installation: Installation) -> DraftStore:
    return installation.works.drafts


def setting(text: str):
    return lambda payload: {**payload, "text": text}


async def forget_redis(installation: Installation, scope: Scope) -> None:
    """What FLUSHALL, a restart or an eviction would do to this workspace; other tests share the server."""
    redis = installation.works.redis
    keys = [key async for key in redis.scan_iter(match=scope.key("*"))]
    if keys:
        await redis.delete(*keys)


async def count_snapshots(installation: Installation) -> int:
    async with installation.works.open(SystemScope("test"), read_only=True) as work:
        return (await work.session.execute(select(func.count(DraftSnapshot.id)))).scalar_one()


async def test_each_save_raises_the_version_and_renews_the_life(installation, drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {"text": "one"})
    saved = await drafts.save(tenants.ours, KIND, draft.id, setting("two"), expected_version=1)
    assert (draft.version, saved.version) == (1, 2)
    assert saved.expires_at - saved.updated_at == LIFE
    assert saved.expires_at >= draft.expires_at
    key = tenants.ours.key("draft", KIND, draft.id)
    await installation.works.redis.expire(key, 60)
    await drafts.save(tenants.ours, KIND, draft.id, setting("three"))
    assert await installation.works.redis.ttl(key) > LIFE.total_seconds() - 60


async def test_a_stale_save_is_told_the_current_version_and_changes_nothing(drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {"text": "one"})
    await drafts.save(tenants.ours, KIND, draft.id, setting("theirs"), expected_version=1)
    with pytest.raises(StaleDraftError) as caught:
        await drafts.save(tenants.ours, KIND, draft.id, setting("mine"), expected_version=1)
    assert caught.value.extensions == {"current_version": 2}
    assert (await drafts.get(tenants.ours, KIND, draft.id)).payload == {"text": "theirs"}


async def test_a_version_that_was_made_up_is_stale_too(drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {"text": "one"})
    with pytest.raises(StaleDraftError):
        await drafts.save(tenants.ours, KIND, draft.id, setting("x"), expected_version=10**30)


async def test_saves_without_a_version_are_merged_one_after_the_other(drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {})

    async def add(number: int) -> None:
        await drafts.save(tenants.ours, KIND, draft.id, lambda payload: {**payload, str(number): number})

    await asyncio.gather(*(add(number) for number in range(10)))
    final = await drafts.get(tenants.ours, KIND, draft.id)
    assert final.version == 11
    assert len(final.payload) == 10


async def test_a_draft_survives_a_redis_that_forgot_everything(installation, drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {"text": "naïve 退款"})
    await snapshot_drafts(installation.works)
    await forget_redis(installation, tenants.ours)
    assert [one.id for one in await drafts.list(tenants.ours, KIND)] == [draft.id]
    await forget_redis(installation, tenants.ours)
    again = await drafts.get(tenants.ours, KIND, draft.id)
    assert (again.version, again.payload, again.created_at) == (1, draft.payload, draft.created_at)
    assert again.expires_at == draft.expires_at


async def test_an_editor_ahead_of_the_restored_copy_wins(installation, drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {"text": "one"})
    await snapshot_drafts(installation.works)
    await drafts.save(tenants.ours, KIND, draft.id, setting("two"), expected_version=1)
    await forget_redis(installation, tenants.ours)
    saved = await drafts.save(tenants.ours, KIND, draft.id, setting("three"), expected_version=2)
    assert (saved.version, saved.payload) == (3, {"text": "three"})


async def test_a_snapshot_is_replaced_by_later_ones(installation, drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {"text": "one"})
    await snapshot_drafts(installation.works)
    await drafts.save(tenants.ours, KIND, draft.id, setting("two"))
    await snapshot_drafts(installation.works)
    assert await count_snapshots(installation) == 1
    await forget_redis(installation, tenants.ours)
    assert (await drafts.get(tenants.ours, KIND, draft.id)).payload == {"text": "two"}


async def test_a_deleted_draft_is_gone_with_its_snapshot(installation, drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {"text": "one"})
    await snapshot_drafts(installation.works)
    await drafts.delete(tenants.ours, KIND, draft.id)
    await snapshot_drafts(installation.works)
    assert await count_snapshots(installation) == 0
    assert await drafts.list(tenants.ours, KIND) == []
    with pytest.raises(DraftNotFoundError):
        await drafts.get(tenants.ours, KIND, draft.id)


async def test_an_expired_draft_is_gone_even_if_its_snapshot_is_there(installation, drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {"text": "one"})
    await snapshot_drafts(installation.works)
    await forget_redis(installation, tenants.ours)
    async with installation.works.open(tenants.ours) as work:
        await work.session.execute(update(DraftSnapshot).values(expires_at=utc_now() - timedelta(seconds=1)))
    with pytest.raises(DraftNotFoundError):
        await drafts.get(tenants.ours, KIND, draft.id)
    assert await drafts.list(tenants.ours, KIND) == []
    await forget_expired_drafts(installation.works)
    assert await count_snapshots(installation) == 0


async def test_a_restored_draft_ends_when_it_would_have_ended(installation, drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {"text": "one"})
    await snapshot_drafts(installation.works)
    await forget_redis(installation, tenants.ours)
    async with installation.works.open(tenants.ours) as work:
        earlier = utc_now() - timedelta(hours=23)
        await work.session.execute(update(DraftSnapshot).values(updated_at=earlier, expires_at=earlier + LIFE))
    await drafts.get(tenants.ours, KIND, draft.id)
    assert await installation.works.redis.ttl(tenants.ours.key("draft", KIND, draft.id)) <= 3600


async def test_nobody_else_can_reach_a_draft(installation, drafts, tenants: Pair):
    draft = await drafts.create(tenants.ours, KIND, {"text": "one"})
    await snapshot_drafts(installation.works)
    for _ in range(2):
        with pytest.raises(DraftNotFoundError):
            await drafts.get(tenants.theirs, KIND, draft.id)
        with pytest.raises(DraftNotFoundError):
            await drafts.save(tenants.theirs, KIND, draft.id, setting("x"))
        with pytest.raises(DraftNotFoundError):
            await drafts.delete(tenants.theirs, KIND, draft.id)
        with pytest.raises(DraftNotFoundError):
            await drafts.get(tenants.ours, "another kind", draft.id)
        assert await drafts.list(tenants.theirs, KIND) == []
        await forget_redis(installation, tenants.ours)
    assert (await drafts.get(tenants.ours, KIND, draft.id)).payload == {"text": "one"}


async def test_a_draft_whose_workspace_is_gone_does_not_stop_the_others(installation, drafts, tenants: Pair):
    gone = Scope(uuid4(), uuid4(), tenants.ours.actor)
    await drafts.create(gone, KIND, {})
    kept = await drafts.create(tenants.ours, KIND, {})
    await snapshot_drafts(installation.works)
    assert await count_snapshots(installation) == 1
    await forget_redis(installation, tenants.ours)
    assert (await drafts.get(tenants.ours, KIND, kept.id)).id == kept.id


async def test_a_snapshot_that_fails_is_tried_again(installation, drafts, tenants: Pair):
    await drafts.create(tenants.ours, KIND, {})

    def no_scope(*ids):
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        await drafts.snapshot_dirty(no_scope)
    assert await installation.works.redis.scard(DIRTY_KEY) > 0
    await snapshot_drafts(installation.works)
    assert await count_snapshots(installation) == 1


async def test_drafts_are_listed_last_saved_first(drafts, tenants: Pair):
    first = await drafts.create(tenants.ours, KIND, {})
    second = await drafts.create(tenants.ours, KIND, {})
    await drafts.save(tenants.ours, KIND, first.id, setting("x"))
    assert [draft.id for draft in await drafts.list(tenants.ours, KIND)] == [first.id, second.id]


async def test_the_watchdog_copies_drafts_every_few_seconds_and_cleans_up_every_hour(installation):
    assert SCHEDULES["drafts.snapshot"].every_seconds <= 15
    assert SCHEDULES["drafts.forget_expired"].every_seconds == 3600
