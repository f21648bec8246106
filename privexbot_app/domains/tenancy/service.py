"""Who belongs where, and the Scope that follows from it. Every Scope of the product is made in this module."""

from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.schemas import Caller, UserView
from privexbot_app.domains.identity.service import UserDirectory
from privexbot_app.domains.tenancy.models import (
    ApiKey,
    CustomRole,
    Organization,
    OrganizationMember,
    Workspace,
    WorkspaceMember,
)
from privexbot_app.domains.tenancy.permissions import (
    JOB_PERMISSIONS,
    KEY_SCOPES,
    MANAGES_ORGANIZATION,
    VISITOR_PERMISSIONS,
    OrganizationRole,
    WorkspaceRole,
)
from privexbot_app.domains.tenancy.repository import TenancyRepository
from privexbot_app.domains.tenancy.rules import slugify
from privexbot_app.domains.tenancy.schemas import (
    ContextView,
    MeView,
    NewWorkspace,
    OrganizationView,
    RoleView,
    TenantChange,
    WorkspaceView,
)
from privexbot_app.domains.tenancy.standing import find_living, permissions_in
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.errors import ConflictError, ForbiddenError, NotFoundError
from privexbot_app.kit.scope import Actor, ActorKind, Scope

FIRST_WORKSPACE = "Main workspace"


class WorkspaceNotFoundError(NotFoundError):
    """There is no such workspace, or the caller may not enter it."""

    code = "workspace_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such workspace.")


class SlugTakenError(ConflictError):
    """Another organization, or another workspace of the same one, has the slug."""

    code = "slug_taken"

    def __init__(self) -> None:
        super().__init__("This short name is taken already.")


def scope_of_job(organization_id: UUID, workspace_id: UUID, *, job: str) -> Scope:
    """The scope of a background job, from its envelope."""
    return Scope(organization_id, workspace_id, Actor(ActorKind.JOB, job), JOB_PERMISSIONS)


async def find_job_scope(works: Workshop, workspace_id: UUID, *, job: str) -> Scope | None:
    """The scope of a schedule's work in one workspace; None if it is gone or being deleted.

    A schedule serves every workspace in one go, so a closed one is passed over and never ends the round.
    """
    async with works.open(None, read_only=True) as work:
        workspace = await find_living(TenancyRepository(work.session), workspace_id)
    return scope_of_job(workspace.organization_id, workspace_id, job=job) if workspace else None


def scope_of_visitor(organization_id: UUID, workspace_id: UUID, *, visitor: str) -> Scope:
    """The scope of a visitor who talks to a public bot of this workspace."""
    return Scope(organization_id, workspace_id, Actor(ActorKind.VISITOR, visitor), VISITOR_PERMISSIONS)


def scope_of_key(key: ApiKey, organization_id: UUID, permissions: frozenset[str]) -> Scope:
    """The scope of a program that holds an API key: the key's scopes, as far as its maker's own permissions reach."""
    actor = Actor(ActorKind.API_KEY, str(key.id))
    allowed = permissions & KEY_SCOPES & set(key.scopes)
    return Scope(organization_id, key.workspace_id, actor, allowed, is_test=key.is_test)


async def make_organization(rows: TenancyRepository, *, name: str, owner_id: UUID) -> tuple[Organization, Workspace]:
    """An organization with one workspace and one owner."""
    organization = Organization(name=name)
    organization.slug = await free_slug(rows, name, organization.slug)
    rows.add(organization)
    await rows.flush()
    workspace = Workspace(organization_id=organization.id, name=FIRST_WORKSPACE, slug=slugify(FIRST_WORKSPACE))
    rows.add(workspace)
    rows.add(OrganizationMember(organization_id=organization.id, user_id=owner_id, role=OrganizationRole.OWNER))
    await rows.flush()
    return organization, workspace


async def free_slug(rows: TenancyRepository, name: str, otherwise: str, *, organization_id: UUID | None = None) -> str:
    """A slug made of the name; where that is taken, with a part of `otherwise`, which is unique."""
    wanted = slugify(name)
    if not wanted:
        return otherwise
    is_taken = await rows.is_slug_taken(wanted, organization_id=organization_id)
    return f"{wanted[:39].strip('-')}-{otherwise[-8:]}" if is_taken else wanted


