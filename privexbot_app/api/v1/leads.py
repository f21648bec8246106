"""Contacts that visitors have left, and what the team does with them."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.leads.schemas import (
    LeadChange,
    LeadCount,
    LeadDetail,
    LeadFilters,
    LeadSettingsView,
    LeadView,
    NewNote,
)
from privexbot_app.domains.leads.working import LeadDesk, export_leads
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/leads", tags=["leads"])

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


async def lead_filters(
    text: Annotated[str, Query(max_length=200, description="Words in any field.")] = "",
    status: Annotated[str, Query(max_length=40)] = "",
    owner_id: UUID | None = None,
    bot_id: UUID | None = None,
    channel: Annotated[str, Query(max_length=40)] = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> LeadFilters:
    """Which leads."""
    return LeadFilters(
        text=text, status=status, owner_id=owner_id, bot_id=bot_id, channel=channel, since=since, until=until
    )


Filters = Annotated[LeadFilters, Depends(lead_filters)]


@router.get("")
async def list_leads(scope: CurrentScope, paging: Paging, filters: Filters, installation: RuntimeDep) -> Page[LeadView]:
    """Leads of this workspace, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await LeadDesk(work).list_leads(paging, filters)


@router.get("/window")
async def list_window(
    scope: CurrentScope,
    filters: Filters,
    installation: RuntimeDep,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> Page[LeadView]:
    """Leads from a position in the list on, for lists that are scrolled by a bar."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await LeadDesk(work).list_window(offset, limit, filters))


@router.get("/count")
async def count_leads(scope: CurrentScope, filters: Filters, installation: RuntimeDep) -> Page[LeadCount]:
    """How many there are in each stage, in the order of the pipeline."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await LeadDesk(work).count(filters))


@router.get("/export", response_class=StreamingResponse)
async def export(
    scope: CurrentScope, filters: Filters, installation: RuntimeDep, format: Literal["csv", "json"] = "csv"
) -> StreamingResponse:
    """The leads as a file. That they were exported is an entry of the audit log."""
    scope.require("conversations.read")
    pieces = export_leads(installation.works, scope, filters, format)
    headers = {"Content-Disposition": f'attachment; filename="leads.{format}"'}
    return StreamingResponse(pieces, media_type=MEDIA_TYPES[format], headers=headers)


@router.get("/settings")
async def get_settings(scope: CurrentScope, installation: RuntimeDep) -> LeadSettingsView:
    """The stages of the pipeline and the workspace's own fields."""
    async with installation.works.open(scope, read_only=True) as work:
        return await LeadDesk(work).get_settings()


@router.put("/settings")
async def set_settings(body: LeadSettingsView, scope: CurrentScope, installation: RuntimeDep) -> LeadSettingsView:
    """Replace the stages and the fields; a stage that leads are in cannot go."""
    async with installation.works.open(scope) as work:
        return await LeadDesk(work).set_settings(body)


@router.get("/{lead_id}")
async def get_lead(lead_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> LeadDetail:
    """A lead with its timeline."""
    async with installation.works.open(scope, read_only=True) as work:
        return await LeadDesk(work).get_lead(lead_id)


@router.patch("/{lead_id}")
async def change_lead(lead_id: UUID, body: LeadChange, scope: CurrentScope, installation: RuntimeDep) -> LeadDetail:
    """Change fields, stage and owner."""
    async with installation.works.open(scope) as work:
        return await LeadDesk(work).change(lead_id, body)


@router.post("/{lead_id}/notes", status_code=201)
async def add_note(lead_id: UUID, body: NewNote, scope: CurrentScope, installation: RuntimeDep) -> LeadDetail:
    """Write something down."""
    async with installation.works.open(scope) as work:
        return await LeadDesk(work).add_note(lead_id, body)


@router.delete("/{lead_id}", status_code=204)
async def delete_lead(lead_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Forget a lead."""
    async with installation.works.open(scope) as work:
        await LeadDesk(work).delete(lead_id)
