"""Organizations of the caller: members, roles, their log, and their end. Invitations are in a module of their own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from privexbot_app.api.deps import CurrentCaller, RuntimeDep
from privexbot_app.api.v1.audit_log import Filters
from privexbot_app.domains.audit.schemas import AuditView, ChainView
from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.domains.tenancy.schemas import (
    NewOrganization,
    NewRole,
    OrganizationMemberView,
    OrganizationRoleChange,
    OrganizationView,
    RoleView,
    TenantChange,
    Transfer,
)
from privexbot_app.domains.tenancy.service import TenancyService
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/organizations", tags=["organizations"])


@router.get("")
async def list_organizations(caller: CurrentCaller, installation: RuntimeDep) -> Page[OrganizationView]:
    """The caller's organizations with the workspaces that they may enter."""
    async with installation.works.open(None, read_only=True) as work:
        return Page(items=await TenancyService(work).list_organizations(caller.user_id))


@router.post("", status_code=201)
async def create_organization(
    body: NewOrganization, caller: CurrentCaller, installation: RuntimeDep
) -> OrganizationView:
    """A further organization, which the caller owns."""
    async with installation.works.open(None) as work:
        return await OrganizationService(work, caller).create(body)


@router.get("/{organization_id}")
async def get_organization(organization_id: UUID, caller: CurrentCaller, installation: RuntimeDep) -> OrganizationView:
    """One of the caller's organizations."""
    async with installation.works.open(None, read_only=True) as work:
        return await OrganizationService(work, caller).get(organization_id)


@router.patch("/{organization_id}")
async def change_organization(
    organization_id: UUID, body: TenantChange, caller: CurrentCaller, installation: RuntimeDep
) -> OrganizationView:
    """Another name or slug."""
    async with installation.works.open(None) as work:
        return await OrganizationService(work, caller).change(organization_id, body)


@router.delete("/{organization_id}")
async def delete_organization(
    organization_id: UUID,
    caller: CurrentCaller,
    installation: RuntimeDep,
    confirm: Annotated[str, Query(max_length=64, description="Its slug, typed by the one who deletes.")] = "",
) -> OrganizationView:
    """Close an organization; it is deleted for good after 30 days. For owners."""
    async with installation.works.open(None) as work:
        return await OrganizationService(work, caller).delete(organization_id, confirm=confirm)


@router.post("/{organization_id}/restore")
async def restore_organization(
    organization_id: UUID, caller: CurrentCaller, installation: RuntimeDep
) -> OrganizationView:
    """Open a closed organization again. For owners."""
    async with installation.works.open(None) as work:
        return await OrganizationService(work, caller).restore(organization_id)


@router.post("/{organization_id}/transfer", status_code=204)
async def transfer_organization(
    organization_id: UUID, body: Transfer, caller: CurrentCaller, installation: RuntimeDep
) -> None:
    """Make a member an owner, and the caller an admin. For owners."""
    async with installation.works.open(None) as work:
        await OrganizationService(work, caller).transfer(organization_id, body.user_id)


@router.post("/{organization_id}/leave", status_code=204)
async def leave_organization(organization_id: UUID, caller: CurrentCaller, installation: RuntimeDep) -> None:
    """Go. The last owner cannot."""
    async with installation.works.open(None) as work:
        await OrganizationService(work, caller).leave(organization_id)


@router.get("/{organization_id}/members")
async def list_organization_members(
    organization_id: UUID, caller: CurrentCaller, installation: RuntimeDep
) -> Page[OrganizationMemberView]:
    """Everybody in the organization."""
    async with installation.works.open(None, read_only=True) as work:
        return Page(items=await OrganizationService(work, caller).list_members(organization_id))


@router.patch("/{organization_id}/members/{user_id}", status_code=204)
async def change_organization_member(
    organization_id: UUID, user_id: UUID, body: OrganizationRoleChange, caller: CurrentCaller, installation: RuntimeDep
) -> None:
    """Make a member something else."""
    async with installation.works.open(None) as work:
        await OrganizationService(work, caller).change_role(organization_id, user_id, body.role)


@router.delete("/{organization_id}/members/{user_id}", status_code=204)
async def remove_organization_member(
    organization_id: UUID, user_id: UUID, caller: CurrentCaller, installation: RuntimeDep
) -> None:
    """Take somebody out of the organization and all its workspaces."""
    async with installation.works.open(None) as work:
        await OrganizationService(work, caller).remove_member(organization_id, user_id)


@router.get("/{organization_id}/roles")
async def list_roles(organization_id: UUID, caller: CurrentCaller, installation: RuntimeDep) -> Page[RoleView]:
    """The sets of permissions that the organization has made for itself."""
    async with installation.works.open(None, read_only=True) as work:
        return Page(items=await OrganizationService(work, caller).list_roles(organization_id))


@router.post("/{organization_id}/roles", status_code=201)
async def create_role(
    organization_id: UUID, body: NewRole, caller: CurrentCaller, installation: RuntimeDep
) -> RoleView:
    """A set of permissions under a name."""
    async with installation.works.open(None) as work:
        return await OrganizationService(work, caller).create_role(organization_id, body)


@router.put("/{organization_id}/roles/{role_id}")
async def change_role(
    organization_id: UUID, role_id: UUID, body: NewRole, caller: CurrentCaller, installation: RuntimeDep
) -> RoleView:
    """Other permissions; they hold at once for all who have the role."""
    async with installation.works.open(None) as work:
        return await OrganizationService(work, caller).change_role_set(organization_id, role_id, body)


@router.delete("/{organization_id}/roles/{role_id}", status_code=204)
async def delete_role(organization_id: UUID, role_id: UUID, caller: CurrentCaller, installation: RuntimeDep) -> None:
    """Forget a role that nobody has."""
    async with installation.works.open(None) as work:
        await OrganizationService(work, caller).delete_role(organization_id, role_id)


@router.get("/{organization_id}/audit-log")
async def list_organization_log(
    organization_id: UUID, filters: Filters, caller: CurrentCaller, installation: RuntimeDep
) -> Page[AuditView]:
    """What was changed in the organization itself: members, roles, invitations, workspaces. The newest 200."""
    async with installation.works.open(None, read_only=True) as work:
        return Page(items=await OrganizationService(work, caller).list_log(organization_id, filters))


@router.get("/{organization_id}/audit-log/verify")
async def verify_organization_log(organization_id: UUID, caller: CurrentCaller, installation: RuntimeDep) -> ChainView:
    """Whether that log hangs together, and if not, where it breaks."""
    async with installation.works.open(None, read_only=True) as work:
        return await OrganizationService(work, caller).verify_log(organization_id)
