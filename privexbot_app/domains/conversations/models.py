"""Tables of conversations and their messages."""

from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Column, Text, false
from sqlmodel import Field

from privexbot_app.kit.database import WorkspaceModel, parent_key, workspace_table


class Conversation(WorkspaceModel, table=True):
    """One visitor's talk with one bot.

    visitor_id: who the bot's own website says the visitor is, verified; None for an anonymous one.
    is_test: never counts in figures.
    """

    __tablename__ = "conversation"
    __table_args__ = workspace_table(parent_key("bot_id", "bot"))

    bot_id: UUID = Field(index=True)
    bot_version: int
    channel: str = "web"
    visitor_id: str | None = Field(default=None, index=True)
    is_test: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))


class Message(WorkspaceModel, table=True):
    """One turn. `role` is visitor or bot; `citations` are the bot's, as the API shows them."""

    __tablename__ = "message"
    __table_args__ = workspace_table(parent_key("conversation_id", "conversation"))

    conversation_id: UUID = Field(index=True)
    role: str
    content: str = Field(sa_column=Column(Text, nullable=False))
    citations: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    prompt_tokens: int = 0
    completion_tokens: int = 0
    latency_ms: int = 0
    rating: int | None = None
    comment: str | None = None
