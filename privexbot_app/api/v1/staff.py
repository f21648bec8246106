"""For the operator's own people, whom a setting names. For everybody else nothing is here."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from privexbot_app.api.deps import CurrentCaller, RuntimeDep
from privexbot_app.domains.tenancy.schemas import StaffOrganizationView
from privexbot_app.domains.tenancy.staff import StaffService
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/staff/organizations", tags=["staff"])


@router.get("")
async def search_organizations(
    caller: CurrentCaller,
    installation: RuntimeDep,
    text: Annotated[str, Query(min_length=2, max_length=120, description="Part of the name or the short name.")],
) -> Page[StaffOrganizationView]:
    """Which organizations there are. Each one found has it in its log that it was looked at."""
    async with installation.works.open(None) as work:
        return Page(items=await StaffService(work, caller, installation.staff_emails).search(text))


@router.post("/{organization_id}/close")
async def close_organization(
    organization_id: UUID, caller: CurrentCaller, installation: RuntimeDep
) -> StaffOrganizationView:
    """Close an organization; it is deleted for good after 30 days."""
    async with installation.works.open(None) as work:
        return await StaffService(work, caller, installation.staff_emails).close(organization_id)


@router.post("/{organization_id}/restore")
async def restore_organization(
    organization_id: UUID, caller: CurrentCaller, installation: RuntimeDep
) -> StaffOrganizationView:
    """Open a closed organization again."""
    async with installation.works.open(None) as work:
        return await StaffService(work, caller, installation.staff_emails).restore(organization_id)
