"""Retention by the clock."""

from privexbot_app.domains.privacy.keeping import enforce_retention
from privexbot_app.domains.privacy.repository import list_deciding_workspaces
from privexbot_app.domains.tenancy.service import TenancyService, WorkspaceNotFoundError, scope_of_job
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.schedules import schedule


@schedule("privacy.enforce_retention", every_seconds=24 * 3600)
async def enforce_everywhere(works: Workshop) -> None:
    """Delete what workspaces keep no longer."""
    async with works.open(SystemScope("find workspaces that keep things for a time"), read_only=True) as work:
        workspaces = await list_deciding_workspaces(work.session)
    for workspace_id in workspaces:
        async with works.open(None, read_only=True) as work:
            try:
                organization_id = await TenancyService(work).organization_of(workspace_id)
            except WorkspaceNotFoundError:
                continue  # deleted meanwhile
        await enforce_retention(works, scope_of_job(organization_id, workspace_id, job="privacy.enforce_retention"))
