"""Conversations that are over for good: too old to keep, or of a person who wants to be forgotten.

Flows' states and traces go with their conversations. Whoever calls this asks for the permission, and calls
`forget_turns` for what was deleted once the unit of work is written.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, or_
from sqlmodel import col

from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.domains.conversations.repository import ConversationRepository, MessageRepository
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.persons import Person, names, without

AT_ONCE = 500
MOST_MESSAGES = 5000


class ForgettingConversations:
    """The conversations of the unit's workspace, as retention and erasure see them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._conversations = work.repository(ConversationRepository)
        self._messages = work.repository(MessageRepository)

    async def delete_silent_since(self, moment: datetime) -> list[UUID]:
        """Delete up to AT_ONCE conversations in which nothing was said since; returns their ids."""
        is_recent = exists().where(col(Message.conversation_id) == Conversation.id, col(Message.created_at) >= moment)
        old = self._conversations.query(col(Conversation.created_at) < moment, ~is_recent).limit(AT_ONCE)
        ids = [row.id for row in await self._conversations.all(old)]
        await self.delete(ids)
        return ids

    async def delete(self, ids: Collection[UUID]) -> None:
        """Delete conversations with all that is said in them."""
        if ids:
            await self._work.session.execute(delete(Conversation).where(col(Conversation.id).in_(ids)))

    async def list_of_visitor(self, person: Person) -> list[UUID]:
        """The conversations of somebody whom a website vouches for, by the id that it uses: often the address."""
        known = {name for name in (person.visitor_id, person.email) if name}
        is_theirs = or_(col(Conversation.visitor_id).in_(known), func.lower(Conversation.visitor_id).in_(known))
        return [row.id for row in await self._conversations.all(self._conversations.query(is_theirs))]

    async def export(self, ids: Collection[UUID]) -> list[dict[str, Any]]:
        """The conversations and their messages as plain JSON, oldest first."""
        rows = await self._conversations.all(self._conversations.query(col(Conversation.id).in_(ids)))
        said = await self._messages.all(
            self._messages.query(col(Message.conversation_id).in_(ids)).order_by(col(Message.id)).limit(MOST_MESSAGES)
        )
        return [
            {
                "id": str(row.id),
                "bot_id": str(row.bot_id),
                "channel": row.channel,
                "visitor_id": row.visitor_id,
                "created_at": row.created_at.isoformat(),
                "messages": [_plain(message) for message in said if message.conversation_id == row.id],
            }
            for row in sorted(rows, key=lambda row: row.id)
        ]

    async def list_mentioning(self, email: str) -> Sequence[Message]:
        """Messages that name an address, whoever wrote them."""
        if not email:
            return []
        holds = or_(
            func.lower(Message.content).contains(email, autoescape=True),
            func.lower(Message.comment).contains(email, autoescape=True),
        )
        rows = await self._messages.all(self._messages.query(holds))
        return [row for row in rows if names(row.content, email) or names(row.comment or "", email)]

    async def blank(self, email: str) -> set[UUID]:
        """Take an address out of every message that is left; returns the conversations that held it."""
        found = await self.list_mentioning(email)
        for message in found:
            message.content = without(message.content, email)
            message.comment = without(message.comment, email) if message.comment else message.comment
        return {message.conversation_id for message in found}


def _plain(message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "content": message.content,
        "created_at": message.created_at.isoformat(),
        "rating": message.rating,
        "comment": message.comment,
    }
