"""Rows of organizations, workspaces and memberships."""

from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from privexbot_app.domains.tenancy.models import ApiKey, Organization, OrganizationMember, Workspace, WorkspaceMember
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

    async def find_organization_member(self, organization_id: UUID, user_id: UUID) -> OrganizationMember | None:
        """A user's membership of an organization, or None."""
        statement = select(OrganizationMember).where(
            OrganizationMember.organization_id == organization_id, OrganizationMember.user_id == user_id
        )
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
