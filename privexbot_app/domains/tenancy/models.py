"""Tables that define tenants. Nobody but this room touches them."""

from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from privexbot_app.kit.database import TenancyModel


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
