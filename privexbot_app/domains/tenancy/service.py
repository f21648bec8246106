"""Who belongs where, and the Scope that follows from it. Every Scope of the product is made in this module."""

from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.schemas import Caller, UserView
from privexbot_app.domains.identity.service import UserDirectory
from privexbot_app.domains.tenancy.models import ApiKey, Organization, OrganizationMember, Workspace, WorkspaceMember
from privexbot_app.domains.tenancy.permissions import (
    JOB_PERMISSIONS,
    KEY_SCOPES,
    MANAGES_ORGANIZATION,
    PERMISSIONS,
    VISITOR_PERMISSIONS,
    OrganizationRole,
    WorkspaceRole,
)
from privexbot_app.domains.tenancy.repository import TenancyRepository
from privexbot_app.domains.tenancy.schemas import (
    ContextView,
    MemberView,
    MeView,
    NewMember,
    NewWorkspace,
    OrganizationView,
    WorkspaceView,
)
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.errors import ConflictError, ForbiddenError, NotFoundError
from privexbot_app.kit.scope import Actor, ActorKind, Scope

FIRST_WORKSPACE = "Main workspace"


class WorkspaceNotFoundError(NotFoundError):
    """There is no such workspace, or the caller may not enter it."""

    code = "workspace_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such workspace.")


def scope_of_job(organization_id: UUID, workspace_id: UUID, *, job: str) -> Scope:
    """The scope of a background job, from its envelope."""
    return Scope(organization_id, workspace_id, Actor(ActorKind.JOB, job), JOB_PERMISSIONS)


def scope_of_visitor(organization_id: UUID, workspace_id: UUID, *, visitor: str) -> Scope:
    """The scope of a visitor who talks to a public bot of this workspace."""
    return Scope(organization_id, workspace_id, Actor(ActorKind.VISITOR, visitor), VISITOR_PERMISSIONS)


def scope_of_key(key: ApiKey, organization_id: UUID, role: WorkspaceRole) -> Scope:
    """The scope of a program that holds an API key: the key's scopes, as far as its maker's role reaches."""
    actor = Actor(ActorKind.API_KEY, str(key.id))
    permissions = PERMISSIONS[role] & KEY_SCOPES & set(key.scopes)
    return Scope(organization_id, key.workspace_id, actor, permissions, is_test=key.is_test)


