"""Contacts that visitors have left."""

from fastapi import APIRouter

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.leads.schemas import LeadView
from privexbot_app.domains.leads.service import LeadService
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/leads", tags=["leads"])


@router.get("")
async def list_leads(scope: CurrentScope, paging: Paging, installation: RuntimeDep) -> Page[LeadView]:
    """Leads of this workspace, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await LeadService(work).list_leads(paging)
