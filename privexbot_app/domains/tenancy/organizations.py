"""Organizations: who is in them as what, their own roles, and how they end. Every change is in the organization's log.

An id that the caller does not belong to is a missing one. An organization that is being deleted is seen by its owners.
"""

from datetime import timedelta
from uuid import UUID

from privexbot_app.domains.audit.schemas import AuditFilters, AuditView, ChainView
from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.schemas import Caller
from privexbot_app.domains.identity.service import UserDirectory, require_recent_proof
from privexbot_app.domains.tenancy.models import CustomRole, Organization, OrganizationMember
from privexbot_app.domains.tenancy.permissions import MANAGES_ORGANIZATION, OrganizationRole
from privexbot_app.domains.tenancy.repository import InvitationRepository, TenancyRepository
from privexbot_app.domains.tenancy.rules import (
    LastOwnerError,
    NotEnoughStandingError,
    require_known,
    require_may_change,
)
from privexbot_app.domains.tenancy.schemas import (
    NewOrganization,
    NewRole,
    OrganizationMemberView,
    OrganizationView,
    RoleView,
    TenantChange,
)
from privexbot_app.domains.tenancy.service import SlugTakenError, TenancyService, make_organization
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.closing import forget_kept
from privexbot_app.kit.errors import ConflictError, FieldProblem, InvalidError, NotFoundError
from privexbot_app.kit.scope import Actor, ActorKind

GRACE = timedelta(days=30)
"""How long what was deleted can be restored."""


class OrganizationNotFoundError(NotFoundError):
    """There is no such organization, or the caller is not in it."""

    code = "organization_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such organization.")


class ConfirmationMissingError(InvalidError):
    """Something would have been deleted without its short name being typed."""

    code = "confirmation_missing"

    def __init__(self, slug: str) -> None:
        problem = FieldProblem("confirm", "mismatch", f"Type “{slug}”.")
        super().__init__("Type the short name to confirm.", problems=[problem])


