"""Rate limits in Redis: so many events in so many seconds for one key."""

from dataclasses import dataclass

from redis.asyncio import Redis

from privexbot_app.kit.errors import RateLimitedError

# Counts and sets the expiry in one step, so that a crash between the two cannot lock a key for ever.
COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('TTL', KEYS[1])}
"""


@dataclass(frozen=True)
class Limit:
    """At most `events` in `seconds`, counted in fixed windows."""

    events: int
    seconds: int


class RateLimiter:
    """Counts events by key."""

    def __init__(self, redis: Redis) -> None:
        self._count = redis.register_script(COUNT)
        self._redis = redis

    async def take(self, key: str, limit: Limit) -> None:
        """Count one event. Raises RateLimitedError when the window is full."""
        count, remaining_seconds = await self._count(keys=[f"limit:{key}"], args=[limit.seconds])
        if count > limit.events:
            raise RateLimitedError(
                "Too many requests. Please wait a moment and try again.",
                retry_after_seconds=max(1, int(remaining_seconds)),
                key=key.split(":")[0],
            )

    async def forgive(self, key: str) -> None:
        """Forget what was counted, e.g. after a successful sign-in."""
        await self._redis.delete(f"limit:{key}")
