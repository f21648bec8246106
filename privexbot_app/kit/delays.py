"""Growing delays in Redis: after a few attempts each further one must wait twice as long as the one before.

A limit (see `limits`) allows a steady stream; this is for guessing, where the first attempts are honest mistakes and
the hundredth is not. Every attempt counts before it is judged, so that a burst gains nothing; a good one is forgiven.
"""

from dataclasses import dataclass

from redis.asyncio import Redis

from privexbot_app.kit.errors import RateLimitedError

# Refuse while the wait lasts; else count, and start the next wait. In one step: a burst must not pass between the two.
ATTEMPT = """
local wait = redis.call('PTTL', KEYS[2])
if wait > 0 then return wait end
local count = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
local above = count - tonumber(ARGV[1])
if above >= 0 then
  local delay = math.min(tonumber(ARGV[2]) * 2 ^ above, tonumber(ARGV[3]))
  redis.call('SET', KEYS[2], '1', 'PX', math.floor(delay * 1000))
end
return 0
"""
TAKE_BACK = """
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('DECR', KEYS[1]) < tonumber(ARGV[1]) then
  redis.call('DEL', KEYS[2])
end
return 0
"""


@dataclass(frozen=True)
class Patience:
    """How many attempts are free, the first and the longest wait, and after how many seconds all is forgotten."""

    free: int
    first_seconds: int
    longest_seconds: int
    forgets_after_seconds: int


class GrowingDelays:
    """Counts attempts by key."""

    def __init__(self, redis: Redis) -> None:
        self._attempt = redis.register_script(ATTEMPT)
        self._take_back = redis.register_script(TAKE_BACK)
        self._redis = redis

    async def attempt(self, key: str, patience: Patience) -> None:
        """Count one attempt. Raises RateLimitedError while an earlier one's wait lasts."""
        waits = patience.free, patience.first_seconds, patience.longest_seconds, patience.forgets_after_seconds
        left_ms = await self._attempt(keys=_keys(key), args=waits)
        if left_ms > 0:
            raise RateLimitedError(
                "Too many attempts. Please wait a moment and try again.",
                retry_after_seconds=-(-int(left_ms) // 1000),
                key=key.split(":")[0],
            )

    async def take_back(self, key: str, patience: Patience) -> None:
        """Uncount one attempt, which was good; those before it stand."""
        await self._take_back(keys=_keys(key), args=[patience.free])

    async def forgive(self, key: str) -> None:
        """Forget every attempt."""
        await self._redis.delete(*_keys(key))


def _keys(key: str) -> list[str]:
    return [f"limit:attempts:{key}", f"limit:wait:{key}"]
