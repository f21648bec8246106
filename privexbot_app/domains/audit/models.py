"""Tables of the audit log. Each log is a chain: every entry holds the hash of the one before."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from privexbot_app.kit.database import GlobalModel, TenancyModel, WorkspaceModel, moment, workspace_table


class _Chained(SQLModel):
    """A link. position: 1, 2, 3… in its log. previous_hash: empty for the first."""

    position: int = 0
    previous_hash: str = ""
    hash: str = ""


class AuditEntry(_Chained, WorkspaceModel, table=True):
    """One change in one workspace. Rows are added and never changed."""

    __tablename__ = "audit_entry"
    __table_args__ = workspace_table(UniqueConstraint("workspace_id", "position"))

    actor_kind: str
    actor_id: str = Field(index=True)
    event: str = Field(index=True)
    subject_id: UUID | None = None
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class OrganizationEntry(_Chained, TenancyModel, table=True):
    """One change of an organization itself: its members, roles, invitations, workspaces."""

    __tablename__ = "organization_entry"
    __table_args__ = (UniqueConstraint("organization_id", "position"),)

    organization_id: UUID = Field(foreign_key="organization.id", index=True, ondelete="CASCADE")
    actor_kind: str
    actor_id: str = Field(index=True)
    event: str = Field(index=True)
    subject_id: UUID | None = None
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class SignInEntry(_Chained, GlobalModel, table=True):
    """One sign-in, sign-out or refused attempt of a user; it belongs to no workspace."""

    __tablename__ = "sign_in_entry"
    __table_args__ = (UniqueConstraint("position"),)

    user_id: UUID = Field(index=True)
    event: str
    at: datetime = moment(nullable=False)
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