class TenancyService:
    """Organizations, workspaces and members, inside one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = TenancyRepository(work.session)

    async def create_organization(self, user: UserView) -> UUID:
        """Make a new user's own organization with one workspace. Returns the workspace's id."""
        organization = Organization(name=f"{user.name}’s organization")
        self._rows.add(organization)
        await self._rows.flush()
        workspace = Workspace(organization_id=organization.id, name=FIRST_WORKSPACE)
        self._rows.add(workspace)
        self._rows.add(
            OrganizationMember(organization_id=organization.id, user_id=user.id, role=OrganizationRole.OWNER)
        )
        await self._rows.flush()
        return workspace.id

    async def scope_of_user(self, caller: Caller, *, workspace_id: UUID | None = None) -> Scope:
        """The caller's scope in a workspace, by default the session's. Raises WorkspaceNotFoundError."""
        workspace = await self._rows.find_workspace(workspace_id or caller.workspace_id)
        if workspace is None:
            raise WorkspaceNotFoundError
        role = await self._role_in(workspace, caller.user_id)
        if role is None:
            raise WorkspaceNotFoundError
        actor = Actor(ActorKind.USER, str(caller.user_id))
        return Scope(workspace.organization_id, workspace.id, actor, PERMISSIONS[role])

    async def role_of(self, workspace_id: UUID, user_id: UUID) -> tuple[UUID, WorkspaceRole] | None:
        """A workspace's organization and the user's role in it, or None for those who may not enter."""
        workspace = await self._rows.find_workspace(workspace_id)
        role = await self._role_in(workspace, user_id) if workspace else None
        return (workspace.organization_id, role) if workspace and role else None

    async def first_workspace(self, user_id: UUID) -> UUID:
        """The workspace that a user lands in after signing in. Raises WorkspaceNotFoundError if there is none."""
        for organization in await self.list_organizations(user_id):
            for workspace in organization.workspaces:
                return workspace.id
        raise WorkspaceNotFoundError

    async def organization_of(self, workspace_id: UUID) -> UUID:
        """The organization that a workspace belongs to. Raises WorkspaceNotFoundError."""
        workspace = await self._rows.find_workspace(workspace_id)
        if workspace is None:
            raise WorkspaceNotFoundError
        return workspace.organization_id

    async def list_organizations(self, user_id: UUID) -> list[OrganizationView]:
        """The user's organizations with the workspaces that they may enter, oldest first."""
        pairs = await self._rows.list_organizations(user_id)
        workspaces = await self._rows.list_workspaces([organization.id for organization, _ in pairs])
        memberships = await self._rows.list_memberships(user_id)
        return [_view(organization, member, workspaces, memberships) for organization, member in pairs]

    async def describe(self, user: UserView, scope: Scope) -> MeView:
        """The caller, their tenants and where they are."""
        return MeView(
            user=user,
            organizations=await self.list_organizations(user.id),
            context=ContextView(
                organization_id=scope.organization_id,
                workspace_id=scope.workspace_id,
                permissions=sorted(scope.permissions),
            ),
        )

    async def create_workspace(self, caller: Caller, new: NewWorkspace, *, current: Scope) -> WorkspaceView:
        """A new workspace. The caller must manage the organization; a foreign one does not exist."""
        organization_id = new.organization_id or current.organization_id
        member = await self._rows.find_organization_member(organization_id, caller.user_id)
        if member is None:
            raise NotFoundError("There is no such organization.", code="organization_not_found")
        if member.role not in MANAGES_ORGANIZATION:
            raise ForbiddenError("Only owners and admins of the organization can create workspaces.")
        workspace = Workspace(organization_id=organization_id, name=new.name)
        self._rows.add(workspace)
        await self._rows.flush()
        return WorkspaceView(id=workspace.id, name=workspace.name, role=WorkspaceRole.ADMIN)

    async def rename_workspace(self, name: str) -> None:
        """Rename the scope's workspace. Needs `workspace.manage`."""
        self._work.scope.require("workspace.manage")
        workspace = await self._rows.find_workspace(self._work.scope.workspace_id)
        if workspace is None:
            raise WorkspaceNotFoundError
        workspace.name = name
        AuditService(self._work).record("workspace.renamed", workspace.id, name=name)

    async def list_members(self) -> list[MemberView]:
        """Everybody who may enter the scope's workspace. Needs `members.read`."""
        self._work.scope.require("members.read")
        managers = await self._rows.list_organization_managers(self._work.scope.organization_id)
        roles = {member.user_id: WorkspaceRole.ADMIN for member in managers}
        for member in await self._rows.list_workspace_members(self._work.scope.workspace_id):
            roles.setdefault(member.user_id, WorkspaceRole(member.role))
        users = await UserDirectory(self._work).list_users(list(roles))
        return [MemberView(user=users[user_id], role=role) for user_id, role in roles.items() if user_id in users]

    async def add_member(self, new: NewMember) -> MemberView:
        """Let a registered user into the scope's workspace. Needs `members.manage`.

        Raises NotFoundError (`user_not_found`), ConflictError (`already_member`).
        """
        scope = self._work.scope
        scope.require("members.manage")
        user = await UserDirectory(self._work).find_user_by_email(new.email)
        if user is None:
            raise NotFoundError("Nobody has registered with this address yet.", code="user_not_found")
        if await self._rows.find_workspace_member(scope.workspace_id, user.id):
            raise ConflictError("This person is a member already.", code="already_member")
        if await self._rows.find_organization_member(scope.organization_id, user.id) is None:
            self._rows.add(
                OrganizationMember(organization_id=scope.organization_id, user_id=user.id, role=OrganizationRole.MEMBER)
            )
        self._rows.add(WorkspaceMember(workspace_id=scope.workspace_id, user_id=user.id, role=new.role))
        AuditService(self._work).record("member.added", user.id, role=new.role)
        return MemberView(user=user, role=new.role)

    async def remove_member(self, user_id: UUID) -> None:
        """Take somebody's role in the scope's workspace away. Needs `members.manage`."""
        self._work.scope.require("members.manage")
        if not await self._rows.remove_workspace_member(self._work.scope.workspace_id, user_id):
            raise NotFoundError("There is no such member.", code="member_not_found")
        AuditService(self._work).record("member.removed", user_id)

    async def _role_in(self, workspace: Workspace, user_id: UUID) -> WorkspaceRole | None:
        member = await self._rows.find_organization_member(workspace.organization_id, user_id)
        if member is None:
            return None
        if member.role in MANAGES_ORGANIZATION:
            return WorkspaceRole.ADMIN
        row = await self._rows.find_workspace_member(workspace.id, user_id)
        return WorkspaceRole(row.role) if row else None


def _view(
    organization: Organization,
    member: OrganizationMember,
    workspaces: list[Workspace],
    memberships: dict[UUID, WorkspaceMember],
) -> OrganizationView:
    manages = member.role in MANAGES_ORGANIZATION
    views = [
        WorkspaceView(
            id=workspace.id,
            name=workspace.name,
            role=WorkspaceRole.ADMIN if manages else WorkspaceRole(memberships[workspace.id].role),
        )
        for workspace in workspaces
        if workspace.organization_id == organization.id and (manages or workspace.id in memberships)
    ]
    return OrganizationView(
        id=organization.id, name=organization.name, role=OrganizationRole(member.role), workspaces=views
    )
