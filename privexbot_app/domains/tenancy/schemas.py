"""What other rooms and the doors see of tenancy."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, EmailStr, Field

from privexbot_app.domains.identity.schemas import UserView
from privexbot_app.domains.tenancy.permissions import OrganizationRole, WorkspaceRole
from privexbot_app.domains.tenancy.rules import SLUG
from privexbot_app.kit.fields import Trimmed

TenantName = Annotated[str, Trimmed, Field(min_length=1, max_length=120)]


class RoleView(BaseModel):
    """A set of permissions that an organization has made for itself."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    permissions: list[str]


class WorkspaceView(BaseModel):
    """A workspace and the caller's role in it. custom_role: in place of the role's own permissions."""

    id: UUID
    name: str
    role: WorkspaceRole
    slug: str = ""
    custom_role: RoleView | None = None
    delete_after: datetime | None = None


class OrganizationView(BaseModel):
    """An organization, the caller's role in it, and the workspaces that the caller may enter."""

    id: UUID
    name: str
    role: OrganizationRole
    workspaces: list[WorkspaceView]
    slug: str = ""
    delete_after: datetime | None = None


class StaffOrganizationView(BaseModel):
    """What staff of the installation may know of an organization: that it is there, how large, and whether it ends."""

    id: UUID
    name: str
    slug: str
    created_at: datetime
    delete_after: datetime | None
    members: int
    workspaces: int


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
    """A member of a workspace. manages_organization: an owner or admin, whose role is not changed here."""

    user: UserView
    role: WorkspaceRole
    custom_role: RoleView | None = None
    manages_organization: bool = False


class NewWorkspace(BaseModel):
    """What it takes to make a workspace. Without an organization it goes into the current one."""

    name: TenantName
    organization_id: UUID | None = None


class NewName(BaseModel):
    """A new name."""

    name: TenantName


class NewOrganization(BaseModel):
    """What it takes to make an organization."""

    name: TenantName


class TenantChange(BaseModel):
    """A new name, a new slug, or both."""

    name: TenantName | None = None
    slug: Annotated[str, Trimmed, Field(pattern=SLUG)] | None = None


class NewRole(BaseModel):
    """A set of permissions under a name."""

    name: TenantName
    permissions: list[str] = Field(max_length=100)


class OrganizationMemberView(BaseModel):
    """A member of an organization, and the workspaces that they were let into one by one."""

    user: UserView
    role: OrganizationRole
    joined_at: datetime
    workspace_ids: list[UUID]


class OrganizationRoleChange(BaseModel):
    """What somebody becomes in the organization."""

    role: OrganizationRole


class WorkspaceRoleChange(BaseModel):
    """What somebody becomes in the workspace: a role, or one of the organization's own."""

    role: WorkspaceRole = WorkspaceRole.VIEWER
    custom_role_id: UUID | None = None


class Transfer(BaseModel):
    """The member who becomes an owner; the caller becomes an admin."""

    user_id: UUID


class NewInvitation(BaseModel):
    """Whom to invite, and to what. Without a workspace a member sees none until somebody lets them into one."""

    email: EmailStr
    role: OrganizationRole = OrganizationRole.MEMBER
    workspace_id: UUID | None = None
    workspace_role: WorkspaceRole = WorkspaceRole.VIEWER
    custom_role_id: UUID | None = None


class InvitationView(BaseModel):
    """An invitation. mail_problem: why the mail did not go out.

    link: only in the answer that made it, and only if no mail took it there; nobody can ask for it later.
    """

    id: UUID
    email: str
    role: OrganizationRole
    workspace_id: UUID | None
    workspace_role: str
    custom_role_id: UUID | None
    expires_at: datetime
    created_at: datetime
    mailed_at: datetime | None
    mail_problem: str
    link: str = ""


class InvitationToken(BaseModel):
    """The token of an invitation's link."""

    token: str = Field(min_length=1, max_length=200)


class InvitationPreview(BaseModel):
    """What the holder of a link sees before they accept."""

    organization_name: str
    email: str
    role: OrganizationRole
    expires_at: datetime


class NewMember(BaseModel):
    """A registered user to let into the workspace."""

    email: Annotated[str, Field(max_length=320)]
    role: WorkspaceRole
    custom_role_id: UUID | None = None


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
