"""The one way to an answer. Widget, hosted page, API and dashboard preview all come through here.

A reply is load (one unit of work), answer (no transaction while the model talks), save (another unit). A preview does
the same with a history in Redis and leaves nothing behind. Whether answers outlive their reader is up to `hub`.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Literal, cast
from uuid import UUID

from privexbot_app.domains.bots.schemas import BotConfig, LiveBot
from privexbot_app.domains.conversations.answer_events import answer_of, events_of, rows_of
from privexbot_app.domains.conversations.answering import Finished
from privexbot_app.domains.conversations.asking import Asking, FlowAsking, begin
from privexbot_app.domains.conversations.exchanges import Exchange
from privexbot_app.domains.conversations.flow_places import keeper_of, load_flow, load_trial, save_trial
from privexbot_app.domains.conversations.holding import find_holder, held_events
from privexbot_app.domains.conversations.live import poke
from privexbot_app.domains.conversations.remembering import MOST_KEPT, keep_turns, recall_turns
from privexbot_app.domains.conversations.repository import ConversationRepository, MessageRepository
from privexbot_app.domains.conversations.saving import Scribe
from privexbot_app.domains.conversations.schemas import (
    Asker,
    ChatEvent,
    ChatQuestion,
    CitationView,
    Feedback,
    History,
    Turn,
)
from privexbot_app.domains.conversations.sessions import SessionTokens
from privexbot_app.domains.conversations.telling import tell_feedback
from privexbot_app.domains.conversations.views import message_view
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.errors import InvalidError, NotFoundError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.text import require_storable

PREVIEW_SECONDS = 3600
MOST_HISTORY = 200
RATINGS = {"up": 1, "down": -1}
ANONYMOUS = Asker()


class ConversationService:
    """Answers questions for anybody who may ask them."""

    def __init__(self, works: Workshop, keys: KeyRing) -> None:
        self._works = works
        self._sessions = SessionTokens(keys)

    def find_session(self, bot_id: UUID, session_token: str | None, asker: Asker = ANONYMOUS) -> UUID | None:
        """The conversation that a session token stands for; None for a token that is not ours or not the asker's."""
        return self._sessions.read(session_token, bot_id, asker.visitor_id)

    async def reply(
        self,
        scope: Scope,
        bot: LiveBot,
        question: ChatQuestion,
        asker: Asker = ANONYMOUS,
        *,
        history: Sequence[Turn] | None = None,
    ) -> AsyncGenerator[ChatEvent]:
        """Answer a visitor of a live bot and save both turns. Errors come as an `error` event, never as exceptions.

        history: what was said before, for callers that keep it themselves; else that of the session.
        Close the iterator to stop the model; what was said so far is saved.
        """
        scope.require("bots.chat")
        _message_of(question)
        known_id = self.find_session(bot.id, question.session_id, asker)
        holder = await find_holder(self._works, scope, known_id) if known_id else None
        if history is None:
            history = await self.load_history(scope, known_id, bot.config.memory.max_messages)
        is_flow = bot.config.graph is not None and holder is None
        flow = await load_flow(self._works, scope, bot, known_id) if is_flow else None
        asking = self._begin(scope, bot.id, bot.config, question, history, known_id, asker, flow)
        said: list[str] = []
        is_saved = is_calling = False
        try:
            async for event in held_events(asking, holder) if holder else events_of(self._works, asking):
                if event.name == "token":
                    said.append(event.data["delta"])
                is_calling = is_calling or (event.name == "handoff" and holder is None)
                if event.name == "run.finished":
                    is_saved = True
                    await self.save(asking, bot, event.data, is_calling=is_calling)
                yield event
        finally:
            if not is_saved:
                # The visitor may be gone and this task cancelled; what was said is saved all the same.
                partial = answer_of(asking, Finished("".join(said), [])).model_dump(mode="json")
                await asyncio.shield(self.save(asking, bot, partial, is_calling=is_calling))

    async def preview(
        self, scope: Scope, draft_id: UUID, config: BotConfig, question: ChatQuestion
    ) -> AsyncGenerator[ChatEvent]:
        """Answer as a draft would, with real retrieval and the real model, and leave nothing behind."""
        scope.require("bots.read")
        message = _message_of(question)
        known_id = self._sessions.read(question.session_id, draft_id)
        history = await self._load_preview(scope, known_id, config.memory.max_messages)
        flow = await load_trial(self._works, scope, draft_id, config, known_id) if config.graph else None
        asking = self._begin(scope, draft_id, config, question, history, known_id, ANONYMOUS, flow)
        async for event in events_of(self._works, asking):
            if event.name == "run.finished":
                turns = [*history, Turn("user", message), Turn("assistant", event.data["response"])]
                await self._save_preview(asking, turns)
                await save_trial(self._works, asking)
            yield event

    async def list_history(
        self, scope: Scope, bot_id: UUID, session_token: str | None, asker: Asker = ANONYMOUS
    ) -> History:
        """The messages of a visitor's own session, oldest first; an unknown session has none.

        A verified visitor without a session gets their latest conversation with the bot.
        """
        conversation_id = self.find_session(bot_id, session_token, asker)
        async with self._works.open(scope, read_only=True) as work:
            if conversation_id is None and not session_token and asker.visitor_id is not None:
                latest = await work.repository(ConversationRepository).find_latest_of(bot_id, asker.visitor_id)
                conversation_id = latest.id if latest else None
            if conversation_id is None:
                return History()
            rows = await work.repository(MessageRepository).list_latest(conversation_id, MOST_HISTORY)
        token = self._sessions.issue(conversation_id, bot_id, asker.visitor_id)
        return History(items=[message_view(row) for row in rows], session_id=token)

    async def find_conversation(
        self, scope: Scope, bot_id: UUID, session_token: str | None, asker: Asker = ANONYMOUS
    ) -> UUID | None:
        """The conversation of a visitor's session token, or None if it is not ours or has not begun."""
        conversation_id = self.find_session(bot_id, session_token, asker)
        if conversation_id is None:
            return None
        async with self._works.open(scope, read_only=True) as work:
            found = await work.repository(ConversationRepository).find(conversation_id)
        return found.id if found else None

    async def get_exchange(self, scope: Scope, message_id: UUID) -> tuple[str, list[CitationView]]:
        """The question that an answer was given to, and what the answer cites. Needs `conversations.read`.

        Raises NotFoundError (`message_not_found`), also for a message that is no answer.
        """
        scope.require("conversations.read")
        async with self._works.open(scope, read_only=True) as work:
            messages = work.repository(MessageRepository)
            reply = await messages.get(message_id)
            question = await messages.find_question(reply)
        if reply.role != "bot" or question is None:
            raise NotFoundError("There is no such answer.", code="message_not_found")
        return question.content, [CitationView.model_validate(citation) for citation in reply.citations]

    async def list_exchanges(self, scope: Scope, conversation_id: UUID) -> list[tuple[str, str]]:
        """(question, answer) of a conversation, oldest first; no answer is empty. Needs `conversations.read`.

        Raises NotFoundError (`conversation_not_found`).
        """
        scope.require("conversations.read")
        async with self._works.open(scope, read_only=True) as work:
            await work.repository(ConversationRepository).get(conversation_id)
            rows = await work.repository(MessageRepository).list_latest(conversation_id, MOST_HISTORY)
        exchanges: list[tuple[str, str]] = []
        for row in rows:
            if row.role == "visitor":
                exchanges.append((row.content, ""))
            elif exchanges and row.role == "bot":
                exchanges[-1] = exchanges[-1][0], row.content
        return exchanges

    async def rate(self, scope: Scope, bot_id: UUID, feedback: Feedback, asker: Asker = ANONYMOUS) -> None:
        """Keep what a visitor thinks of an answer of their own session. Raises NotFoundError (`message_not_found`)."""
        conversation_id = self.find_session(bot_id, feedback.session_id, asker)
        async with self._works.open(scope) as work:
            message = await work.repository(MessageRepository).get(feedback.message_id)
            if message.conversation_id != conversation_id or message.role != "bot":
                raise NotFoundError("There is no such message.", code="message_not_found")
            message.rating, message.comment = RATINGS[feedback.rating], feedback.comment
            if not scope.is_test:
                await tell_feedback(work, message, feedback)

    async def count_answers(self, scope: Scope) -> int:
        """How many answers the workspace's live bots have given. Needs `conversations.read`."""
        scope.require("conversations.read")
        async with self._works.open(scope, read_only=True) as work:
            return await work.repository(MessageRepository).count_answers()

    def _begin(
        self,
        scope: Scope,
        owner_id: UUID,
        config: BotConfig,
        question: ChatQuestion,
        history: Sequence[Turn],
        known_id: UUID | None,
        asker: Asker,
        flow: FlowAsking | None,
    ) -> Asking:
        conversation_id = known_id or new_id()
        token = self._sessions.issue(conversation_id, owner_id, asker.visitor_id)
        return begin(
            scope,
            asker,
            config,
            _message_of(question),
            history,
            conversation_id=conversation_id,
            is_new=known_id is None,
            session_token=token,
            flow=flow,
            data=question.data,
        )

    async def load_history(self, scope: Scope, conversation_id: UUID | None, limit: int) -> list[Turn]:
        """The latest turns of a conversation as a model is told them, oldest first."""
        if conversation_id is None or limit == 0:
            return []
        if (kept := await recall_turns(self._works, scope, conversation_id, limit)) is not None:
            return kept
        async with self._works.open(scope, read_only=True) as work:
            rows = await work.repository(MessageRepository).list_latest(conversation_id, max(limit, MOST_KEPT))
        turns = [Turn("user" if row.role == "visitor" else "assistant", row.content) for row in rows if row.content]
        await keep_turns(self._works, scope, conversation_id, turns, is_beginning=True)
        return turns[-limit:]

    async def save(self, asking: Asking, bot: LiveBot, whole: dict[str, object], *, is_calling: bool = False) -> None:
        """Write an exchange down. whole: the data of `run.finished`. is_calling: the bot calls for a person."""
        conversation = {
            "id": asking.conversation_id,
            "created_at": utc_now(),
            "workspace_id": asking.scope.workspace_id,
            "bot_id": bot.id,
            "bot_version": bot.version,
            "channel": asking.asker.channel,
            "visitor_id": asking.asker.visitor_id,
            "is_test": asking.scope.is_test,
            "last_at": utc_now(),
        }
        rows = rows_of(asking, whole, default_model=self._works.plugins.defaults.llm)
        exchange = Exchange(
            asking.scope,
            conversation,
            [row for row in rows if row["content"]],  # a flow that a person has answered goes on without a question
            is_new=asking.is_new,
            keep=keeper_of(asking),
            is_calling=is_calling,
        )
        await self._works.own(Scribe).save(exchange)
        turns = [Turn("user", asking.question), Turn("assistant", str(whole["response"]))]
        await keep_turns(self._works, asking.scope, asking.conversation_id, turns, is_beginning=asking.is_new)
        if is_calling:
            await poke(self._works, asking.scope, asking.conversation_id)

    async def _load_preview(self, scope: Scope, conversation_id: UUID | None, limit: int) -> list[Turn]:
        if conversation_id is None:
            return []
        raw = await self._works.redis.get(scope.key("preview", conversation_id))
        turns = [Turn(cast(Literal["user", "assistant"], role), content) for role, content in json.loads(raw or "[]")]
        return turns[len(turns) - limit :] if limit < len(turns) else turns

    async def _save_preview(self, asking: Asking, turns: Sequence[Turn]) -> None:
        raw = json.dumps([[turn.role, turn.content] for turn in turns])
        await self._works.redis.set(asking.scope.key("preview", asking.conversation_id), raw, ex=PREVIEW_SECONDS)


def _message_of(question: ChatQuestion) -> str:
    message = question.message.strip()
    if not message:
        raise InvalidError("Type a message first.", code="empty_message")
    require_storable(message)
    return message
