"""What a visitor hears without asking: a teammate's messages, and who answers now.

    something is said ──► database ──► `poke` over Redis ──► every process that has a listener ──► it reads what is new

A poke carries nothing, so one that is lost or comes twice does no harm, and a listener that was away reads on from the
last message that it has. One connection to Redis serves all listeners of a process.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from privexbot_app.domains.conversations.hub import TooBusyError
from privexbot_app.domains.conversations.inbox import status_of
from privexbot_app.domains.conversations.repository import ConversationRepository, MessageRepository
from privexbot_app.domains.conversations.runs import HEARTBEAT, HEARTBEAT_SECONDS
from privexbot_app.domains.conversations.views import message_view
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope

log = get_logger(__name__)

MOST_LISTENERS = 5000
READ_SECONDS = 1.0
RECONNECT_SECONDS = 0.5
NOTHING = UUID(int=0)


async def poke(works: Workshop, scope: Scope, conversation_id: UUID) -> None:
    """Tell everybody who follows a conversation to look. Call it after the commit."""
    await works.redis.publish(_key(scope, conversation_id), "")


class LiveHub:
    """The listeners of this process; `works.own(LiveHub)`."""

    def __init__(self, works: Workshop) -> None:
        self._pubsub: Any = works.redis.pubsub(ignore_subscribe_messages=True)
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._reading: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """How many listen now."""
        return sum(map(len, self._listeners.values()))

    def require_room(self) -> None:
        """Raise TooBusyError when another listener would be one too many."""
        if self.count >= MOST_LISTENERS:
            raise TooBusyError(listeners=MOST_LISTENERS)

    @asynccontextmanager
    async def listen(self, scope: Scope, conversation_id: UUID) -> AsyncIterator[asyncio.Event]:
        """An event that is set when something has happened; whoever waits for it clears it."""
        key, news = _key(scope, conversation_id), asyncio.Event()
        self._listeners.setdefault(key, set()).add(news)
        try:
            await self._pubsub.subscribe(key)
            if self._reading is None or self._reading.done():
                self._reading = asyncio.create_task(self._read())
            yield news
        finally:
            self._listeners[key].discard(news)
            if not self._listeners[key]:
                del self._listeners[key]
                await self._pubsub.unsubscribe(key)

    async def _read(self) -> None:
        while self._listeners:
            try:
                message = await self._pubsub.get_message(timeout=READ_SECONDS)
            except (RedisError, OSError) as error:
                log.warning("live.disconnected", error=type(error).__name__)
                await asyncio.sleep(RECONNECT_SECONDS)
                for key in self._listeners:
                    self._wake(key)  # what was said meanwhile was poked into the void
                continue
            if message is not None:
                self._wake(message["channel"])

    def _wake(self, key: str) -> None:
        for news in self._listeners.get(key, ()):
            news.set()


@dataclass(frozen=True)
class _State:
    """What is told as `conversation.state`."""

    status: str
    agent_name: str

    def frame(self) -> bytes:
        """The event."""
        agent = {"name": self.agent_name} if self.agent_name else None
        return _frame("conversation.state", {"status": self.status, "agent": agent})


async def follow(works: Workshop, scope: Scope, conversation_id: UUID, *, after: UUID | None) -> AsyncGenerator[bytes]:
    """Server-sent events of a conversation: its state, and what the visitor is told after a message (now: the latest).

    Ends when the conversation is deleted.
    """
    told: _State | None = None
    async with works.own(LiveHub).listen(scope, conversation_id) as news:
        while True:
            news.clear()
            state, frames, after = await _look(works, scope, conversation_id, after)
            if state is None:
                return
            if state != told:
                yield state.frame()
                told = state
            for frame in frames:
                yield frame
            while not news.is_set():
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await news.wait()
                except TimeoutError:
                    yield HEARTBEAT


async def _look(
    works: Workshop, scope: Scope, conversation_id: UUID, after: UUID | None
) -> tuple[_State | None, list[bytes], UUID]:
    async with works.open(scope, read_only=True) as work:
        row = await work.repository(ConversationRepository).find(conversation_id)
        messages = work.repository(MessageRepository)
        if after is None:
            last = await messages.find_last(conversation_id)
            after = last.id if last else NOTHING
        rows = await messages.list_told_after(conversation_id, after)
    if row is None:
        return None, [], after
    frames = [_frame("message", message_view(one).model_dump(mode="json"), id=one.id) for one in rows]
    return _State(status_of(row), row.agent_name if row.agent_id else ""), frames, rows[-1].id if rows else after


def _frame(name: str, data: dict[str, Any], *, id: UUID | None = None) -> bytes:
    lines = [f"event: {name}", *([f"id: {id}"] if id else []), f"data: {json.dumps(data, ensure_ascii=False)}"]
    return ("\n".join(lines) + "\n\n").encode()


def _key(scope: Scope, conversation_id: UUID) -> str:
    return scope.key("live", conversation_id.hex)
