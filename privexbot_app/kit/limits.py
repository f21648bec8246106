"""Rate limits in Redis: so many events in so many seconds for one key, or for several keys at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from privexbot_app.kit.errors import RateLimitedError

TOO_MANY = "Too many requests. Please wait a moment and try again."
# Counts and sets the expiry in one step, so that a crash between the two cannot lock a key for ever.
COUNT = """
local states = {}
for number, key in ipairs(KEYS) do
  local count = redis.call('INCR', key)
  if count == 1 then redis.call('EXPIRE', key, ARGV[number]) end
  states[#states + 1] = count
  states[#states + 1] = redis.call('TTL', key)
end
return states
"""


@dataclass(frozen=True)
class Limit:
    """At most `events` in `seconds`, counted in fixed windows."""

    events: int
    seconds: int


@dataclass(frozen=True)
class Allowance:
    """What is left of a limit, and in how many seconds it is whole again."""

    limit: Limit
    remaining: int
    reset_seconds: int


class RateLimiter:
    """Counts events by key."""

    def __init__(self, redis: Redis) -> None:
        self._count = redis.register_script(COUNT)
        self._redis = redis

    async def take(self, key: str, limit: Limit) -> Allowance:
        """Count one event. Raises RateLimitedError when the window is full."""
        return await self.take_all({key: limit})

    async def take_all(self, limits: Mapping[str, Limit], *, message: str = TOO_MANY) -> Allowance:
        """Count one event under every key, in one round trip. Returns the allowance that is nearest to its end.

        Raises RateLimitedError with `message` when any window is full.
        """
        keys = [f"limit:{key}" for key in limits]
        states = await self._count(keys=keys, args=[limit.seconds for limit in limits.values()])
        tightest: Allowance | None = None
        for number, (key, limit) in enumerate(limits.items()):
            count, reset_seconds = states[2 * number], max(1, int(states[2 * number + 1]))
            if count > limit.events:
                raise RateLimitedError(
                    message,
                    retry_after_seconds=reset_seconds,
                    limit_events=limit.events,
                    limit_seconds=limit.seconds,
                    key=key.split(":")[0],
                )
            left = Allowance(limit, limit.events - count, reset_seconds)
            if tightest is None or left.remaining < tightest.remaining:
                tightest = left
        assert tightest is not None, "nothing was limited"
        return tightest

    async def forgive(self, key: str) -> None:
        """Forget what was counted, e.g. after a successful sign-in."""
        await self._redis.delete(f"limit:{key}")