class TenancyService:
    """Organizations, workspaces and members, inside one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = TenancyRepository(work.session)

    async def create_organization(self, user: UserView) -> UUID:
        """Make a new user's own organization with one workspace. Returns the workspace's id."""
        organization, workspace = await make_organization(
            self._rows, name=f"{user.name}’s organization", owner_id=user.id
        )
        actor = Actor(ActorKind.USER, str(user.id))
        AuditService(self._work).record_in_organization(
            organization.id, actor, "organization.created", name=organization.name
        )
        return workspace.id

    async def scope_of_user(self, caller: Caller, *, workspace_id: UUID | None = None) -> Scope:
        """The caller's scope in a workspace, by default the session's. Raises WorkspaceNotFoundError."""
        workspace_id = workspace_id or caller.workspace_id
        standing = await self.standing_of(workspace_id, caller.user_id)
        if standing is None:
            raise WorkspaceNotFoundError
        organization_id, permissions = standing
        return Scope(organization_id, workspace_id, Actor(ActorKind.USER, str(caller.user_id)), permissions)

    async def standing_of(self, workspace_id: UUID, user_id: UUID) -> tuple[UUID, frozenset[str]] | None:
        """A workspace's organization and the user's permissions in it, or None for those who may not enter."""
        workspace = await find_living(self._rows, workspace_id)
        permissions = await permissions_in(self._rows, workspace, user_id) if workspace else None
        return (workspace.organization_id, permissions) if workspace and permissions is not None else None

    async def first_workspace(self, user_id: UUID) -> UUID:
        """The workspace that a user lands in after signing in; who has none left gets an organization of their own.

        Raises WorkspaceNotFoundError if there is no such user.
        """
        for organization in await self.list_organizations(user_id):
            for workspace in organization.workspaces:
                return workspace.id
        user = (await UserDirectory(self._work).list_users([user_id])).get(user_id)
        if user is None:
            raise WorkspaceNotFoundError
        return await self.create_organization(user)

    async def is_open(self, workspace_id: UUID) -> bool:
        """Whether the workspace is there, and neither it nor its organization is being deleted."""
        return await find_living(self._rows, workspace_id) is not None

    async def list_organizations(self, user_id: UUID) -> list[OrganizationView]:
        """The user's organizations with the workspaces that they may enter, oldest first."""
        pairs = await self._rows.list_organizations(user_id)
        workspaces = await self._rows.list_workspaces([organization.id for organization, _ in pairs])
        memberships = await self._rows.list_memberships(user_id)
        roles = {role.id: role for role in await self._rows.list_roles([organization.id for organization, _ in pairs])}
        return [
            _view(organization, member, workspaces, memberships, roles)
            for organization, member in pairs
            if organization.delete_after is None or member.role == OrganizationRole.OWNER
        ]

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
        organization = await self._rows.find_organization(organization_id)
        if organization is None or organization.delete_after is not None:
            raise NotFoundError("There is no such organization.", code="organization_not_found")
        workspace = Workspace(organization_id=organization_id, name=new.name)
        workspace.slug = await free_slug(self._rows, new.name, workspace.slug, organization_id=organization_id)
        self._rows.add(workspace)
        await self._rows.flush()
        actor = Actor(ActorKind.USER, str(caller.user_id))
        AuditService(self._work).record_in_organization(
            organization_id, actor, "workspace.created", workspace.id, name=workspace.name
        )
        return WorkspaceView(id=workspace.id, name=workspace.name, role=WorkspaceRole.ADMIN, slug=workspace.slug)

    async def rename_workspace(self, name: str) -> None:
        """Rename the scope's workspace. Needs `workspace.manage`."""
        await self.change_workspace(TenantChange(name=name))

    async def change_workspace(self, change: TenantChange) -> None:
        """Give the scope's workspace another name or slug. Needs `workspace.manage`. Raises SlugTakenError."""
        self._work.scope.require("workspace.manage")
        workspace = await find_living(self._rows, self._work.scope.workspace_id)
        if workspace is None:
            raise WorkspaceNotFoundError
        if change.slug and change.slug != workspace.slug:
            if await self._rows.is_slug_taken(change.slug, organization_id=workspace.organization_id):
                raise SlugTakenError
            workspace.slug = change.slug
        workspace.name = change.name or workspace.name
        AuditService(self._work).record("workspace.renamed", workspace.id, name=workspace.name, slug=workspace.slug)


def _view(
    organization: Organization,
    member: OrganizationMember,
    workspaces: list[Workspace],
    memberships: dict[UUID, WorkspaceMember],
    roles: dict[UUID, CustomRole],
) -> OrganizationView:
    manages = member.role in MANAGES_ORGANIZATION
    is_living = organization.delete_after is None
    return OrganizationView(
        id=organization.id,
        name=organization.name,
        role=OrganizationRole(member.role),
        workspaces=[
            _workspace_view(workspace, None if manages else memberships[workspace.id], roles)
            for workspace in workspaces
            if is_living
            and workspace.delete_after is None
            and workspace.organization_id == organization.id
            and (manages or workspace.id in memberships)
        ],
        slug=organization.slug,
        delete_after=organization.delete_after,
    )


def _workspace_view(workspace: Workspace, row: WorkspaceMember | None, roles: dict[UUID, CustomRole]) -> WorkspaceView:
    custom = roles.get(row.custom_role_id) if row and row.custom_role_id else None
    return WorkspaceView(
        id=workspace.id,
        name=workspace.name,
        role=WorkspaceRole(row.role) if row else WorkspaceRole.ADMIN,
        slug=workspace.slug,
        custom_role=RoleView.model_validate(custom) if custom else None,
    )
