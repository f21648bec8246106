"""A teammate answers instead of the bot: takes a conversation over, writes, gives it back. Needs `conversations.write`.

While somebody holds a conversation the bot is silent (see `holding`), and the visitor hears of every step (see `live`).
"""

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.bots.schemas import LiveBot
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.service import ChatflowService
from privexbot_app.domains.conversations.answer_events import answer_of, events_of
from privexbot_app.domains.conversations.answering import Finished
from privexbot_app.domains.conversations.asking import Asking, begin
from privexbot_app.domains.conversations.flow_places import load_flow
from privexbot_app.domains.conversations.holding import Holder, remember_holder
from privexbot_app.domains.conversations.inbox import InboxService
from privexbot_app.domains.conversations.inbox_schemas import (
    AgentMessage,
    ConversationView,
    HandBack,
    TranscriptMessage,
)
from privexbot_app.domains.conversations.live import poke
from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.domains.conversations.remembering import forget_turns
from privexbot_app.domains.conversations.repository import ConversationRepository, MessageRepository
from privexbot_app.domains.conversations.schemas import Asker
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.domains.identity.service import UserDirectory
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.errors import ConflictError
from privexbot_app.kit.scope import ActorKind, Scope
from privexbot_app.kit.text import require_storable

NAMELESS = "Team"
"""What a visitor sees of somebody who has given no name; never an address."""


class ConversationHeldError(ConflictError):
    """Somebody else answers already."""

    code = "conversation_held"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} answers in this conversation. They, or you, can release it first.")


class ConversationNotHeldError(ConflictError):
    """Whoever writes must have taken over first."""

    code = "conversation_not_held"

    def __init__(self) -> None:
        super().__init__("Take this conversation over first.")


class Takeover:
    """What teammates do in conversations that are going on."""

    def __init__(self, works: Workshop, keys: KeyRing) -> None:
        self._works, self._keys = works, keys

    async def take_over(self, scope: Scope, conversation_id: UUID) -> ConversationView:
        """Answer instead of the bot from now on. Twice is once.

        Raises ConversationHeldError, NotFoundError (`conversation_not_found`).
        """
        scope.require("conversations.write")
        async with self._works.open(scope) as work:
            row = await work.repository(ConversationRepository).get(conversation_id)
            holder = await _myself(work)
            if row.agent_id is None and await work.repository(ConversationRepository).claim(
                row.id, holder.id, holder.name
            ):
                AuditService(work).record("conversation.taken_over", row.id)
            await work.session.refresh(row)
            if row.agent_id != holder.id:
                raise ConversationHeldError(row.agent_name or NAMELESS)
            [view] = await InboxService(work).view([row])
        await self._tell(scope, conversation_id, holder)
        return view

    async def say(self, scope: Scope, conversation_id: UUID, message: AgentMessage) -> TranscriptMessage:
        """Write to the visitor. Raises ConversationNotHeldError."""
        scope.require("conversations.write")
        require_storable(message.content)
        async with self._works.open(scope) as work:
            row = await work.repository(ConversationRepository).get(conversation_id)
            if row.agent_id is None or str(row.agent_id) != scope.actor.id:
                raise ConversationNotHeldError
            said = Message(
                workspace_id=row.workspace_id,
                conversation_id=row.id,
                role="agent",
                author=row.agent_name,
                content=message.content,
            )
            work.repository(MessageRepository).add(said)
            await work.session.flush()
            await work.repository(ConversationRepository).touch([row.id])
            transcript = await InboxService(work).get_transcript(row.id)
        await forget_turns(self._works, scope, conversation_id)
        await poke(self._works, scope, conversation_id)
        return next(one for one in transcript.messages if one.message_id == said.id)

    async def release(self, scope: Scope, conversation_id: UUID) -> ConversationView:
        """Let go without a word: the bot answers again, or a chatflow goes on waiting for somebody."""
        scope.require("conversations.write")
        view = await self._let_go(scope, conversation_id)
        await self._tell(scope, conversation_id, None)
        return view

    async def hand_back(self, scope: Scope, conversation_id: UUID, back: HandBack) -> ConversationView:
        """Let the bot answer again; a chatflow that waits for a person goes on with the note, and speaks at once."""
        scope.require("conversations.write")
        async with self._works.open(scope, read_only=True) as work:
            row = await work.repository(ConversationRepository).get(conversation_id)
            bot = await BotService(work).get_live(row.bot_id)
            is_awaited = (await ChatflowService(work).find_place(row.id)).wait == "person"
        await self._let_go(scope, conversation_id, is_over=True)
        await self._tell(scope, conversation_id, None)
        if is_awaited and bot.config.graph is not None:
            await self._go_on(replace(scope, is_test=row.is_test), row, bot, {"note": back.note})
        async with self._works.open(scope, read_only=True) as work:
            row = await work.repository(ConversationRepository).get(conversation_id)
            return (await InboxService(work).view([row]))[0]

    async def _let_go(self, scope: Scope, conversation_id: UUID, *, is_over: bool = False) -> ConversationView:
        async with self._works.open(scope) as work:
            row = await work.repository(ConversationRepository).get(conversation_id)
            waits = (await ChatflowService(work).find_place(row.id)).wait == "person"
            row.is_waiting = waits and not is_over
            if row.agent_id is not None:
                row.agent_id, row.agent_name = None, ""
                AuditService(work).record("conversation.handed_back" if is_over else "conversation.released", row.id)
            return (await InboxService(work).view([row]))[0]

    async def _go_on(self, scope: Scope, row: Conversation, bot: LiveBot, answer: Mapping[str, Any]) -> None:
        asking = await self._asking(scope, row, bot, answer)
        is_calling, whole = False, answer_of(asking, Finished("", [])).model_dump(mode="json")
        async with aclosing(events_of(self._works, asking)) as events:
            async for event in events:
                is_calling = is_calling or event.name == "handoff"
                whole = event.data if event.name == "run.finished" else whole
        await ConversationService(self._works, self._keys).save(asking, bot, whole, is_calling=is_calling)
        await forget_turns(self._works, scope, row.id)
        await poke(self._works, scope, row.id)

    async def _asking(self, scope: Scope, row: Conversation, bot: LiveBot, answer: Mapping[str, Any]) -> Asking:
        conversations = ConversationService(self._works, self._keys)
        asking = begin(
            scope,
            Asker(visitor_id=row.visitor_id, channel=row.channel),
            bot.config,
            "",
            await conversations.load_history(scope, row.id, bot.config.memory.max_messages),
            conversation_id=row.id,
            is_new=False,
            session_token="",  # nobody listens who could use it
            flow=await load_flow(self._works, scope, bot, row.id),
        )
        return replace(asking, answer=answer)

    async def _tell(self, scope: Scope, conversation_id: UUID, holder: Holder | None) -> None:
        await remember_holder(self._works, scope, conversation_id, holder)
        await poke(self._works, scope, conversation_id)


async def _myself(work: Work) -> Holder:
    actor = work.scope.actor
    id = UUID(actor.id)
    if actor.kind is not ActorKind.USER:
        return Holder(id, NAMELESS)
    user = (await UserDirectory(work).list_users([id])).get(id)
    return Holder(id, (user.name if user else "") or NAMELESS)
