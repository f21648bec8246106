"""Rows of conversations and messages."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from privexbot_app.domains.conversations.models import Conversation, ConversationTag, Message
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.repository import TenantRepository

MOST_TOLD = 200
MOST_NAMES = 500


class ConversationRepository(TenantRepository[Conversation]):
    """Conversations of one workspace."""

    model = Conversation
    noun = "conversation"

    async def find_latest_of(self, bot_id: UUID, visitor_id: str) -> Conversation | None:
        """The latest conversation of a verified visitor with a bot, or None."""
        mine = self.query(Conversation.bot_id == bot_id, Conversation.visitor_id == visitor_id)
        return await self.one(mine.order_by(Conversation.id.desc()))

    async def touch(self, ids: Sequence[UUID]) -> None:
        """Somebody has said something: each is at the top of the list again, and open."""
        await self.session.execute(
            update(Conversation)
            .where(Conversation.id.in_(ids))
            .values(last_at=utc_now(), is_open=True)
            .execution_options(synchronize_session=False)
        )

    async def claim(self, id: UUID, agent_id: UUID, name: str) -> bool:
        """Give a conversation that nobody holds to a teammate. False if somebody was faster."""
        free = update(Conversation).where(Conversation.id == id, Conversation.agent_id.is_(None))
        held = free.values(agent_id=agent_id, agent_name=name, is_waiting=False, is_open=True)
        result = await self.session.execute(held.execution_options(synchronize_session=False))
        return result.rowcount == 1  # type: ignore[attr-defined]


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

    async def list_before(self, conversation_id: UUID, before: UUID | None, limit: int) -> Sequence[Message]:
        """The latest messages of a conversation before a message, oldest first."""
        statement = self.query(Message.conversation_id == conversation_id)
        if before is not None:
            statement = statement.where(Message.id < before)
        return list(reversed(await self.all(statement.order_by(Message.id.desc()).limit(limit))))

    async def list_told_after(self, conversation_id: UUID, after: UUID) -> Sequence[Message]:
        """What the visitor was told after a message, by the bot or by a person, oldest first."""
        told = self.query(Message.conversation_id == conversation_id, Message.id > after, Message.role != "visitor")
        return await self.all(told.order_by(Message.id).limit(MOST_TOLD))

    async def find_last(self, conversation_id: UUID) -> Message | None:
        """What was said last, or None."""
        return await self.one(self.query(Message.conversation_id == conversation_id).order_by(Message.id.desc()))

    async def list_last_of(self, conversation_ids: Sequence[UUID]) -> dict[UUID, Message]:
        """What was said last in each conversation."""
        other = aliased(Message)
        last = (
            select(other.id)
            .where(other.conversation_id == Conversation.id)
            .order_by(other.id.desc())
            .limit(1)
            .correlate(Conversation)
            .scalar_subquery()
        )
        statement = (
            select(Message)
            .join(Conversation, Conversation.id == Message.conversation_id)
            .where(Conversation.id.in_(conversation_ids), Message.id == last)
        )
        return {row.conversation_id: row for row in (await self.session.execute(statement)).scalars()}


class TagRepository(TenantRepository[ConversationTag]):
    """Tags of one workspace's conversations."""

    model = ConversationTag
    noun = "tag"

    async def list_of(self, conversation_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
        """The tags of each conversation, in the order of the alphabet."""
        statement = self.query(ConversationTag.conversation_id.in_(conversation_ids)).order_by(ConversationTag.name)
        found: dict[UUID, list[str]] = {id: [] for id in conversation_ids}
        for row in await self.all(statement):
            found[row.conversation_id].append(row.name)
        return found

    async def count_all(self) -> Sequence[tuple[str, int]]:
        """Every tag with the number of its conversations, the most used first."""
        count = func.count(ConversationTag.id)
        statement = select(ConversationTag.name, count).group_by(ConversationTag.name)
        rows = await self.session.execute(statement.order_by(count.desc(), ConversationTag.name).limit(MOST_NAMES))
        return [(name, number) for name, number in rows]
