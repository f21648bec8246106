"""Rate limits: so many events in a window, each key for itself."""

import asyncio

import pytest

from privexbot_app.kit.errors import RateLimitedError
from privexbot_app.kit.ids import new_token
from privexbot_app.kit.limits import Limit, RateLimiter
from privexbot_app.kit.redis import create_redis


@pytest.fixture
async def limiter(redis_url: str):
    redis = create_redis(redis_url)
    yield RateLimiter(redis)
    await redis.aclose()


async def test_the_window_fills_and_says_when_to_come_back(limiter):
    key, limit = new_token("k"), Limit(events=3, seconds=60)
    for _ in range(3):
        await limiter.take(key, limit)
    with pytest.raises(RateLimitedError) as caught:
        await limiter.take(key, limit)
    assert 1 <= caught.value.retry_after_seconds <= 60
    await limiter.take(new_token("k"), limit)


async def test_a_forgiven_key_starts_anew(limiter):
    key, limit = new_token("k"), Limit(events=1, seconds=60)
    await limiter.take(key, limit)
    await limiter.forgive(key)
    await limiter.take(key, limit)


async def test_events_at_the_same_moment_are_all_counted(limiter):
    key, limit = new_token("k"), Limit(events=5, seconds=60)
    taken = await asyncio.gather(*(limiter.take(key, limit) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(one, RateLimitedError) for one in taken) == 15
