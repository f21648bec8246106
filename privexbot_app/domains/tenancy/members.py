"""Who is in a workspace, and as what. Every change asks `rules`, under a lock on the organization."""

from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.schemas import UserView
from privexbot_app.domains.identity.service import UserDirectory
from privexbot_app.domains.tenancy.models import CustomRole, OrganizationMember, WorkspaceMember
from privexbot_app.domains.tenancy.permissions import MANAGES_ORGANIZATION, OrganizationRole, WorkspaceRole
from privexbot_app.domains.tenancy.repository import TenancyRepository
from privexbot_app.domains.tenancy.rules import require_within
from privexbot_app.domains.tenancy.schemas import MemberView, NewMember, RoleView, WorkspaceRoleChange
from privexbot_app.domains.tenancy.standing import permissions_of, permissions_of_member
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.errors import ConflictError, NotFoundError


class ManagedByOrganizationError(ConflictError):
    """The member is an owner or admin of the organization, and therefore an admin of all its workspaces."""

    code = "managed_by_organization"

    def __init__(self) -> None:
        super().__init__("Owners and admins of the organization are admins of all its workspaces. Change that first.")


class MemberService:
    """The members of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._rows = TenancyRepository(work.session)

    async def list_members(self) -> list[MemberView]:
        """Everybody who may enter the scope's workspace. Needs `members.read`."""
        scope = self._work.scope
        scope.require("members.read")
        managers = {row.user_id for row in await self._rows.list_organization_managers(scope.organization_id)}
        rows = {row.user_id: row for row in await self._rows.list_workspace_members(scope.workspace_id)}
        customs = {role.id: role for role in await self._rows.list_roles([scope.organization_id])}
        users = await UserDirectory(self._work).list_users([*managers, *(id for id in rows if id not in managers)])
        views = [
            MemberView(user=users[id], role=WorkspaceRole.ADMIN, manages_organization=True)
            for id in managers
            if id in users
        ]
        return views + [
            _member_view(users[row.user_id], row, customs)
            for row in rows.values()
            if row.user_id not in managers and row.user_id in users
        ]

    async def add_member(self, new: NewMember) -> MemberView:
        """Let a registered user into the scope's workspace. Needs `members.manage`, and what is given.

        Raises NotFoundError (`user_not_found`), ConflictError (`already_member`), NotEnoughStandingError.
        """
        scope = self._work.scope
        scope.require("members.manage")
        custom = await self._custom_role(new.custom_role_id)
        require_within(scope.permissions, permissions_of(new.role, custom))
        user = await UserDirectory(self._work).find_user_by_email(new.email)
        if user is None:
            raise NotFoundError("Nobody has registered with this address yet.", code="user_not_found")
        await self._rows.lock_organization(scope.organization_id)
        if await self._rows.find_workspace_member(scope.workspace_id, user.id):
            raise ConflictError("This person is a member already.", code="already_member")
        if await self._rows.find_organization_member(scope.organization_id, user.id) is None:
            self._rows.add(
                OrganizationMember(organization_id=scope.organization_id, user_id=user.id, role=OrganizationRole.MEMBER)
            )
        row = WorkspaceMember(workspace_id=scope.workspace_id, user_id=user.id, role=new.role)
        _give(row, new.role, custom)
        self._rows.add(row)
        AuditService(self._work).record("member.added", user.id, role=custom.name if custom else new.role)
        return _member_view(user, row, {custom.id: custom} if custom else {})

    async def change_member(self, user_id: UUID, change: WorkspaceRoleChange) -> MemberView:
        """Give a member of the scope's workspace another role. Needs `members.manage`, and all that either role may do.

        Raises NotFoundError (`member_not_found`), NotEnoughStandingError, ManagedByOrganizationError.
        """
        scope = self._work.scope
        scope.require("members.manage")
        custom = await self._custom_role(change.custom_role_id)
        row = await self._changeable(user_id)
        require_within(scope.permissions, permissions_of(change.role, custom))
        _give(row, change.role, custom)
        user = (await UserDirectory(self._work).list_users([user_id]))[user_id]
        AuditService(self._work).record("member.changed", user_id, role=custom.name if custom else change.role)
        return _member_view(user, row, {custom.id: custom} if custom else {})

    async def remove_member(self, user_id: UUID) -> None:
        """Take somebody's role in the scope's workspace away. Needs `members.manage`, and all that they may do."""
        self._work.scope.require("members.manage")
        row = await self._changeable(user_id, managers_too=True)
        await self._rows.delete(row)
        AuditService(self._work).record("member.removed", user_id)

    async def leave_workspace(self) -> None:
        """The caller gives up their own role in the scope's workspace. Raises ManagedByOrganizationError."""
        scope = self._work.scope
        user_id = UUID(scope.actor.id)
        member = await self._rows.find_organization_member(scope.organization_id, user_id)
        if member is None or member.role in MANAGES_ORGANIZATION:
            raise ManagedByOrganizationError
        await self._rows.remove_workspace_member(scope.workspace_id, user_id)
        AuditService(self._work).record("member.left", user_id)

    async def list_roles(self) -> list[RoleView]:
        """The roles that the scope's organization has made for itself. Needs `members.read`."""
        self._work.scope.require("members.read")
        rows = await self._rows.list_roles([self._work.scope.organization_id])
        return [RoleView.model_validate(row) for row in rows]

    async def _changeable(self, user_id: UUID, *, managers_too: bool = False) -> WorkspaceMember:
        scope = self._work.scope
        await self._rows.lock_organization(scope.organization_id)
        row = await self._rows.find_workspace_member(scope.workspace_id, user_id)
        if row is None:
            raise NotFoundError("There is no such member.", code="member_not_found")
        member = await self._rows.find_organization_member(scope.organization_id, user_id)
        if member is not None and member.role in MANAGES_ORGANIZATION and not managers_too:
            raise ManagedByOrganizationError
        require_within(scope.permissions, await permissions_of_member(self._rows, row))
        return row

    async def _custom_role(self, role_id: UUID | None) -> CustomRole | None:
        if role_id is None:
            return None
        role = await self._rows.find_role(self._work.scope.organization_id, role_id)
        if role is None:
            raise NotFoundError("There is no such role.", code="role_not_found")
        return role


def _give(row: WorkspaceMember, role: WorkspaceRole, custom: CustomRole | None) -> None:
    row.role = WorkspaceRole.VIEWER if custom else role
    row.custom_role_id = custom.id if custom else None


def _member_view(user: UserView, row: WorkspaceMember, customs: dict[UUID, CustomRole]) -> MemberView:
    custom = customs.get(row.custom_role_id) if row.custom_role_id else None
    return MemberView(
        user=user, role=WorkspaceRole(row.role), custom_role=RoleView.model_validate(custom) if custom else None
    )
