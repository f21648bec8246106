"""Tables that define tenants. Nobody but this room touches them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field

from privexbot_app.kit.database import TenancyModel, moment
from privexbot_app.kit.ids import new_id


class Organization(TenancyModel, table=True):
    """A customer of this installation.

    slug: its name in addresses. delete_after: when what was deleted goes for good; until then an owner may restore it.
    """

    __tablename__ = "organization"

    name: str
    slug: str = Field(default_factory=lambda: new_id().hex, unique=True, index=True)
    delete_after: datetime | None = moment(default=None, nullable=True, index=True)


class Workspace(TenancyModel, table=True):
    """A walled part of an organization: bots and knowledge bases live in exactly one. slug, delete_after: as above."""

    __tablename__ = "workspace"
    __table_args__ = (Index("ix_workspace_slug", "organization_id", "slug", unique=True),)

    organization_id: UUID = Field(foreign_key="organization.id", index=True, ondelete="CASCADE")
    name: str
    slug: str = Field(default_factory=lambda: new_id().hex)
    delete_after: datetime | None = moment(default=None, nullable=True, index=True)


class CustomRole(TenancyModel, table=True):
    """A set of permissions that an organization has made for itself."""

    __tablename__ = "custom_role"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    organization_id: UUID = Field(foreign_key="organization.id", index=True, ondelete="CASCADE")
    name: str
    permissions: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class Invitation(TenancyModel, table=True):
    """An offer to join, to whoever reads mail at an address. It works once, until `expires_at`.

    token_hash: fingerprint of the link's token. workspace_id, workspace_role, custom_role_id: what it also lets into.
    mail_problem: why the mail did not go out; empty if it did, or none was to be sent (`mailed_at`).
    """

    __tablename__ = "invitation"

    organization_id: UUID = Field(foreign_key="organization.id", index=True, ondelete="CASCADE")
    workspace_id: UUID | None = Field(default=None, foreign_key="workspace.id", ondelete="CASCADE")
    email: str = Field(index=True)
    role: str
    workspace_role: str = ""
    custom_role_id: UUID | None = Field(default=None, foreign_key="custom_role.id", ondelete="CASCADE")
    token_hash: str = Field(unique=True)
    invited_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="SET NULL")
    expires_at: datetime = moment(nullable=False)
    mailed_at: datetime | None = moment(default=None, nullable=True)
    mail_problem: str = ""
    accepted_at: datetime | None = moment(default=None, nullable=True)
    revoked_at: datetime | None = moment(default=None, nullable=True)


class OrganizationMember(TenancyModel, table=True):
    """A user's role in an organization."""

    __tablename__ = "organization_member"
    __table_args__ = (UniqueConstraint("organization_id", "user_id"),)

    organization_id: UUID = Field(foreign_key="organization.id", index=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    role: str


class WorkspaceMember(TenancyModel, table=True):
    """A user's role in a workspace. Owners and admins of the organization need no row.

    custom_role_id: a set of permissions in place of the role's own; `role` is then the least, `viewer`.
    """

    __tablename__ = "workspace_member"
    __table_args__ = (UniqueConstraint("workspace_id", "user_id"),)

    workspace_id: UUID = Field(foreign_key="workspace.id", index=True, ondelete="CASCADE")
    user_id: UUID = Field(foreign_key="user_account.id", index=True, ondelete="CASCADE")
    role: str
    custom_role_id: UUID | None = Field(default=None, foreign_key="custom_role.id", index=True, ondelete="RESTRICT")


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
