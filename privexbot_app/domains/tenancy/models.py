"""Tables that define tenants. Nobody but this room touches them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from privexbot_app.kit.database import TenancyModel, moment


class Organization(TenancyModel, table=True):
    """A customer of this installation."""

    __tablename__ = "organization"

    name: str


class Workspace(TenancyModel, table=True):
    """A walled part of an organization: bots and knowledge bases live in exactly one."""

    __tablename__ = "workspace"

    organization_id: UUID = Field(foreign_key="organization.id", index=True, ondelete="CASCADE")
    name: str


class OrganizationMember(TenancyModel, table=True):
    """A user's role in an organization."""

    __tablename__ = "organization_member"
    __table_args__ = (UniqueConstraint("organization_id", "user_id"),)

    organization_id: UUID = Field(foreign_key="organization.id", index=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    role: str


class WorkspaceMember(TenancyModel, table=True):
    """A user's role in a workspace. Owners and admins of the organization need no row."""

    __tablename__ = "workspace_member"
    __table_args__ = (UniqueConstraint("workspace_id", "user_id"),)

    workspace_id: UUID = Field(foreign_key="workspace.id", index=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    role: str


class ApiKey(TenancyModel, table=True):
    """A program's way into a workspace. It may do what its scopes say and its maker's role allows, whichever is less.

    secret_hash: fingerprint of the key. previous_hash: of the one before, which works until `previous_until`.
    hint: the key's beginning and end, by which people tell keys apart.
    """

    __tablename__ = "api_key"

    workspace_id: UUID = Field(foreign_key="workspace.id", index=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    name: str
    hint: str
    is_test: bool = False
    scopes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    requests_per_minute: int
    secret_hash: str = Field(unique=True, index=True)
    previous_hash: str | None = Field(default=None, unique=True, index=True)
    previous_until: datetime | None = moment(default=None, nullable=True)
    expires_at: datetime | None = moment(default=None, nullable=True)
    last_used_at: datetime | None = moment(default=None, nullable=True)
