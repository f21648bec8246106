"""What other rooms and the doors see of tenancy."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

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


class NewApiKey(BaseModel):
    """What it takes to make an API key. scopes: permissions; the maker's role bounds them all the same."""

    name: TenantName
    scopes: list[str] = Field(min_length=1, max_length=30)
    is_test: bool = False
    expires_at: AwareDatetime | None = None
    requests_per_minute: int = Field(600, ge=1, le=1_000_000)


class KeyRotation(BaseModel):
    """How long the old secret goes on working."""

    grace_hours: int = Field(0, ge=0, le=168)


class ApiKeyView(BaseModel):
    """An API key, without its text. previous_until: till when the secret before the last rotation works."""

    id: UUID
    name: str
    hint: str
    is_test: bool
    scopes: list[str]
    requests_per_minute: int
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    previous_until: datetime | None


class ShownApiKey(ApiKeyView):
    """An API key with its text, which is told once."""

    key: str
