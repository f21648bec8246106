"""The audit log of the caller's workspace: read, export, verify. Nothing changes it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.audit.schemas import AuditFilters, AuditView, ChainView
from privexbot_app.domains.audit.service import AuditService
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/audit-log", tags=["audit log"])

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def audit_filters(
    event: Annotated[str, Query(max_length=100, description="Beginning of the event, such as `member.`.")] = "",
    actor_id: Annotated[str, Query(max_length=100, description="Id of who did it.")] = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> AuditFilters:
    """Which entries."""
    return AuditFilters(event=event, actor_id=actor_id, since=since, until=until)


Filters = Annotated[AuditFilters, Depends(audit_filters)]


@router.get("")
async def list_audit_log(
    scope: CurrentScope, paging: Paging, filters: Filters, installation: RuntimeDep
) -> Page[AuditView]:
    """What was changed in this workspace, and by whom, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await AuditService(work).list_entries(paging, filters)


@router.get("/export")
async def export_audit_log(
    scope: CurrentScope, filters: Filters, installation: RuntimeDep, format: Literal["csv", "json"] = "csv"
) -> Response:
    """The entries as a file. That it was exported is an entry, too."""
    async with installation.works.open(scope) as work:
        text = await AuditService(work).export(format, filters)
    disposition = f'attachment; filename="audit-log.{format}"'
    return Response(text, media_type=MEDIA_TYPES[format], headers={"Content-Disposition": disposition})


@router.get("/verify")
async def verify_audit_log(scope: CurrentScope, installation: RuntimeDep) -> ChainView:
    """Whether the log hangs together, and if not, where it breaks."""
    async with installation.works.open(scope, read_only=True) as work:
        return await AuditService(work).verify()
