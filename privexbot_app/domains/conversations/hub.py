"""The runs of this process: starts them within bounds, finds them again, and never answers one question twice.

A question with an idempotency key is answered once: asking again with the same key and the same words listens to the
first run, wherever it is; with other words it is refused.
"""

import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from privexbot_app.domains.conversations.runs import KEPT_SECONDS, Run, WriteEvent, encode, follow_elsewhere
from privexbot_app.domains.conversations.schemas import ChatEvent
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.errors import ConflictError, NotFoundError, UnavailableError
from privexbot_app.kit.scope import Scope

APPEARS_SECONDS = 1.0
RETRY_SECONDS = 2


class RunNotFoundError(NotFoundError):
    """There is no such run of this bot, or it is over for more than an hour."""

    code = "run_not_found"

    def __init__(self) -> None:
        super().__init__("This answer cannot be resumed any more.")


class KeyReusedError(ConflictError):
    """The idempotency key came before, with another question."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another question.")


class TooBusyError(UnavailableError):
    """So many answers are being given at this moment that another one would slow all of them down."""

    code = "too_busy"
    retry_after_seconds = RETRY_SECONDS

    def __init__(self, **context: Any) -> None:
        super().__init__("Too many answers are being given at this moment. Please try again.", **context)


@dataclass(frozen=True)
class Capacity:
    """How many answers one process gives at once, in all and of one bot."""

    answers: int = 2000
    answers_per_bot: int = 1500


@dataclass(frozen=True)
class Claim:
    """A place for a run. run_id: of the run to start; of the one to listen to where the question came before."""

    run_id: UUID
    is_new: bool
    key: str = ""


class RunHub:
    """Runs by their id; `works.own(RunHub)`. A run belongs to a bot (or a draft) and is found there alone."""

    def __init__(self, works: Workshop) -> None:
        self._redis = works.redis
        self._runs: dict[str, Run] = {}
        self._open: Counter[UUID] = Counter()

    @property
    def open_count(self) -> int:
        """How many answers this process is giving."""
        return self._open.total()

    def require_room(self, bot_id: UUID, capacity: Capacity) -> None:
        """Raise TooBusyError when another answer would be one too many."""
        if self.open_count >= capacity.answers or self._open[bot_id] >= capacity.answers_per_bot:
            raise TooBusyError(open=self.open_count, of_bot=self._open[bot_id])

    async def claim(self, scope: Scope, bot_id: UUID, run_id: UUID, *, key: str, words: str) -> Claim:
        """Reserve an idempotency key for a run. Raises KeyReusedError if it came before with other words."""
        name = scope.key("idempotency", bot_id.hex, hashlib.sha256(key.encode()).hexdigest()[:32])
        body = hashlib.sha256(words.encode()).hexdigest()[:32]
        if await self._redis.set(name, f"{body}:{run_id.hex}", nx=True, ex=KEPT_SECONDS):
            return Claim(run_id, is_new=True, key=name)
        known_body, _, known_run = (await self._redis.get(name) or "").partition(":")
        if known_body != body:
            raise KeyReusedError
        return Claim(UUID(known_run), is_new=False)

    async def release(self, claim: Claim) -> None:
        """Give a key back whose question could not even begin to be answered."""
        if claim.key:
            await self._redis.delete(claim.key)

    async def start(
        self,
        scope: Scope,
        bot_id: UUID,
        run_id: UUID,
        events: AsyncGenerator[ChatEvent],
        *,
        is_resumable: bool = True,
        write: WriteEvent = encode,
    ) -> Run:
        """Begin a run; what is wrong before its first event is raised here. One that cannot be resumed ends when its
        reader leaves.
        """
        first = await anext(events)
        first = ChatEvent(first.name, {**first.data, "run_id": run_id.hex})
        key = self._key(scope, bot_id, run_id)

        def end() -> None:
            self._runs.pop(key, None)
            self._open[bot_id] -= 1

        run = Run(run_id, self._redis, key if is_resumable else "", write=write, on_end=end)
        self._runs[key] = run
        self._open[bot_id] += 1
        run.begin(events, first)
        return run

    async def resume(self, scope: Scope, bot_id: UUID, run_id: UUID, *, after: int) -> AsyncGenerator[bytes]:
        """The events of a run after number `after`, wherever it runs. Raises RunNotFoundError before the first one."""
        key = self._key(scope, bot_id, run_id)
        run = self._runs.get(key)
        if run is None:
            await self._wait_for(key)
        return self._follow(run, key, after)

    async def stop(self, scope: Scope, bot_id: UUID, run_id: UUID) -> None:
        """End a run, wherever it runs. One that is over, or is none of the bot's, is no error."""
        key = self._key(scope, bot_id, run_id)
        if run := self._runs.get(key):
            run.stop()
        else:
            await self._redis.set(f"{key}:stop", 1, ex=60)

    async def _follow(self, run: Run | None, key: str, after: int) -> AsyncGenerator[bytes]:
        if run is not None:
            async with aclosing(run.follow(after)) as frames:
                async for frame in frames:
                    yield frame
            return
        elsewhere: AsyncIterator[bytes] = follow_elsewhere(self._redis, key, after)
        async for frame in elsewhere:
            yield frame

    async def _wait_for(self, key: str) -> None:
        """Another process writes a run down a moment after it has begun."""
        found = await self._redis.xread({key: "0-0"}, count=1, block=int(1000 * APPEARS_SECONDS))
        if not found:
            raise RunNotFoundError

    @staticmethod
    def _key(scope: Scope, bot_id: UUID, run_id: UUID) -> str:
        return scope.key("run", bot_id.hex, run_id.hex)
