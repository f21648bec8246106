"""The one way to an answer. Widget, hosted page, API and dashboard preview all come through here.

A reply is load (one unit of work), answer (no transaction while the model talks), save (another unit). A preview does
the same with a history in Redis and leaves nothing behind.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from time import perf_counter
from typing import Literal, cast
from uuid import UUID

from privexbot_app.domains.bots.schemas import BotConfig, LiveBot
from privexbot_app.domains.bots.service import BotService, find_visitor_scope
from privexbot_app.domains.conversations.answering import Finished, Piece, answer
from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.domains.conversations.repository import ConversationRepository, MessageRepository
from privexbot_app.domains.conversations.schemas import (
    ChatAnswer,
    ChatEvent,
    ChatQuestion,
    CitationView,
    Feedback,
    MessageView,
    Turn,
)
from privexbot_app.domains.conversations.sessions import SessionTokens
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.errors import ErrorKind, InvalidError, NotFoundError, PrivexError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.text import require_storable

log = get_logger(__name__)

PREVIEW_SECONDS = 3600
MOST_HISTORY = 200
RATINGS = {"up": 1, "down": -1}
OUR_FAULT = "Something went wrong on our side. Please try again."
OUR_FAULT_EVENT = ChatEvent("error", {"code": "internal", "kind": ErrorKind.INTERNAL, "message": OUR_FAULT})


@dataclass(frozen=True)
class _Run:
    """One question on its way to an answer."""

    scope: Scope
    config: BotConfig
    question: str
    history: Sequence[Turn]
    conversation_id: UUID
    question_id: UUID
    message_id: UUID
    session_token: str
    started: float


class ConversationService:
    """Answers questions for anybody who may ask them."""

    def __init__(self, works: Workshop, keys: KeyRing) -> None:
        self._works = works
        self._sessions = SessionTokens(keys)

    async def load_public(self, bot_id: UUID, *, visitor: str) -> tuple[Scope, LiveBot]:
        """A public bot and the scope in which strangers may talk to it. Raises BotNotFoundError."""
        async with self._works.open(None, read_only=True) as work:
            scope = await find_visitor_scope(work, bot_id, visitor=visitor)
        async with self._works.open(scope, read_only=True) as work:
            return scope, await BotService(work).get_live(bot_id)

    async def reply(self, scope: Scope, bot: LiveBot, question: ChatQuestion) -> AsyncGenerator[ChatEvent]:
        """Answer a visitor of a live bot and save both turns. Errors come as an `error` event, never as exceptions.

        Close the iterator when the visitor leaves: the model is stopped, and what was said so far is saved.
        """
        scope.require("bots.chat")
        message = _message_of(question)
        conversation_id = self._sessions.read(question.session_id, bot.id)
        history: list[Turn] = []
        if conversation_id is not None:
            history = await self._load_history(scope, conversation_id, bot.config.memory.max_messages)
        is_new = conversation_id is None
        run = self._begin(scope, bot.id, bot.config, message, history, conversation_id)
        said: list[str] = []
        finished: ChatAnswer | None = None
        try:
            async for event in self._events(run):
                if event.name == "token":
                    said.append(event.data["delta"])
                if event.name == "run.finished":
                    finished = ChatAnswer.model_validate(event.data)
                    await self._save(run, bot, finished, is_new=is_new)
                yield event
        finally:
            if finished is None:
                # The visitor may be gone and this task cancelled; what was said is saved all the same.
                partial = self._answer_of(run, Finished("".join(said), []))
                await asyncio.shield(self._save(run, bot, partial, is_new=is_new))

    async def preview(
        self, scope: Scope, draft_id: UUID, config: BotConfig, question: ChatQuestion
    ) -> AsyncGenerator[ChatEvent]:
        """Answer as a draft would, with real retrieval and the real model, and leave nothing behind."""
        scope.require("bots.read")
        message = _message_of(question)
        conversation_id = self._sessions.read(question.session_id, draft_id)
        history: list[Turn] = []
        if conversation_id is not None:
            history = await self._load_preview(scope, conversation_id, config.memory.max_messages)
        run = self._begin(scope, draft_id, config, message, history, conversation_id)
        async for event in self._events(run):
            if event.name == "run.finished":
                turns = [*history, Turn("user", message), Turn("assistant", event.data["response"])]
                await self._save_preview(run, turns)
            yield event

    async def list_history(self, scope: Scope, bot_id: UUID, session_token: str) -> list[MessageView]:
        """The messages of a visitor's own session, oldest first; an unknown session has none."""
        conversation_id = self._sessions.read(session_token, bot_id)
        if conversation_id is None:
            return []
        async with self._works.open(scope, read_only=True) as work:
            rows = await work.repository(MessageRepository).list_latest(conversation_id, MOST_HISTORY)
        return [_message_view(row) for row in rows]

    async def find_conversation(self, scope: Scope, bot_id: UUID, session_token: str | None) -> UUID | None:
        """The conversation of a visitor's session token, or None if it is not ours or has not begun."""
        conversation_id = self._sessions.read(session_token, bot_id)
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

    async def rate(self, scope: Scope, bot_id: UUID, feedback: Feedback) -> None:
        """Keep what a visitor thinks of an answer of their own session. Raises NotFoundError (`message_not_found`)."""
        conversation_id = self._sessions.read(feedback.session_id, bot_id)
        async with self._works.open(scope) as work:
            message = await work.repository(MessageRepository).get(feedback.message_id)
            if message.conversation_id != conversation_id or message.role != "bot":
                raise NotFoundError("There is no such message.", code="message_not_found")
            message.rating, message.comment = RATINGS[feedback.rating], feedback.comment

    async def count_answers(self, scope: Scope) -> int:
        """How many answers the workspace's live bots have given. Needs `conversations.read`."""
        scope.require("conversations.read")
        async with self._works.open(scope, read_only=True) as work:
            return await work.repository(MessageRepository).count_answers()

    def _begin(
        self,
        scope: Scope,
        bot_id: UUID,
        config: BotConfig,
        message: str,
        history: Sequence[Turn],
        conversation_id: UUID | None,
    ) -> _Run:
        conversation_id = conversation_id or new_id()
        # Turns are read in the order of their ids, and two ids of one millisecond come in any order.
        question_id, message_id = sorted((new_id(), new_id()))
        return _Run(
            scope=scope,
            config=config,
            question=message,
            history=history,
            conversation_id=conversation_id,
            question_id=question_id,
            message_id=message_id,
            session_token=self._sessions.issue(conversation_id, bot_id),
            started=perf_counter(),
        )

    async def _events(self, run: _Run) -> AsyncGenerator[ChatEvent]:
        ids = {"session_id": run.session_token, "message_id": str(run.message_id)}
        yield ChatEvent("run.started", ids)
        pieces = answer(self._works, run.scope, run.config, run.question, run.history)
        try:
            async for piece in pieces:
                if isinstance(piece, Piece):
                    yield ChatEvent("token", {"delta": piece.text})
                    continue
                whole = self._answer_of(run, piece)
                for citation in whole.citations:
                    yield ChatEvent("citation", citation.model_dump(mode="json"))
                yield ChatEvent("usage", whole.usage.model_dump())
                yield ChatEvent("run.finished", whole.model_dump(mode="json"))
        except PrivexError as error:
            log.error("answer.failed", code=error.code, cause=repr(error.__cause__), **error.context)
            yield ChatEvent("error", _error_data(error))
        except Exception as error:
            log.error("answer.crashed", exc_info=error)
            yield OUR_FAULT_EVENT
        finally:
            await pieces.aclose()

    def _answer_of(self, run: _Run, whole: Finished) -> ChatAnswer:
        return ChatAnswer(
            session_id=run.session_token,
            message_id=run.message_id,
            response=whole.text,
            citations=whole.citations,
            usage=whole.usage,
            latency_ms=round((perf_counter() - run.started) * 1000),
        )

    async def _load_history(self, scope: Scope, conversation_id: UUID, limit: int) -> list[Turn]:
        if limit == 0:
            return []
        async with self._works.open(scope, read_only=True) as work:
            rows = await work.repository(MessageRepository).list_latest(conversation_id, limit)
        return [Turn("user" if row.role == "visitor" else "assistant", row.content) for row in rows if row.content]

    async def _save(self, run: _Run, bot: LiveBot, whole: ChatAnswer, *, is_new: bool) -> None:
        async with self._works.open(run.scope) as work:
            conversations, messages = work.repository(ConversationRepository), work.repository(MessageRepository)
            if is_new or await conversations.find(run.conversation_id) is None:
                conversations.add(
                    Conversation(
                        id=run.conversation_id,
                        workspace_id=run.scope.workspace_id,
                        bot_id=bot.id,
                        bot_version=bot.version,
                    )
                )
                await work.session.flush()
            messages.add(_row(run, "visitor", run.question))
            if whole.response:
                messages.add(_row(run, "bot", whole.response, whole))

    async def _load_preview(self, scope: Scope, conversation_id: UUID, limit: int) -> list[Turn]:
        raw = await self._works.redis.get(scope.key("preview", conversation_id))
        turns = [Turn(cast(Literal["user", "assistant"], role), content) for role, content in json.loads(raw or "[]")]
        return turns[len(turns) - limit :] if limit < len(turns) else turns

    async def _save_preview(self, run: _Run, turns: Sequence[Turn]) -> None:
        raw = json.dumps([[turn.role, turn.content] for turn in turns])
        await self._works.redis.set(run.scope.key("preview", run.conversation_id), raw, ex=PREVIEW_SECONDS)


