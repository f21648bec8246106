"""Runs: answers that go on when nobody listens, and can be listened to again from any event on, in any process.

    events ──► Run (task of its own) ──► frames in memory ──► followers in this process
                                    └──► a Redis stream, a few times a second ──► followers in other processes

An event's id is `<run>.<number>`, numbered from 1 without gaps. One entry of the Redis stream holds the events of a
quarter of a second; its id is `<number of its last event>-<count of beats>`, so that reading "after event n" is reading
after an entry. A beat is an empty entry of a run that is alive and silent.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from privexbot_app.domains.conversations.schemas import OUR_FAULT_EVENT, ChatEvent
from privexbot_app.kit.logging import get_logger

log = get_logger(__name__)

HEARTBEAT_SECONDS = 15
HEARTBEAT = b": still here\n\n"
FLUSH_SECONDS = 0.25
KEPT_SECONDS = 3600
UNHEARD_SECONDS = 120
"""How long a run goes on when nobody listens."""
LONGEST_RUN_SECONDS = 900
BLOCK_SECONDS = 2  # less than the Redis client's own timeout of a read
STOPPED_EVENT = ChatEvent("error", {"code": "run_stopped", "kind": "conflict", "message": "The answer was stopped."})


WriteEvent = Callable[[ChatEvent, UUID, int], bytes]
"""Writes one event, given its run and its number, as server-sent bytes; empty for one that is not to be told."""


class Run:
    """One answer on its way. frames: its events so far, each as server-sent bytes.

    key: the name of its stream in Redis; empty for a run that nobody will resume.
    """

    def __init__(self, id: UUID, redis: Redis, key: str, *, write: WriteEvent, on_end: Callable[[], None]) -> None:
        self.id = id
        self.frames: list[bytes] = []
        self.is_done = False
        self._redis, self._key = redis, key
        self._write_event = write
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._followers = 0
        self._flushed = 0, 0
        self._beats = 0
        self._flush_timer: asyncio.TimerHandle | None = None
        self._leave_timer: asyncio.TimerHandle | None = None
        self._beat_timer = self._loop.call_later(HEARTBEAT_SECONDS, self._beat)
        self._writing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def begin(self, events: AsyncGenerator[ChatEvent], first: ChatEvent) -> None:
        """Go on from the first event, in a task of its own."""
        self._append(first)
        self._task = self._loop.create_task(self._drive(events))

    def stop(self) -> None:
        """End it: the model is told to stop, and what was said is saved."""
        if self._task is not None and not self.is_done:
            self._task.cancel()

    async def follow(self, after: int) -> AsyncGenerator[bytes]:
        """Events after number `after`, those that are there together in one piece; a heartbeat in long silences."""
        self._followers += 1
        if self._leave_timer is not None:
            self._leave_timer.cancel()
        sent = min(after, len(self.frames))
        try:
            while True:
                if sent < len(self.frames):
                    piece, sent = b"".join(self.frames[sent:]), len(self.frames)
                    if piece:
                        yield piece
                    continue
                if self.is_done:
                    return
                beats = self._beats
                if self._waiter is None:
                    self._waiter = self._loop.create_future()
                await asyncio.shield(self._waiter)
                if self._beats > beats and sent == len(self.frames) and not self.is_done:
                    yield HEARTBEAT
        finally:
            self._followers -= 1
            if not self._followers and not self.is_done:
                # Nobody can come back to a run that is kept nowhere.
                patience = UNHEARD_SECONDS if self._key else 0
                self._leave_timer = self._loop.call_later(patience, self._leave)

    async def _drive(self, events: AsyncGenerator[ChatEvent]) -> None:
        try:
            async with asyncio.timeout(LONGEST_RUN_SECONDS), aclosing(events):
                async for event in events:
                    self._append(event)
        except asyncio.CancelledError:
            self._append(STOPPED_EVENT)
        except Exception as error:
            log.error("run.crashed", exc_info=error)
            self._append(OUR_FAULT_EVENT)
        finally:
            self.is_done = True
            for timer in (self._flush_timer, self._leave_timer, self._beat_timer):
                if timer is not None:
                    timer.cancel()
            self._wake()
            self._on_end()
            await self._flush()

    def _append(self, event: ChatEvent) -> None:
        self.frames.append(self._write_event(event, self.id, len(self.frames) + 1))
        if self._flush_timer is None and self._key:
            self._flush_timer = self._loop.call_later(FLUSH_SECONDS, self._flush_soon)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None:
            if not self._waiter.done():
                self._waiter.set_result(None)
            self._waiter = None

    def _beat(self) -> None:
        self._beats += 1
        self._beat_timer = self._loop.call_later(HEARTBEAT_SECONDS, self._beat)
        self._wake()
        self._flush_soon()

    def _leave(self) -> None:
        self._leaving = self._loop.create_task(self._leave_unless_heard())

    async def _leave_unless_heard(self) -> None:
        try:
            is_heard = bool(self._key) and await self._redis.exists(f"{self._key}:heard")
        except RedisError:
            is_heard = False
        if self._followers or self.is_done:
            return
        if is_heard:
            self._leave_timer = self._loop.call_later(UNHEARD_SECONDS, self._leave)
        else:
            self.stop()

    def _flush_soon(self) -> None:
        self._flush_timer = None
        if self._key and not self.is_done:
            self._flushing = self._loop.create_task(self._flush())

    async def _flush(self) -> None:
        if not self._key:
            return
        async with self._writing:
            await self._write()

    async def _write(self) -> None:
        state = len(self.frames), self._beats + self.is_done
        if state == self._flushed:
            return
        events = b"".join(self.frames[self._flushed[0] :]).decode()
        fields: dict[Any, Any] = {"e": events} | ({"done": 1} if self.is_done else {})
        self._flushed = state
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.xadd(self._key, fields, id=f"{state[0]}-{state[1]}")
                pipe.expire(self._key, KEPT_SECONDS)
                if not self.is_done:
                    pipe.exists(f"{self._key}:stop")
                answers = await pipe.execute()
        except RedisError as error:
            # Whoever listens here goes on listening; only resuming elsewhere is lost.
            log.warning("run.not_kept", error=type(error).__name__)
            return
        if not self.is_done and answers[-1]:
            self.stop()


def encode(event: ChatEvent, run_id: UUID, number: int) -> bytes:
    """One server-sent event. Line breaks inside the data are escaped by JSON."""
    data = _dumps(event.data)
    return f"event: {event.name}\nid: {run_id.hex}.{number}\ndata: {data}\n\n".encode()


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


async def follow_elsewhere(redis: Redis, key: str, after: int) -> AsyncIterator[bytes]:
    """Events after number `after` of a run that another process has, or had. The stream must exist.

    Ends with an error event when the run's process has gone silent for good.
    """
    for position, fields in await redis.xrevrange(key, count=1):
        if "done" in fields and int(position.partition("-")[0]) <= after:
            return
    position, silent_seconds = f"{after}-0", 0.0
    while True:
        await redis.set(f"{key}:heard", 1, ex=UNHEARD_SECONDS)
        found = await redis.xread({key: position}, block=1000 * BLOCK_SECONDS, count=100)
        silent_seconds = 0.0 if found else silent_seconds + BLOCK_SECONDS
        if silent_seconds > 3 * HEARTBEAT_SECONDS:
            log.error("run.lost", key=key.rsplit(":", 1)[-1])
            yield encode(OUR_FAULT_EVENT, UUID(key.rsplit(":", 1)[-1]), after + 1)
            return
        for position, fields in found[0][1] if found else ():
            last = int(position.partition("-")[0])
            frames = [f"{frame}\n\n" for frame in fields["e"].split("\n\n") if frame]
            fresh = frames[len(frames) - max(0, last - after) :] if last > after else []
            after = max(after, last)
            if fresh:
                yield "".join(fresh).encode()
            elif "done" not in fields:
                yield HEARTBEAT
            if "done" in fields:
                return
