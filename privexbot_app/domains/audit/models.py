"""The table of the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column
from sqlmodel import Field

from privexbot_app.kit.database import GlobalModel, WorkspaceModel, moment, workspace_table


class AuditEntry(WorkspaceModel, table=True):
    """One change in one workspace. Rows are added and never changed."""

    __tablename__ = "audit_entry"
    __table_args__ = workspace_table()

    actor_kind: str
    actor_id: str
    event: str = Field(index=True)
    subject_id: UUID | None = None
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class SignInEntry(GlobalModel, table=True):
    """One sign-in, sign-out or refused attempt of a user; it belongs to no workspace."""

    __tablename__ = "sign_in_entry"

    user_id: UUID = Field(index=True)
    event: str
    at: datetime = moment(nullable=False)
