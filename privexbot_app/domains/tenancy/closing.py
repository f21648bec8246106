"""Workspaces come to an end: deleted with a grace period, restored, exported; and what is overdue goes for good."""

import json
from collections.abc import AsyncIterator
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.identity.schemas import Caller
from privexbot_app.domains.identity.service import require_recent_proof
from privexbot_app.domains.tenancy.models import Workspace
from privexbot_app.domains.tenancy.organizations import GRACE, ConfirmationMissingError, OrganizationService
from privexbot_app.domains.tenancy.permissions import WorkspaceRole
from privexbot_app.domains.tenancy.repository import TenancyRepository
from privexbot_app.domains.tenancy.schemas import WorkspaceView
from privexbot_app.domains.tenancy.service import WorkspaceNotFoundError, scope_of_job
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.closing import forget_kept
from privexbot_app.kit.errors import ConflictError
from privexbot_app.kit.exporting import list_exportable, read_table
from privexbot_app.kit.purging import PURGERS
from privexbot_app.kit.scope import Actor, ActorKind, Scope


class ClosingService:
    """Deletes and restores workspaces for the owners and admins of their organization."""

    def __init__(self, work: Work, caller: Caller) -> None:
        self._work = work
        self._caller = caller
        self._rows = TenancyRepository(work.session)

    async def delete_workspace(self, workspace_id: UUID, *, confirm: str) -> None:
        """Close a workspace now and delete it after the grace period. Wants its slug, and a recent proof.

        Raises WorkspaceNotFoundError, ConfirmationMissingError, ConflictError (`last_workspace`).
        """
        workspace = await self._managed(workspace_id)
        if confirm != workspace.slug:
            raise ConfirmationMissingError(workspace.slug)
        require_recent_proof(self._caller)
        await self._rows.lock_organization(workspace.organization_id)
        others = await self._rows.list_workspaces([workspace.organization_id])
        if not any(other.delete_after is None and other.id != workspace.id for other in others):
            raise ConflictError(
                "An organization needs a workspace. Delete the organization instead.", code="last_workspace"
            )
        workspace.delete_after = utc_now() + GRACE
        forget_kept(self._work.works)
        self._record(workspace, "workspace.deleted")

    async def restore_workspace(self, workspace_id: UUID) -> None:
        """Open it again within the grace period."""
        workspace = await self._managed(workspace_id)
        if workspace.delete_after is None:
            raise ConflictError("This workspace is not being deleted.", code="not_deleted")
        workspace.delete_after = None
        forget_kept(self._work.works)
        self._record(workspace, "workspace.restored")

    async def list_deleted(self, organization_id: UUID) -> list[WorkspaceView]:
        """The workspaces that can still be restored. For owners and admins."""
        await OrganizationService(self._work, self._caller).require_managed(organization_id)
        rows = await self._rows.list_workspaces([organization_id])
        return [
            WorkspaceView(
                id=row.id, name=row.name, role=WorkspaceRole.ADMIN, slug=row.slug, delete_after=row.delete_after
            )
            for row in rows
            if row.delete_after is not None
        ]

    async def _managed(self, workspace_id: UUID) -> Workspace:
        workspace = await self._rows.find_workspace(workspace_id)
        if workspace is None:
            raise WorkspaceNotFoundError
        member = await self._rows.find_organization_member(workspace.organization_id, self._caller.user_id)
        if member is None:
            raise WorkspaceNotFoundError
        await OrganizationService(self._work, self._caller).require_managed(workspace.organization_id)
        return workspace

    def _record(self, workspace: Workspace, event: str) -> None:
        actor = Actor(ActorKind.USER, str(self._caller.user_id))
        AuditService(self._work).record_in_organization(
            workspace.organization_id, actor, event, workspace.id, name=workspace.name
        )


async def export_workspace(works: Workshop, scope: Scope) -> AsyncIterator[bytes]:
    """Every row of the workspace as JSON lines, table by table, without secrets. Needs `workspace.manage`.

    Files and vectors are not in it: documents are, as their chunks. The export itself is logged before it begins.
    """
    scope.require("workspace.manage")
    async with works.open(scope) as work:
        AuditService(work).record("workspace.exported", scope.workspace_id)
    for model in list_exportable():
        # A unit of work for each page: nothing is held while the other side reads.
        after: UUID | None = None
        while True:
            async with works.open(scope, read_only=True) as work:
                rows = await read_table(work.session, model, after=after)
            for row in rows:
                yield json.dumps(row, ensure_ascii=False).encode() + b"\n"
            if not rows:
                break
            after = UUID(str(rows[-1]["id"]))


async def purge_overdue(works: Workshop) -> int:
    """Delete for good what was deleted more than the grace period ago. Returns how many workspaces went."""
    now = utc_now()
    async with works.open(None, read_only=True) as work:
        overdue = await TenancyRepository(work.session).list_overdue(now)
    for organization_id, workspace_id in overdue:
        scope = scope_of_job(organization_id, workspace_id, job="tenancy.purge_overdue")
        for purge in PURGERS.values():
            await purge(works, scope)
        await works.plugins.storage.delete_prefix(scope.storage_path())
    async with works.open(None) as work:
        await TenancyRepository(work.session).delete_overdue(now)
    return len(overdue)
