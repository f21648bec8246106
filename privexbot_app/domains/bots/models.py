"""Tables of chatbots and their versions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.kit.database import GlobalModel, WorkspaceModel, moment, parent_key, workspace_table


class Bot(WorkspaceModel, table=True):
    """A deployed bot. `version` is the one that answers now. kind: chatbot, or chatflow when a graph answers."""

    __tablename__ = "bot"
    __table_args__ = workspace_table()

    name: str
    description: str = ""
    version: int = 1
    kind: str = Field(default=BotKind.CHATBOT, index=True, sa_column_kwargs={"server_default": "chatbot"})


class BotVersion(WorkspaceModel, table=True):
    """What a bot was made of when it was deployed; never changed. `config` is a `BotConfig` as JSON."""

    __tablename__ = "bot_version"
    __table_args__ = workspace_table(parent_key("bot_id", "bot"), UniqueConstraint("bot_id", "version"))

    bot_id: UUID = Field(index=True)
    version: int
    config: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    author_id: str
    note: str = Field(default="", sa_column_kwargs={"server_default": ""})


class BotIdentity(WorkspaceModel, table=True):
    """The secret with which a bot's own website vouches for its visitors, sealed.

    sealed_previous: the one before, which is honoured until `previous_until`.
    """

    __tablename__ = "bot_identity"
    __table_args__ = workspace_table(parent_key("bot_id", "bot"), UniqueConstraint("bot_id"))

    bot_id: UUID
    sealed_secret: bytes
    sealed_previous: bytes | None = None
    previous_until: datetime | None = moment(default=None, nullable=True)
    rotated_at: datetime = moment(nullable=False)


class PublicBot(GlobalModel, table=True):
    """Which workspace a public bot id belongs to: all that a stranger's request may look up without a scope.

    Its id is the bot's.
    """

    __tablename__ = "public_bot"

    organization_id: UUID
    workspace_id: UUID = Field(foreign_key="workspace.id", ondelete="CASCADE")
