"""Organizations, workspaces, and members of the caller's tenant."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from privexbot_app.api.deps import CurrentCaller, CurrentScope, RuntimeDep
from privexbot_app.domains.tenancy.closing import ClosingService, export_workspace
from privexbot_app.domains.tenancy.members import MemberService
from privexbot_app.domains.tenancy.schemas import (
    MemberView,
    NewMember,
    NewWorkspace,
    TenantChange,
    WorkspaceRoleChange,
    WorkspaceView,
)
from privexbot_app.domains.tenancy.service import TenancyService
from privexbot_app.kit.pagination import Page
from privexbot_app.kit.scope import Scope

router = APIRouter(prefix="/api/v1", tags=["workspaces"])


async def scope_in_path(workspace_id: UUID, caller: CurrentCaller, installation: RuntimeDep) -> Scope:
    """The caller's scope in the workspace that the address names, which need not be the session's."""
    async with installation.works.open(None, read_only=True) as work:
        return await TenancyService(work).scope_of_user(caller, workspace_id=workspace_id)


NamedScope = Annotated[Scope, Depends(scope_in_path)]
Confirm = Annotated[str, Query(max_length=64, description="Its slug, typed by the one who deletes.")]


@router.get("/workspaces")
async def list_workspaces(caller: CurrentCaller, installation: RuntimeDep) -> Page[WorkspaceView]:
    """Every workspace that the caller may enter."""
    async with installation.works.open(None, read_only=True) as work:
        organizations = await TenancyService(work).list_organizations(caller.user_id)
    return Page(items=[workspace for organization in organizations for workspace in organization.workspaces])


@router.post("/workspaces", status_code=201)
async def create_workspace(
    body: NewWorkspace, caller: CurrentCaller, scope: CurrentScope, installation: RuntimeDep
) -> WorkspaceView:
    """A new workspace in an organization that the caller manages."""
    async with installation.works.open(None) as work:
        return await TenancyService(work).create_workspace(caller, body, current=scope)


@router.patch("/workspaces/{workspace_id}", status_code=204)
async def change_workspace(body: TenantChange, scope: NamedScope, installation: RuntimeDep) -> None:
    """Give a workspace another name or slug."""
    async with installation.works.open(scope) as work:
        await TenancyService(work).change_workspace(body)


@router.delete("/workspaces/{workspace_id}", status_code=204)
async def delete_workspace(
    workspace_id: UUID, caller: CurrentCaller, installation: RuntimeDep, confirm: Confirm = ""
) -> None:
    """Close a workspace; it is deleted for good after 30 days."""
    async with installation.works.open(None) as work:
        await ClosingService(work, caller).delete_workspace(workspace_id, confirm=confirm)


@router.post("/workspaces/{workspace_id}/restore", status_code=204)
async def restore_workspace(workspace_id: UUID, caller: CurrentCaller, installation: RuntimeDep) -> None:
    """Open a closed workspace again."""
    async with installation.works.open(None) as work:
        await ClosingService(work, caller).restore_workspace(workspace_id)


@router.get("/workspaces/{workspace_id}/export")
async def export(scope: NamedScope, installation: RuntimeDep) -> StreamingResponse:
    """Every row of the workspace as JSON lines, without secrets."""
    scope.require("workspace.manage")
    headers = {"Content-Disposition": 'attachment; filename="workspace.jsonl"'}
    rows = export_workspace(installation.works, scope)
    return StreamingResponse(rows, media_type="application/x-ndjson", headers=headers)


@router.post("/workspaces/{workspace_id}/leave", status_code=204)
async def leave_workspace(scope: NamedScope, installation: RuntimeDep) -> None:
    """Give up the caller's own role in a workspace."""
    async with installation.works.open(scope) as work:
        await MemberService(work).leave_workspace()


@router.get("/workspaces/{workspace_id}/members")
async def list_members(scope: NamedScope, installation: RuntimeDep) -> Page[MemberView]:
    """Everybody who may enter a workspace."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await MemberService(work).list_members())


@router.post("/workspaces/{workspace_id}/members", status_code=201)
async def add_member(body: NewMember, scope: NamedScope, installation: RuntimeDep) -> MemberView:
    """Let a registered user into a workspace."""
    async with installation.works.open(scope) as work:
        return await MemberService(work).add_member(body)


@router.patch("/workspaces/{workspace_id}/members/{user_id}")
async def change_member(
    user_id: UUID, body: WorkspaceRoleChange, scope: NamedScope, installation: RuntimeDep
) -> MemberView:
    """Give a member another role, or one of the organization's own."""
    async with installation.works.open(scope) as work:
        return await MemberService(work).change_member(user_id, body)


@router.delete("/workspaces/{workspace_id}/members/{user_id}", status_code=204)
async def remove_member(user_id: UUID, scope: NamedScope, installation: RuntimeDep) -> None:
    """Take somebody's role in a workspace away."""
    async with installation.works.open(scope) as work:
        await MemberService(work).remove_member(user_id)
