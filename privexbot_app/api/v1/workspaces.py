"""Organizations, workspaces, and members of the caller's tenant."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from privexbot_app.api.deps import CurrentCaller, CurrentScope, RuntimeDep
from privexbot_app.domains.tenancy.schemas import (
    MemberView,
    NewMember,
    NewName,
    NewWorkspace,
    OrganizationView,
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


@router.get("/organizations")
async def list_organizations(caller: CurrentCaller, installation: RuntimeDep) -> Page[OrganizationView]:
    """The caller's organizations with the workspaces that they may enter."""
    async with installation.works.open(None, read_only=True) as work:
        return Page(items=await TenancyService(work).list_organizations(caller.user_id))


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
async def rename_workspace(body: NewName, scope: NamedScope, installation: RuntimeDep) -> None:
    """Rename a workspace."""
    async with installation.works.open(scope) as work:
        await TenancyService(work).rename_workspace(body.name)


@router.get("/workspaces/{workspace_id}/members")
async def list_members(scope: NamedScope, installation: RuntimeDep) -> Page[MemberView]:
    """Everybody who may enter a workspace."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await TenancyService(work).list_members())


@router.post("/workspaces/{workspace_id}/members", status_code=201)
async def add_member(body: NewMember, scope: NamedScope, installation: RuntimeDep) -> MemberView:
    """Let a registered user into a workspace."""
    async with installation.works.open(scope) as work:
        return await TenancyService(work).add_member(body)


@router.delete("/workspaces/{workspace_id}/members/{user_id}", status_code=204)
async def remove_member(user_id: UUID, scope: NamedScope, installation: RuntimeDep) -> None:
    """Take somebody's role in a workspace away."""
    async with installation.works.open(scope) as work:
        await TenancyService(work).remove_member(user_id)
