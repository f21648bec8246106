"""Staff: people of the operator who may see which organizations there are, and close or reopen one. Off by default.

A setting names them by their e-mail addresses; an address counts once its owner has proved it. They see no content and
enter no workspace. Every look is written into the log of the organization that was looked at, where its owners read it.
"""

from collections.abc import Collection
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.schemas import Caller
from privexbot_app.domains.identity.service import UserDirectory, require_recent_proof
from privexbot_app.domains.tenancy.models import Organization
from privexbot_app.domains.tenancy.organizations import GRACE, OrganizationNotFoundError
from privexbot_app.domains.tenancy.repository import TenancyRepository
from privexbot_app.domains.tenancy.schemas import StaffOrganizationView
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.closing import forget_kept
from privexbot_app.kit.errors import ConflictError, NotFoundError
from privexbot_app.kit.scope import Actor, ActorKind

MOST_SHOWN = 20


class NotStaffError(NotFoundError):
    """The caller is no member of staff; for them these addresses do not exist."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is no such page.")


class StaffService:
    """What staff may do, inside one unit of work. staff_emails: in lower case, from the settings."""

    def __init__(self, work: Work, caller: Caller, staff_emails: Collection[str]) -> None:
        self._work = work
        self._caller = caller
        self._staff_emails = staff_emails
        self._rows = TenancyRepository(work.session)

    async def search(self, text: str) -> list[StaffOrganizationView]:
        """Organizations by a part of their name or short name, at most 20; each gets an entry in its log."""
        email = await self._require_staff()
        rows = await self._rows.search_organizations(text, limit=MOST_SHOWN)
        for row in rows:
            self._record(row, email, "staff.looked")
        return [await self._view(row) for row in rows]

    async def close(self, organization_id: UUID) -> StaffOrganizationView:
        """Close an organization now; it is deleted after the grace period. Wants a recent proof.

        Raises NotStaffError, OrganizationNotFoundError, ConflictError (`already_deleted`).
        """
        email, row = await self._changeable(organization_id)
        if row.delete_after is not None:
            raise ConflictError("This organization is being deleted already.", code="already_deleted")
        row.delete_after = utc_now() + GRACE
        return await self._changed(row, email, "staff.closed")

    async def restore(self, organization_id: UUID) -> StaffOrganizationView:
        """Open it again within the grace period. Wants a recent proof. Raises ConflictError (`not_deleted`)."""
        email, row = await self._changeable(organization_id)
        if row.delete_after is None:
            raise ConflictError("This organization is not being deleted.", code="not_deleted")
        row.delete_after = None
        return await self._changed(row, email, "staff.restored")

    async def _changeable(self, organization_id: UUID) -> tuple[str, Organization]:
        email = await self._require_staff()
        require_recent_proof(self._caller)
        row = await self._rows.find_organization(organization_id)
        if row is None:
            raise OrganizationNotFoundError
        return email, row

    async def _changed(self, row: Organization, email: str, event: str) -> StaffOrganizationView:
        forget_kept(self._work.works)
        self._record(row, email, event)
        return await self._view(row)

    async def _require_staff(self) -> str:
        email = await UserDirectory(self._work).find_proved_email(self._caller.user_id)
        if email.lower() not in self._staff_emails:
            raise NotStaffError
        return email

    async def _view(self, row: Organization) -> StaffOrganizationView:
        return StaffOrganizationView(
            id=row.id,
            name=row.name,
            slug=row.slug,
            created_at=row.created_at,
            delete_after=row.delete_after,
            members=len(await self._rows.list_organization_members(row.id)),
            workspaces=len(await self._rows.list_workspaces([row.id])),
        )

    def _record(self, row: Organization, email: str, event: str) -> None:
        actor = Actor(ActorKind.STAFF, str(self._caller.user_id))
        AuditService(self._work).record_in_organization(row.id, actor, event, name=row.name, staff=email)
