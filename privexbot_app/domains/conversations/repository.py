"""Rows of conversations and messages."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.kit.repository import TenantRepository


class ConversationRepository(TenantRepository[Conversation]):
    """Conversations of one workspace."""

    model = Conversation
    noun = "conversation"

    async def find_latest_of(self, bot_id: UUID, visitor_id: str) -> Conversation | None:
        """The latest conversation of a verified visitor with a bot, or None."""
        mine = self.query(Conversation.bot_id == bot_id, Conversation.visitor_id == visitor_id)
        return await self.one(mine.order_by(Conversation.id.desc()))


class MessageRepository(TenantRepository[Message]):
    """Messages of one workspace."""

    model = Message
    noun = "message"

    async def list_latest(self, conversation_id: UUID, limit: int) -> Sequence[Message]:
        """The latest messages of a conversation, oldest first."""
        statement = self.query(Message.conversation_id == conversation_id).order_by(Message.id.desc()).limit(limit)
        return list(reversed(await self.all(statement)))

    async def find_question(self, reply: Message) -> Message | None:
        """The visitor's message that came right before an answer, or None."""
        earlier = self.query(Message.conversation_id == reply.conversation_id, Message.id < reply.id)
        return await self.one(earlier.where(Message.role == "visitor").order_by(Message.id.desc()))

    async def count_answers(self) -> int:
        """How many answers the workspace's bots have given; trying things out does not count."""
        statement = (
            select(func.count(Message.id))
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Message.role == "bot", Conversation.is_test.is_(False))
        )
        return (await self.session.execute(statement)).scalar_one()
