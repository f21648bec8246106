"""The team's view of conversations: find, read, tag, close, take along. Needs `conversations.read` or `.write`."""

from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from sqlalchemy import exists, or_
from sqlmodel import col

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.service import ChatflowService
from privexbot_app.domains.conversations.inbox_schemas import (
    AgentView,
    ConversationChange,
    ConversationFilters,
    ConversationView,
    FeedbackFilters,
    FeedbackView,
    Rating,
    Role,
    Status,
    TagView,
    TranscriptMessage,
    TranscriptView,
)
from privexbot_app.domains.conversations.models import Conversation, ConversationTag, Message
from privexbot_app.domains.conversations.repository import ConversationRepository, MessageRepository, TagRepository
from privexbot_app.domains.conversations.schemas import CitationView
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.pagination import Page, PageParams, decode_moment_cursor, moment_cursor

PREVIEW_CHARACTERS = 160
MOST_MESSAGES = 100
SIGNS: dict[str, int] = {"up": 1, "down": -1}
WORDS: dict[int, Rating] = {1: "up", -1: "down"}


class InboxService:
    """The conversations of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._conversations = work.repository(ConversationRepository)
        self._messages = work.repository(MessageRepository)
        self._tags = work.repository(TagRepository)

    async def list_conversations(self, params: PageParams, filters: ConversationFilters) -> Page[ConversationView]:
        """Those in which somebody has spoken last come first."""
        self._work.scope.require("conversations.read")
        moment, id = col(Conversation.last_at), col(Conversation.id)
        statement = self._conversations.query(*_conditions(filters)).order_by(moment.desc(), id.desc())
        if params.cursor:
            last_at, last_id = decode_moment_cursor(params.cursor)
            statement = statement.where(moment <= last_at, or_(moment < last_at, id < last_id))
        rows = list(await self._conversations.all(statement.limit(params.limit + 1)))
        more, rows = len(rows) > params.limit, rows[: params.limit]
        cursor = moment_cursor(rows[-1].last_at, rows[-1].id) if more else None
        return Page(items=await self.view(rows), next_cursor=cursor)

    async def get_transcript(self, conversation_id: UUID, *, before: UUID | None = None) -> TranscriptView:
        """The latest messages, or those before one. Raises NotFoundError (`conversation_not_found`)."""
        self._work.scope.require("conversations.read")
        row = await self._conversations.get(conversation_id)
        messages = await self._messages.list_before(row.id, before, MOST_MESSAGES + 1)
        more, messages = len(messages) > MOST_MESSAGES, messages[-MOST_MESSAGES:]
        return TranscriptView(
            conversation=(await self.view([row]))[0],
            messages=[_message_view(message) for message in messages],
            turns=await ChatflowService(self._work).list_turns(row.id),
            before=messages[0].id if more else None,
        )

    async def change(self, conversation_id: UUID, change: ConversationChange) -> ConversationView:
        """Close, open again, tag. Raises NotFoundError (`conversation_not_found`)."""
        self._work.scope.require("conversations.write")
        row = await self._conversations.get(conversation_id)
        if change.is_open is not None and change.is_open != row.is_open:
            row.is_open = change.is_open
            row.is_waiting = row.is_waiting and change.is_open
            AuditService(self._work).record("conversation.opened" if row.is_open else "conversation.closed", row.id)
        if change.tags is not None:
            await self._set_tags(row, change.tags)
        return (await self.view([row]))[0]

    async def list_tags(self) -> list[TagView]:
        """Every tag that is in use, the most used first."""
        self._work.scope.require("conversations.read")
        return [TagView(name=name, count=count) for name, count in await self._tags.count_all()]

    async def list_feedback(self, params: PageParams, filters: FeedbackFilters) -> Page[FeedbackView]:
        """Rated answers, newest first; trying things out does not count."""
        self._work.scope.require("conversations.read")
        of_talk: list[Any] = [Conversation.id == Message.conversation_id, col(Conversation.is_test).is_(False)]
        conditions: list[Any] = [col(Message.rating).is_not(None)]
        if filters.bot_id is not None:
            of_talk.append(Conversation.bot_id == filters.bot_id)
        if filters.rating is not None:
            conditions.append(Message.rating == SIGNS[filters.rating])
        if filters.commented:
            conditions += [col(Message.comment).is_not(None), Message.comment != ""]
        page = await self._messages.page(params, *conditions, exists().where(*of_talk))
        return Page(items=[await self._feedback_view(row) for row in page.items], next_cursor=page.next_cursor)

    async def view(self, rows: Sequence[Conversation]) -> list[ConversationView]:
        """Rows as the list shows them."""
        ids = [row.id for row in rows]
        last = await self._messages.list_last_of(ids)
        tags = await self._tags.list_of(ids)
        names = await BotService(self._work).names_of({row.bot_id for row in rows})
        return [_view(row, names.get(row.bot_id, ""), tags[row.id], last.get(row.id)) for row in rows]

    async def _set_tags(self, row: Conversation, names: Sequence[str]) -> None:
        wanted = dict.fromkeys(names)
        for tag in await self._tags.all(self._tags.query(ConversationTag.conversation_id == row.id)):
            if tag.name in wanted:
                del wanted[tag.name]
            else:
                await self._tags.delete(tag.id)
        for name in wanted:
            self._tags.add(ConversationTag(workspace_id=row.workspace_id, conversation_id=row.id, name=name))
        await self._work.session.flush()

    async def _feedback_view(self, row: Message) -> FeedbackView:
        question = await self._messages.find_question(row)
        conversation = await self._conversations.get(row.conversation_id)
        return FeedbackView(
            message_id=row.id,
            conversation_id=row.conversation_id,
            bot_id=conversation.bot_id,
            question=question.content if question else "",
            answer=row.content,
            rating=WORDS[row.rating or 1],
            comment=row.comment,
            created_at=row.created_at,
        )


def status_of(row: Conversation) -> Status:
    """What the team should know first."""
    if not row.is_open:
        return "closed"
    if row.agent_id is not None:
        return "held"
    return "waiting" if row.is_waiting else "open"


def _conditions(filters: ConversationFilters) -> list[Any]:
    conditions: list[Any] = [] if filters.with_test else [col(Conversation.is_test).is_(False)]
    if filters.bot_id is not None:
        conditions.append(Conversation.bot_id == filters.bot_id)
    if filters.channel:
        conditions.append(Conversation.channel == filters.channel)
    if filters.since:
        conditions.append(col(Conversation.last_at) >= filters.since)
    if filters.until:
        conditions.append(col(Conversation.last_at) <= filters.until)
    if filters.status:
        conditions += _with_status(filters.status)
    if filters.rating:
        conditions.append(_said(Message.rating == SIGNS[filters.rating]))
    if filters.tag:
        tagged = ConversationTag.conversation_id == Conversation.id, ConversationTag.name == filters.tag
        conditions.append(exists().where(*cast(Any, tagged)))
    if filters.text.strip():
        conditions.append(_holds(filters.text.strip()))
    return conditions


def _with_status(status: Status) -> list[Any]:
    is_open, is_held = col(Conversation.is_open), col(Conversation.agent_id).is_not(None)
    match status:
        case "closed":
            return [is_open.is_(False)]
        case "held":
            return [is_open.is_(True), is_held]
        case "waiting":
            return [is_open.is_(True), ~is_held, col(Conversation.is_waiting).is_(True)]
        case "open":
            return [is_open.is_(True)]


def _holds(text: str) -> Any:
    in_message = _said(col(Message.content).icontains(text, autoescape=True))
    return or_(in_message, col(Conversation.visitor_id).icontains(text, autoescape=True))


def _said(condition: Any) -> Any:
    return exists().where(cast(Any, Message.conversation_id == Conversation.id), condition)


def _view(row: Conversation, bot_name: str, tags: list[str], last: Message | None) -> ConversationView:
    return ConversationView(
        id=row.id,
        bot_id=row.bot_id,
        bot_name=bot_name,
        channel=row.channel,
        visitor_id=row.visitor_id,
        is_test=row.is_test,
        status=status_of(row),
        agent=AgentView(id=row.agent_id, name=row.agent_name) if row.agent_id else None,
        tags=tags,
        preview=" ".join(last.content.split())[:PREVIEW_CHARACTERS] if last else "",
        preview_role=cast(Role, last.role) if last else None,
        created_at=row.created_at,
        last_at=row.last_at,
    )


def _message_view(row: Message) -> TranscriptMessage:
    return TranscriptMessage(
        message_id=row.id,
        role=cast(Role, row.role),
        author=row.author,
        content=row.content,
        citations=[CitationView.model_validate(citation) for citation in row.citations],
        rating=WORDS.get(row.rating or 0),
        comment=row.comment,
        latency_ms=row.latency_ms,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        created_at=row.created_at,
    )
