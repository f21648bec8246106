"""Rows of organizations, workspaces and memberships."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from privexbot_app.domains.tenancy.models import (
    ApiKey,
    CustomRole,
    Invitation,
    Organization,
    OrganizationMember,
    Workspace,
    WorkspaceMember,
)
from privexbot_app.kit.database import TenancyModel


class TenancyRepository:
    """These tables define tenants, so this repository has no scope; its service guards every call."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: TenancyModel) -> None:
        """Stage a row."""
        self._session.add(row)

    async def flush(self) -> None:
        """Write staged rows now, so that children find their parent."""
        await self._session.flush()

    async def find_workspace(self, workspace_id: UUID) -> Workspace | None:
        """The workspace or None."""
        return await self._session.get(Workspace, workspace_id)

    async def find_organization_member(
        self, organization_id: UUID, user_id: UUID, *, is_fresh: bool = False
    ) -> OrganizationMember | None:
        """A user's membership of an organization, or None. is_fresh: as it is now, whatever was read before a lock."""
        statement = select(OrganizationMember).where(
            OrganizationMember.organization_id == organization_id, OrganizationMember.user_id == user_id
        )
        statement = statement.execution_options(populate_existing=is_fresh)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def find_workspace_member(self, workspace_id: UUID, user_id: UUID) -> WorkspaceMember | None:
        """A user's membership of a workspace, or None."""
        statement = select(WorkspaceMember).where(
            WorkspaceMember.workspace_id == workspace_id, WorkspaceMember.user_id == user_id
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def list_organizations(self, user_id: UUID) -> list[tuple[Organization, OrganizationMember]]:
        """The organizations that a user belongs to, oldest first, with the membership."""
        statement = (
            select(Organization, OrganizationMember)
            .join(OrganizationMember, OrganizationMember.organization_id == Organization.id)
            .where(OrganizationMember.user_id == user_id)
            .order_by(Organization.id)
        )
        return [(row[0], row[1]) for row in (await self._session.execute(statement)).all()]

    async def list_workspaces(self, organization_ids: list[UUID]) -> list[Workspace]:
        """All workspaces of these organizations, oldest first."""
        statement = select(Workspace).where(Workspace.organization_id.in_(organization_ids)).order_by(Workspace.id)
        return list((await self._session.execute(statement)).scalars().all())

    async def list_memberships(self, user_id: UUID) -> dict[UUID, WorkspaceMember]:
        """A user's workspace memberships, by workspace id."""
        rows = await self._session.execute(select(WorkspaceMember).where(WorkspaceMember.user_id == user_id))
        return {row.workspace_id: row for row in rows.scalars()}

    async def list_workspace_members(self, workspace_id: UUID) -> list[WorkspaceMember]:
        """The members of a workspace, oldest first."""
        statement = select(WorkspaceMember).where(WorkspaceMember.workspace_id == workspace_id)
        return list((await self._session.execute(statement.order_by(WorkspaceMember.id))).scalars().all())

    async def list_organization_managers(self, organization_id: UUID) -> list[OrganizationMember]:
        """Owners and admins of an organization, oldest first."""
        statement = select(OrganizationMember).where(
            OrganizationMember.organization_id == organization_id, OrganizationMember.role.in_(("owner", "admin"))
        )
        return list((await self._session.execute(statement.order_by(OrganizationMember.id))).scalars().all())

    async def remove_workspace_member(self, workspace_id: UUID, user_id: UUID) -> bool:
        """Delete a membership. False if there was none."""
        statement = delete(WorkspaceMember).where(
            WorkspaceMember.workspace_id == workspace_id, WorkspaceMember.user_id == user_id
        )
        return (await self._session.execute(statement)).rowcount == 1

    async def find_organization(self, organization_id: UUID) -> Organization | None:
        """The organization or None."""
        return await self._session.get(Organization, organization_id)

    async def search_organizations(self, text: str, *, limit: int) -> list[Organization]:
        """Organizations whose name or slug holds a text, oldest first; those that are being deleted among them."""
        holds = or_(
            Organization.name.icontains(text, autoescape=True), Organization.slug.icontains(text, autoescape=True)
        )
        statement = select(Organization).where(holds).order_by(Organization.id).limit(limit)
        return list((await self._session.execute(statement)).scalars().all())

    async def lock_organization(self, organization_id: UUID) -> None:
        """Make others who change the members of this organization wait for our commit. SQLite has one writer anyway."""
        await self._session.execute(select(Organization.id).where(Organization.id == organization_id).with_for_update())

    async def is_slug_taken(self, slug: str, *, organization_id: UUID | None = None) -> bool:
        """Whether an organization, or a workspace of this organization, has the slug."""
        statement = (
            select(Organization.id).where(Organization.slug == slug)
            if organization_id is None
            else select(Workspace.id).where(Workspace.organization_id == organization_id, Workspace.slug == slug)
        )
        return (await self._session.execute(statement)).first() is not None

    async def list_organization_members(self, organization_id: UUID) -> list[OrganizationMember]:
        """Everybody in an organization, oldest first."""
        statement = select(OrganizationMember).where(OrganizationMember.organization_id == organization_id)
        return list((await self._session.execute(statement.order_by(OrganizationMember.id))).scalars().all())

    async def count_owners(self, organization_id: UUID) -> int:
        """How many owners an organization has."""
        statement = select(func.count()).where(
            OrganizationMember.organization_id == organization_id, OrganizationMember.role == "owner"
        )
        return (await self._session.execute(statement)).scalar_one()

    async def remove_organization_member(self, organization_id: UUID, user_id: UUID) -> None:
        """Delete a membership and those of the organization's workspaces."""
        workspaces = select(Workspace.id).where(Workspace.organization_id == organization_id)
        await self._session.execute(
            delete(WorkspaceMember).where(
                WorkspaceMember.user_id == user_id, WorkspaceMember.workspace_id.in_(workspaces)
            )
        )
        await self._session.execute(
            delete(OrganizationMember).where(
                OrganizationMember.organization_id == organization_id, OrganizationMember.user_id == user_id
            )
        )

    async def list_workspace_roles(self, organization_id: UUID) -> list[WorkspaceMember]:
        """Memberships of all workspaces of an organization."""
        statement = select(WorkspaceMember).join(Workspace, Workspace.id == WorkspaceMember.workspace_id)
        rows = await self._session.execute(statement.where(Workspace.organization_id == organization_id))
        return list(rows.scalars().all())

    async def find_role(self, organization_id: UUID, role_id: UUID) -> CustomRole | None:
        """One of an organization's own roles, or None."""
        statement = select(CustomRole).where(CustomRole.organization_id == organization_id, CustomRole.id == role_id)
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def get_role(self, role_id: UUID) -> CustomRole | None:
        """A role that a membership names; it cannot be deleted while one does."""
        return await self._session.get(CustomRole, role_id)

    async def list_roles(self, organization_ids: list[UUID]) -> list[CustomRole]:
        """The own roles of these organizations, by name."""
        statement = select(CustomRole).where(CustomRole.organization_id.in_(organization_ids))
        return list((await self._session.execute(statement.order_by(CustomRole.name))).scalars().all())

    async def is_role_in_use(self, role_id: UUID) -> bool:
        """Whether a member has the role."""
        statement = select(WorkspaceMember.id).where(WorkspaceMember.custom_role_id == role_id).limit(1)
        return (await self._session.execute(statement)).first() is not None

    async def delete(self, row: TenancyModel) -> None:
        """Delete a row."""
        await self._session.delete(row)

    async def list_overdue(self, now: datetime) -> list[tuple[UUID, UUID]]:
        """Workspaces whose grace period, or their organization's, is over: (organization, workspace)."""
        statement = (
            select(Organization.id, Workspace.id)
            .join(Workspace, Workspace.organization_id == Organization.id)
            .where(or_(Organization.delete_after <= now, Workspace.delete_after <= now))
        )
        return [(row[0], row[1]) for row in (await self._session.execute(statement)).all()]

    async def delete_overdue(self, now: datetime) -> None:
        """Delete what is overdue, with everything in it."""
        await self._session.execute(delete(Workspace).where(Workspace.delete_after <= now))
        await self._session.execute(delete(Organization).where(Organization.delete_after <= now))


class InvitationRepository:
    """Rows of invitations. One is looked up by its token before there is a tenant; the rest name the organization."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: Invitation) -> None:
        """Stage a row."""
        self._session.add(row)

    async def find(self, organization_id: UUID, invitation_id: UUID) -> Invitation | None:
        """One of an organization's invitations, or None."""
        statement = select(Invitation).where(
            Invitation.organization_id == organization_id, Invitation.id == invitation_id
        )
        return (await self._session.execute(statement)).scalar_one_or_none()

    async def find_by_token(self, token_hash: str) -> Invitation | None:
        """The invitation of a link, whatever has become of it, or None."""
        return (
            await self._session.execute(select(Invitation).where(Invitation.token_hash == token_hash))
        ).scalar_one_or_none()

    async def list_open(self, organization_id: UUID) -> list[Invitation]:
        """Invitations that nobody has accepted or revoked, newest first; expired ones among them."""
        statement = select(Invitation).where(
            Invitation.organization_id == organization_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        return list((await self._session.execute(statement.order_by(Invitation.id.desc()))).scalars().all())

    async def revoke_by(
        self, organization_id: UUID, user_id: UUID, now: datetime, *, owners_only: bool = False
    ) -> None:
        """Revoke what a user has offered and nobody has taken. owners_only: only what would make owners."""
        statement = update(Invitation).where(
            Invitation.organization_id == organization_id,
            Invitation.invited_by == user_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        if owners_only:
            statement = statement.where(Invitation.role == "owner")
        await self._session.execute(statement.values(revoked_at=now))

    async def use(self, id: UUID, now: datetime) -> bool:
        """Mark as accepted. False if somebody was faster, or it was revoked."""
        statement = update(Invitation).where(
            Invitation.id == id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
        )
        return (await self._session.execute(statement.values(accepted_at=now))).rowcount == 1


class ApiKeyRepository:
    """Rows of API keys. A key is looked up before there is a scope; everything else names the workspace."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: ApiKey) -> None:
        """Stage a row."""
        self._session.add(row)

    async def find_by_hash(self, secret_hash: str) -> ApiKey | None:
        """The key with this fingerprint, now or before its last rotation; whether it still counts is not asked."""
        statement = select(ApiKey).where(or_(ApiKey.secret_hash == secret_hash, ApiKey.previous_hash == secret_hash))
        return (await self._session.execute(statement)).scalars().first()

    async def find(self, workspace_id: UUID, key_id: UUID) -> ApiKey | None:
        """One of a workspace's keys, or None."""
        statement = select(ApiKey).where(ApiKey.workspace_id == workspace_id, ApiKey.id == key_id)
        return (await self._session.execute(statement)).scalars().first()

    async def list_all(self, workspace_id: UUID) -> list[ApiKey]:
        """A workspace's keys, newest first."""
        statement = select(ApiKey).where(ApiKey.workspace_id == workspace_id).order_by(ApiKey.id.desc())
        return list((await self._session.execute(statement)).scalars().all())

    async def delete(self, row: ApiKey) -> None:
        """Delete a row."""
        await self._session.delete(row)
