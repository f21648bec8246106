"""Challenges that wait for their answer: in Redis, for five minutes, to be taken once."""

import json
from typing import Any

from redis.asyncio import Redis

from privexbot_app.integrations.auth_strategies.base import CHALLENGE_LIFE, Begun
from privexbot_app.kit.crypto import fingerprint
from privexbot_app.kit.errors import UnauthenticatedError
from privexbot_app.kit.ids import new_token

TICKET_LIFE = CHALLENGE_LIFE


class UnknownChallengeError(UnauthenticatedError):
    """The challenge was never made, has been answered, or its time is over."""

    code = "challenge_unknown"

    def __init__(self) -> None:
        super().__init__("This sign-in was not started here, was used already, or took too long. Start again.")


class Challenges:
    """Keeps what a strategy needs back with the answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def keep(self, strategy: str, begun: Begun, **also: Any) -> None:
        """Store a challenge under its handle. also: what the asker needs back too, plain JSON."""
        value = json.dumps({"kept": begun.kept, "also": also})
        await self._redis.set(_key(strategy, begun.handle), value, ex=int(CHALLENGE_LIFE.total_seconds()))

    async def take(self, strategy: str, handle: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """What was kept, and what else; nobody gets it again. Raises UnknownChallengeError."""
        value = await self._redis.getdel(_key(strategy, handle))
        if value is None:
            raise UnknownChallengeError
        found = json.loads(value)
        return found["kept"], found["also"]

    async def new_ticket(self, **facts: Any) -> str:
        """A token that stands for a first step that went well, until the second is done."""
        ticket = new_token("pbt")
        value = json.dumps(facts)
        await self._redis.set(_key("ticket", ticket), value, ex=int(TICKET_LIFE.total_seconds()))
        return ticket

    async def read_ticket(self, ticket: str) -> dict[str, Any]:
        """The facts of a ticket, which stays. Raises UnknownChallengeError."""
        value = await self._redis.get(_key("ticket", ticket))
        if value is None:
            raise UnknownChallengeError
        facts: dict[str, Any] = json.loads(value)
        return facts

    async def spend_ticket(self, ticket: str) -> None:
        """Make a ticket worthless. Raises UnknownChallengeError if somebody else was faster."""
        if await self._redis.getdel(_key("ticket", ticket)) is None:
            raise UnknownChallengeError


def _key(kind: str, handle: str) -> str:
    return f"challenge:{kind}:{fingerprint(handle)}"
