"""Retention by the clock."""

from privexbot_app.domains.privacy.keeping import enforce_retention
from privexbot_app.domains.privacy.repository import list_deciding_workspaces
from privexbot_app.domains.tenancy.service import find_job_scope
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.schedules import schedule


@schedule("privacy.enforce_retention", every_seconds=24 * 3600)
async def enforce_everywhere(works: Workshop) -> None:
    """Delete what workspaces keep no longer."""
    async with works.open(SystemScope("find workspaces that keep things for a time"), read_only=True) as work:
        workspaces = await list_deciding_workspaces(work.session)
    for workspace_id in workspaces:
        scope = await find_job_scope(works, workspace_id, job="privacy.enforce_retention")
        if scope is not None:
            await enforce_retention(works, scope)
