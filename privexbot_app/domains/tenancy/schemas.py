"""What other rooms and the doors see of tenancy."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from privexbot_app.domains.identity.schemas import UserView
from privexbot_app.domains.tenancy.permissions import OrganizationRole, WorkspaceRole
from privexbot_app.kit.fields import Trimmed

TenantName = Annotated[str, Trimmed, Field(min_length=1, max_length=120)]


class WorkspaceView(BaseModel):
    """A workspace and the caller's role in it."""

    id: UUID
    name: str
    role: WorkspaceRole


class OrganizationView(BaseModel):
    """An organization, the caller's role in it, and the workspaces that the caller may enter."""

    id: UUID
    name: str
    role: OrganizationRole
    workspaces: list[WorkspaceView]


class ContextView(BaseModel):
    """Where the caller is at work now."""

    organization_id: UUID
    workspace_id: UUID
    permissions: list[str]


class MeView(BaseModel):
    """The caller, the tenants that they belong to, and where they are now."""

    user: UserView
    organizations: list[OrganizationView]
    context: ContextView


class MemberView(BaseModel):
    """A member of a workspace."""

    user: UserView
    role: WorkspaceRole


class NewWorkspace(BaseModel):
    """What it takes to make a workspace. Without an organization it goes into the current one."""

    name: TenantName
    organization_id: UUID | None = None


class NewName(BaseModel):
    """A new name."""

    name: TenantName


class NewMember(BaseModel):
    """A registered user to let into the workspace."""

    email: Annotated[str, Field(max_length=320)]
    role: WorkspaceRole