async def collect(events: AsyncGenerator[ChatEvent]) -> ChatAnswer:
    """The whole answer of a run. Raises the error that an `error` event tells of."""
    async with aclosing(events):
        async for event in events:
            if event.name == "run.finished":
                return ChatAnswer.model_validate(event.data)
            if event.name == "error":
                raise AnswerFailedError(event)
    raise AnswerFailedError(OUR_FAULT_EVENT)


class AnswerFailedError(PrivexError):
    """No answer could be given; the code and the sentence are those of the cause."""

    def __init__(self, event: ChatEvent) -> None:
        super().__init__(event.data["message"], code=event.data["code"])
        self.kind = ErrorKind(event.data["kind"])  # type: ignore[misc]


def _error_data(error: PrivexError) -> dict[str, str]:
    return {"code": error.code, "kind": error.kind, "message": error.message}


def _message_of(question: ChatQuestion) -> str:
    message = question.message.strip()
    if not message:
        raise InvalidError("Type a message first.", code="empty_message")
    require_storable(message)
    return message


def _row(run: _Run, role: Literal["visitor", "bot"], content: str, whole: ChatAnswer | None = None) -> Message:
    row = Message(
        id=run.question_id,
        workspace_id=run.scope.workspace_id,
        conversation_id=run.conversation_id,
        role=role,
        content=content,
    )
    if whole is not None:
        row.id = run.message_id
        row.citations = [citation.model_dump(mode="json") for citation in whole.citations]
        row.prompt_tokens = whole.usage.prompt_tokens
        row.completion_tokens = whole.usage.completion_tokens
        row.latency_ms = whole.latency_ms
    return row


def _message_view(row: Message) -> MessageView:
    return MessageView(
        message_id=row.id,
        role=cast(Literal["visitor", "bot"], row.role),
        content=row.content,
        citations=[CitationView.model_validate(citation) for citation in row.citations],
        created_at=row.created_at,
    )
