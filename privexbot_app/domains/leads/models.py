"""Tables of leads: contacts, what has happened to each, and how the workspace works with them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index, Text, UniqueConstraint
from sqlmodel import Field

from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import WorkspaceModel, moment, parent_key, workspace_table


class Lead(WorkspaceModel, table=True):
    """One contact. `fields` are as the bot asked for them; `consented_at` is None without consent.

    title: what the list shows. email: in normal form; one contact for each. consent_text: what was agreed to.
    status: a stage of the workspace's pipeline. search_text: every value in lower case.
    """

    __tablename__ = "lead"
    __table_args__ = workspace_table(
        parent_key("bot_id", "bot"),
        UniqueConstraint("workspace_id", "email"),
        Index("ix_lead_status", "workspace_id", "status", "id"),
    )

    bot_id: UUID = Field(index=True)
    conversation_id: UUID | None = Field(default=None, index=True)
    fields: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    consented_at: datetime | None = moment(default=None, nullable=True)
    consent_text: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    title: str = ""
    email: str | None = None
    status: str = "new"
    owner_id: UUID | None = None
    channel: str = "web"
    search_text: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    changed_at: datetime = moment(default_factory=utc_now, nullable=False)


class LeadActivity(WorkspaceModel, table=True):
    """One entry of a contact's timeline. kind: captured, changed or note. actor: the name of who did it.

    For what a visitor has left, the id is that of the capture, so that one that comes twice is kept once.
    """

    __tablename__ = "lead_activity"
    __table_args__ = workspace_table(parent_key("lead_id", "lead"))

    lead_id: UUID = Field(index=True)
    kind: str
    text: str = Field(default="", sa_column=Column(Text, nullable=False))
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    actor: str = ""


class LeadSettings(WorkspaceModel, table=True):
    """The pipeline and the fields of a workspace that has changed them; one row each."""

    __tablename__ = "lead_settings"
    __table_args__ = workspace_table(UniqueConstraint("workspace_id"))

    stages: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    custom_fields: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
