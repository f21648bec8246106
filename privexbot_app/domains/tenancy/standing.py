"""What a user may do in a workspace, as their rows say it now."""

from uuid import UUID

from privexbot_app.domains.tenancy.models import CustomRole, Workspace, WorkspaceMember
from privexbot_app.domains.tenancy.permissions import ADMIN, MANAGES_ORGANIZATION, PERMISSIONS, WorkspaceRole
from privexbot_app.domains.tenancy.repository import TenancyRepository


async def find_living(rows: TenancyRepository, workspace_id: UUID) -> Workspace | None:
    """The workspace, unless it or its organization is missing or being deleted."""
    workspace = await rows.find_workspace(workspace_id)
    if workspace is None or workspace.delete_after is not None:
        return None
    organization = await rows.find_organization(workspace.organization_id)
    return workspace if organization is not None and organization.delete_after is None else None


async def permissions_in(rows: TenancyRepository, workspace: Workspace, user_id: UUID) -> frozenset[str] | None:
    """A user's permissions in a workspace, or None for those who may not enter."""
    member = await rows.find_organization_member(workspace.organization_id, user_id)
    if member is None:
        return None
    if member.role in MANAGES_ORGANIZATION:
        return PERMISSIONS[WorkspaceRole.ADMIN]
    row = await rows.find_workspace_member(workspace.id, user_id)
    return await permissions_of_member(rows, row) if row else None


async def permissions_of_member(rows: TenancyRepository, row: WorkspaceMember) -> frozenset[str]:
    """What a membership of a workspace allows."""
    custom = await rows.get_role(row.custom_role_id) if row.custom_role_id else None
    return permissions_of(WorkspaceRole(row.role), custom)


def permissions_of(role: WorkspaceRole, custom: CustomRole | None) -> frozenset[str]:
    """What a role may do; a role of the organization's own stands in place of it."""
    return frozenset(custom.permissions) & ADMIN if custom else PERMISSIONS[role]
