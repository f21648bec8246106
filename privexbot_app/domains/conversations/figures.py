"""What analytics may know of conversations: plain facts, never the words of tests and previews. Reads only.

Columns are read, not rows: a day of a busy bot is a hundred thousand messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.integrations.plugins import Work

MOST_QUESTIONS = 20_000
MOST_MISSES = 1000

# As columns: to a type checker they are the values of a row.
_C: Any = Conversation
_M: Any = Message


@dataclass(frozen=True)
class Span:
    """From a moment on, up to and without another; of one bot or channel where they are given."""

    start: datetime
    end: datetime
    bot_id: UUID | None = None
    channel: str | None = None


@dataclass(frozen=True)
class StartedConversation:
    """A conversation that began in a span. is_resolved: the bot's last answer was none that failed the visitor."""

    bot_id: UUID
    channel: str
    visitor_id: str | None
    is_handed_over: bool
    is_resolved: bool


@dataclass(frozen=True)
class MessageFact:
    """A message of a span, without its words."""

    bot_id: UUID
    channel: str
    role: str
    outcome: str
    model: str
    prompt_tokens: int
    completion_tokens: int
    latency_ms: int
    rating: int | None


@dataclass(frozen=True)
class Missed:
    """A question that the bot refused, or whose answer was found wanting. message_id: of the reply."""

    message_id: UUID
    conversation_id: UUID
    bot_id: UUID
    question: str
    reason: str
    asked_at: datetime


class ConversationFigures:
    """Facts about the conversations of the unit's workspace. Everything needs `conversations.read`."""

    def __init__(self, work: Work) -> None:
        work.scope.require("conversations.read")
        self._session, self._workspace_id = work.session, work.scope.workspace_id

    async def first_moment(self) -> datetime | None:
        """When the first conversation began, or None."""
        statement = select(func.min(_C.created_at)).where(_C.workspace_id == self._workspace_id, _C.is_test.is_(False))
        return (await self._session.execute(statement)).scalar_one()

    async def list_started(self, span: Span) -> list[StartedConversation]:
        """The conversations that began in a span, each with how it went until now."""
        is_answer = _M.role == "bot"
        last_answer = func.max(case((is_answer, _M.created_at)))
        last_refusal = func.max(case((_M.outcome == "refused", _M.created_at)))
        statement = (
            self._within(
                select(
                    _C.bot_id,
                    _C.channel,
                    _C.visitor_id,
                    _C.is_waiting,
                    _C.agent_id,
                    func.count(case((_M.role == "agent", 1))),
                    func.count(case((_M.rating == -1, 1))),
                    last_answer,
                    last_refusal,
                ).outerjoin(_M, _M.conversation_id == _C.id),
                _C.created_at,
                span,
            )
        ).group_by(_C.id)
        return [_started(*row) for row in await self._session.execute(statement)]

    async def list_messages(self, span: Span) -> list[MessageFact]:
        """The messages of a span."""
        columns = (
            _C.bot_id,
            _C.channel,
            _M.role,
            _M.outcome,
            _M.model,
            _M.prompt_tokens,
            _M.completion_tokens,
            _M.latency_ms,
            _M.rating,
        )
        return [MessageFact(*row) for row in await self._session.execute(self._messages(columns, span))]

    async def count_named_visitors(self, span: Span) -> int:
        """How many different visitors whom their website vouches for began a conversation."""
        chosen = select(func.count(func.distinct(_C.visitor_id)))
        statement = self._within(chosen, _C.created_at, span).where(_C.visitor_id.is_not(None))
        return (await self._session.execute(statement)).scalar_one()

    async def list_questions(self, span: Span) -> list[str]:
        """The latest questions of a span, newest first."""
        statement = self._messages((_M.content,), span).where(_M.role == "visitor")
        statement = statement.order_by(_M.created_at.desc()).limit(MOST_QUESTIONS)
        return list((await self._session.execute(statement)).scalars())

    async def list_missed(self, span: Span) -> list[Missed]:
        """The latest questions that were refused or whose answers were rated down, newest first."""
        columns = (_M.id, _M.conversation_id, _C.bot_id, _M.outcome, _M.created_at)
        is_missed = (_M.outcome == "refused") | (_M.rating == -1)
        statement = self._messages(columns, span).where(is_missed).order_by(_M.created_at.desc())
        replies = (await self._session.execute(statement.limit(MOST_MISSES))).all()
        questions = await self._questions_of([(id, conversation_id) for id, conversation_id, *_ in replies])
        return [
            Missed(id, conversation_id, bot_id, questions[id], "refused" if outcome == "refused" else "rated_down", at)
            for id, conversation_id, bot_id, outcome, at in replies
            if questions.get(id)
        ]

    async def list_ids(self, span: Span, *, limit: int) -> list[UUID]:
        """The latest conversations that began in a span, newest first."""
        statement = self._within(select(_C.id), _C.created_at, span)
        statement = statement.order_by(_C.created_at.desc()).limit(limit)
        return list((await self._session.execute(statement)).scalars())

    async def _questions_of(self, replies: Sequence[tuple[UUID, UUID]]) -> dict[UUID, str]:
        """What each reply, given by (its id, its conversation's), was the answer to."""
        wanted, found = {id for id, _ in replies}, dict[UUID, str]()
        statement = (
            select(_M.id, _M.conversation_id, _M.role, _M.content)
            .where(_M.workspace_id == self._workspace_id)
            .where(_M.conversation_id.in_({conversation_id for _, conversation_id in replies}))
            .order_by(_M.conversation_id, _M.id)
        )
        last: tuple[UUID | None, str] = None, ""
        for id, conversation_id, role, content in await self._session.execute(statement):
            if role == "visitor":
                last = conversation_id, content
            elif id in wanted and last[0] == conversation_id:
                found[id] = last[1]
        return found

    def _messages(self, columns: Sequence[Any], span: Span) -> Select[Any]:
        statement = select(*columns).select_from(_M)
        statement = statement.join(_C, _C.id == _M.conversation_id)
        return self._within(statement.where(_M.workspace_id == self._workspace_id), _M.created_at, span)

    def _within(self, statement: Select[Any], moment: Any, span: Span) -> Select[Any]:
        statement = statement.where(
            _C.workspace_id == self._workspace_id,
            _C.is_test.is_(False),
            moment >= span.start,
            moment < span.end,
        )
        if span.bot_id is not None:
            statement = statement.where(_C.bot_id == span.bot_id)
        if span.channel is not None:
            statement = statement.where(_C.channel == span.channel)
        return statement


def _started(
    bot_id: UUID,
    channel: str,
    visitor_id: str | None,
    is_waiting: bool,
    agent_id: UUID | None,
    agents: int,
    complaints: int,
    last_answer: datetime | None,
    last_refusal: datetime | None,
) -> StartedConversation:
    is_handed_over = bool(is_waiting or agent_id or agents)
    is_answered = last_answer is not None and (last_refusal is None or last_refusal < last_answer)
    return StartedConversation(
        bot_id, channel, visitor_id, is_handed_over, is_answered and not complaints and not is_handed_over
    )


async def list_talking_workspaces(session: AsyncSession) -> list[UUID]:
    """Every workspace that has conversations; for a session that crosses tenants."""
    return list((await session.execute(select(_C.workspace_id).distinct())).scalars())
