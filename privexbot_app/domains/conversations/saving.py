"""Write exchanges down. Those of one workspace that wait at the same moment share a transaction.

An answer is told to be finished only after its exchange is written, so nothing is lost that a visitor has seen whole.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from privexbot_app.domains.conversations.exchanges import Exchange
from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.domains.conversations.repository import ConversationRepository, MessageRepository
from privexbot_app.domains.conversations.telling import tell
from privexbot_app.integrations.plugins import Workshop

MOST_AT_ONCE = 100
GATHERING_SECONDS = 0.02


class Scribe:
    """Writes what this process's bots have said; `works.own(Scribe)`."""

    def __init__(self, works: Workshop) -> None:
        self._works = works
        self._waiting: dict[UUID, list[tuple[Exchange, asyncio.Future[None]]]] = {}
        self._writing: dict[UUID, asyncio.Task[None]] = {}

    async def save(self, exchange: Exchange) -> None:
        """Return when the exchange is written. Raises what the database raises."""
        workspace_id = exchange.scope.workspace_id
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(workspace_id, []).append((exchange, done))
        if workspace_id not in self._writing:
            self._writing[workspace_id] = asyncio.create_task(self._write(workspace_id))
        await done

    async def _write(self, workspace_id: UUID) -> None:
        try:
            while waiting := self._waiting[workspace_id]:
                batch = waiting[:MOST_AT_ONCE]
                del waiting[:MOST_AT_ONCE]
                await self._write_batch(batch)
                if waiting:  # it is busy: a moment's patience makes fewer and larger transactions
                    await asyncio.sleep(GATHERING_SECONDS)
        finally:
            del self._waiting[workspace_id], self._writing[workspace_id]

    async def _write_batch(self, batch: "list[tuple[Exchange, asyncio.Future[None]]]") -> None:
        try:
            await self._write_together([exchange for exchange, _ in batch])
        except Exception:
            # One of them is at fault, or its conversation was deleted meanwhile; the others must not suffer for it.
            for exchange, done in batch:
                await self._write_alone(exchange, done)
            return
        for _, done in batch:
            _settle(done, None)

    async def _write_alone(self, exchange: Exchange, done: "asyncio.Future[None]") -> None:
        try:
            async with self._works.open(exchange.scope, read_only=True) as work:
                found = await work.repository(ConversationRepository).find(exchange.conversation["id"])
            await self._write_together([replace(exchange, is_new=found is None)])
        except Exception as error:
            _settle(done, error)
        else:
            _settle(done, None)

    async def _write_together(self, exchanges: Sequence[Exchange]) -> None:
        async with self._works.open(exchanges[0].scope) as work:
            conversations, messages = work.repository(ConversationRepository), work.repository(MessageRepository)
            for exchange in exchanges:
                if exchange.is_new:
                    conversations.add(Conversation(**exchange.conversation))
            await work.session.flush()
            if known := [exchange.conversation["id"] for exchange in exchanges if not exchange.is_new]:
                await conversations.touch(known)
            for exchange in exchanges:
                for message in exchange.messages:
                    messages.add(Message(**message))
                if exchange.keep is not None:
                    await exchange.keep(work)
                await tell(work, exchange)


def _settle(done: "asyncio.Future[None]", error: Exception | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)