class OrganizationService:
    """The organizations of one caller, inside one unit of work."""

    def __init__(self, work: Work, caller: Caller) -> None:
        self._work = work
        self._caller = caller
        self._rows = TenancyRepository(work.session)
        self._actor = Actor(ActorKind.USER, str(caller.user_id))

    async def create(self, new: NewOrganization) -> OrganizationView:
        """A further organization with one workspace; the caller owns it."""
        organization, _ = await make_organization(self._rows, name=new.name, owner_id=self._caller.user_id)
        self._record(organization.id, "organization.created", name=organization.name)
        return await self.get(organization.id)

    async def get(self, organization_id: UUID) -> OrganizationView:
        """One of the caller's organizations. Raises OrganizationNotFoundError."""
        for view in await TenancyService(self._work).list_organizations(self._caller.user_id):
            if view.id == organization_id:
                return view
        raise OrganizationNotFoundError

    async def change(self, organization_id: UUID, change: TenantChange) -> OrganizationView:
        """Another name or slug. For owners and admins. Raises SlugTakenError."""
        organization, _ = await self._managed(organization_id)
        if change.slug and change.slug != organization.slug:
            if await self._rows.is_slug_taken(change.slug):
                raise SlugTakenError
            organization.slug = change.slug
        organization.name = change.name or organization.name
        self._record(organization.id, "organization.renamed", name=organization.name, slug=organization.slug)
        return await self.get(organization_id)

    async def list_members(self, organization_id: UUID) -> list[OrganizationMemberView]:
        """Everybody in the organization, oldest first. For its members."""
        await self._entered(organization_id)
        rows = await self._rows.list_organization_members(organization_id)
        users = await UserDirectory(self._work).list_users([row.user_id for row in rows])
        entered: dict[UUID, list[UUID]] = {}
        for membership in await self._rows.list_workspace_roles(organization_id):
            entered.setdefault(membership.user_id, []).append(membership.workspace_id)
        return [
            OrganizationMemberView(
                user=users[row.user_id],
                role=OrganizationRole(row.role),
                joined_at=row.created_at,
                workspace_ids=entered.get(row.user_id, []),
            )
            for row in rows
            if row.user_id in users
        ]

    async def change_role(self, organization_id: UUID, user_id: UUID, role: OrganizationRole) -> None:
        """Make a member something else. Raises NotEnoughStandingError, LastOwnerError, NotFoundError."""
        _, own = await self._managed(organization_id)
        target = await self._locked(organization_id, user_id)
        require_may_change(OrganizationRole(own.role), target=OrganizationRole(target.role), to=role)
        await self._require_owner_left(target, becomes=role)
        before, target.role = target.role, role
        await self._drop_invitations_of(organization_id, target)
        self._record(organization_id, "member.changed", user_id, role=role, before=before)

    async def remove_member(self, organization_id: UUID, user_id: UUID) -> None:
        """Take somebody out of the organization and all its workspaces. Raises as `change_role`."""
        _, own = await self._managed(organization_id)
        target = await self._locked(organization_id, user_id)
        require_may_change(OrganizationRole(own.role), target=OrganizationRole(target.role), to=None)
        await self._remove(target, "member.removed")

    async def leave(self, organization_id: UUID) -> None:
        """The caller goes. Raises LastOwnerError."""
        await self._entered(organization_id)
        await self._remove(await self._locked(organization_id, self._caller.user_id), "member.left")

    async def transfer(self, organization_id: UUID, user_id: UUID) -> None:
        """Make a member an owner and the caller an admin. For owners. Wants a recent proof of who the caller is."""
        await self._owned(organization_id)
        require_recent_proof(self._caller)
        target = await self._locked(organization_id, user_id)
        own = await self._locked(organization_id, self._caller.user_id)
        if own.role != OrganizationRole.OWNER:
            raise NotEnoughStandingError
        if target.user_id == own.user_id:
            raise ConflictError("You are an owner already.", code="already_owner")
        own.role = OrganizationRole.ADMIN
        target.role = OrganizationRole.OWNER
        await self._drop_invitations_of(organization_id, own)
        self._record(organization_id, "organization.transferred", user_id)

    async def delete(self, organization_id: UUID, *, confirm: str) -> OrganizationView:
        """Close the organization now and delete it after the grace period. For owners, with a recent proof.

        confirm: its slug, typed. Raises ConfirmationMissingError.
        """
        organization = await self._owned(organization_id)
        if confirm != organization.slug:
            raise ConfirmationMissingError(organization.slug)
        require_recent_proof(self._caller)
        organization.delete_after = utc_now() + GRACE
        forget_kept(self._work.works)
        self._record(organization_id, "organization.deleted", delete_after=organization.delete_after.isoformat())
        return await self.get(organization_id)

    async def restore(self, organization_id: UUID) -> OrganizationView:
        """Open it again within the grace period. For owners."""
        organization = await self._owned(organization_id)
        if organization.delete_after is None:
            raise ConflictError("This organization is not being deleted.", code="not_deleted")
        organization.delete_after = None
        forget_kept(self._work.works)
        self._record(organization_id, "organization.restored")
        return await self.get(organization_id)

    async def list_roles(self, organization_id: UUID) -> list[RoleView]:
        """The roles that the organization has made for itself. For its members."""
        await self._entered(organization_id)
        return [RoleView.model_validate(row) for row in await self._rows.list_roles([organization_id])]

    async def create_role(self, organization_id: UUID, new: NewRole) -> RoleView:
        """A set of permissions under a name. For owners and admins. Raises ConflictError (`race_lost`) for its name."""
        await self._managed(organization_id)
        permissions = require_known(new.permissions)
        role = CustomRole(organization_id=organization_id, name=new.name, permissions=permissions)
        self._rows.add(role)
        await self._rows.flush()
        self._record(organization_id, "role.created", role.id, name=role.name, permissions=permissions)
        return RoleView.model_validate(role)

    async def change_role_set(self, organization_id: UUID, role_id: UUID, new: NewRole) -> RoleView:
        """Other permissions; they hold for all who have the role, at once. For owners and admins."""
        await self._managed(organization_id)
        role = await self._role(organization_id, role_id)
        role.name, role.permissions = new.name, require_known(new.permissions)
        await self._rows.flush()
        self._record(organization_id, "role.changed", role.id, name=role.name, permissions=role.permissions)
        return RoleView.model_validate(role)

    async def delete_role(self, organization_id: UUID, role_id: UUID) -> None:
        """Forget a role that nobody has. For owners and admins. Raises ConflictError (`role_in_use`)."""
        await self._managed(organization_id)
        role = await self._role(organization_id, role_id)
        if await self._rows.is_role_in_use(role_id):
            raise ConflictError("Somebody has this role. Give them another one first.", code="role_in_use")
        await self._rows.delete(role)
        self._record(organization_id, "role.deleted", role_id, name=role.name)

    async def list_log(self, organization_id: UUID, filters: AuditFilters) -> list[AuditView]:
        """What was changed in the organization itself, newest first. For owners and admins."""
        await self._managed(organization_id)
        return list(await AuditService(self._work).list_organization_entries(organization_id, filters))

    async def verify_log(self, organization_id: UUID) -> ChainView:
        """Whether the organization's log hangs together. For owners and admins."""
        await self._managed(organization_id)
        return await AuditService(self._work).verify_organization(organization_id)

    async def require_managed(self, organization_id: UUID) -> OrganizationRole:
        """The caller's role. Raises OrganizationNotFoundError, NotEnoughStandingError for who is no owner or admin."""
        _, member = await self._managed(organization_id)
        return OrganizationRole(member.role)

    async def _entered(self, organization_id: UUID) -> tuple[Organization, OrganizationMember]:
        organization = await self._rows.find_organization(organization_id)
        member = await self._rows.find_organization_member(organization_id, self._caller.user_id)
        if organization is None or member is None:
            raise OrganizationNotFoundError
        if organization.delete_after is not None and member.role != OrganizationRole.OWNER:
            raise OrganizationNotFoundError
        return organization, member

    async def _managed(self, organization_id: UUID) -> tuple[Organization, OrganizationMember]:
        organization, member = await self._entered(organization_id)
        if member.role not in MANAGES_ORGANIZATION:
            raise NotEnoughStandingError
        return organization, member

    async def _owned(self, organization_id: UUID) -> Organization:
        organization, member = await self._entered(organization_id)
        if member.role != OrganizationRole.OWNER:
            raise NotEnoughStandingError
        return organization

    async def _locked(self, organization_id: UUID, user_id: UUID) -> OrganizationMember:
        # Two owners who demote each other at the same moment wait for each other here, and the second is refused.
        await self._rows.lock_organization(organization_id)
        member = await self._rows.find_organization_member(organization_id, user_id, is_fresh=True)
        if member is None:
            raise NotFoundError("There is no such member.", code="member_not_found")
        return member

    async def _require_owner_left(self, target: OrganizationMember, *, becomes: OrganizationRole | None) -> None:
        if target.role != OrganizationRole.OWNER or becomes is OrganizationRole.OWNER:
            return
        if await self._rows.count_owners(target.organization_id) <= 1:
            raise LastOwnerError

    async def _remove(self, target: OrganizationMember, event: str) -> None:
        await self._require_owner_left(target, becomes=None)
        await self._rows.remove_organization_member(target.organization_id, target.user_id)
        await InvitationRepository(self._work.session).revoke_by(target.organization_id, target.user_id, utc_now())
        self._record(target.organization_id, event, target.user_id, role=target.role)

    async def _drop_invitations_of(self, organization_id: UUID, member: OrganizationMember) -> None:
        """What somebody has offered ends with their right to offer it; otherwise a link would outlive a demotion."""
        if member.role != OrganizationRole.OWNER:
            invitations = InvitationRepository(self._work.session)
            await invitations.revoke_by(organization_id, member.user_id, utc_now(), owners_only=member.role == "admin")

    async def _role(self, organization_id: UUID, role_id: UUID) -> CustomRole:
        role = await self._rows.find_role(organization_id, role_id)
        if role is None:
            raise NotFoundError("There is no such role.", code="role_not_found")
        return role

    def _record(self, organization_id: UUID, event: str, subject_id: UUID | None = None, **facts: object) -> None:
        AuditService(self._work).record_in_organization(organization_id, self._actor, event, subject_id, **facts)
