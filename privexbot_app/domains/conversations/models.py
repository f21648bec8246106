"""Tables of conversations and their messages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Column, Index, Text, UniqueConstraint, false, true
from sqlmodel import Field

from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import WorkspaceModel, moment, parent_key, workspace_table


class Conversation(WorkspaceModel, table=True):
    """One visitor's talk with one bot.

    visitor_id: who the bot's own website says the visitor is, verified; None for an anonymous one.
    is_test: never counts in figures. last_at: when somebody last said something.
    is_waiting: the bot has called for a person. agent_id, agent_name: who holds the conversation; the bot is silent.
    """

    __tablename__ = "conversation"
    __table_args__ = workspace_table(
        parent_key("bot_id", "bot"),
        Index("ix_conversation_activity", "workspace_id", "last_at", "id"),
        Index("ix_conversation_moment", "workspace_id", "created_at"),
    )

    bot_id: UUID = Field(index=True)
    bot_version: int
    channel: str = "web"
    visitor_id: str | None = Field(default=None, index=True)
    is_test: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    last_at: datetime = moment(default_factory=utc_now, nullable=False)
    is_open: bool = Field(default=True, sa_column=Column(Boolean, nullable=False, server_default=true()))
    is_waiting: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    agent_id: UUID | None = None
    agent_name: str = ""


class ConversationTag(WorkspaceModel, table=True):
    """A word that a teammate has put on a conversation."""

    __tablename__ = "conversation_tag"
    __table_args__ = workspace_table(
        parent_key("conversation_id", "conversation"),
        UniqueConstraint("conversation_id", "name"),
        Index("ix_conversation_tag_name", "workspace_id", "name"),
    )

    conversation_id: UUID
    name: str


class Message(WorkspaceModel, table=True):
    """One turn. `role` is visitor, bot or agent; `citations` are the bot's, as the API shows them.

    author: the name of the person who wrote, for an agent's. outcome: of an answer, `answered` or `refused`.
    model: which one answered, as "provider/model"; empty if none was asked, or several were.
    """

    __tablename__ = "message"
    __table_args__ = workspace_table(
        parent_key("conversation_id", "conversation"), Index("ix_message_moment", "workspace_id", "created_at")
    )

    conversation_id: UUID = Field(index=True)
    role: str
    author: str = ""
    content: str = Field(sa_column=Column(Text, nullable=False))
    citations: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    prompt_tokens: int = 0
    completion_tokens: int = 0
    latency_ms: int = 0
    outcome: str = ""
    model: str = ""
    rating: int | None = None
    comment: str | None = None
