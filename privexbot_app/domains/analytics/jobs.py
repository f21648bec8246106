"""Days that are over are counted by the clock, workspace by workspace."""

from privexbot_app.domains.analytics.service import AnalyticsService
from privexbot_app.domains.conversations.figures import list_talking_workspaces
from privexbot_app.domains.tenancy.service import find_job_scope
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.jobs import job
from privexbot_app.kit.schedules import schedule
from privexbot_app.kit.scope import Scope


@schedule("analytics.roll_up", every_seconds=3600)
async def roll_up_everywhere(works: Workshop) -> None:
    """Have every workspace's finished days counted; those that are counted already cost one query."""
    async with works.open(SystemScope("find workspaces whose days are to be counted"), read_only=True) as work:
        workspaces = await list_talking_workspaces(work.session)
    for workspace_id in workspaces:
        scope = await find_job_scope(works, workspace_id, job="analytics.roll_up")
        if scope is None:
            continue
        async with works.open(scope) as work:
            if await AnalyticsService(work).next_days(utc_now().date()):
                work.record_job("analytics.roll_up")


@job("analytics.roll_up", queue="ingest", timeout_seconds=3600)
async def roll_up(works: Workshop, scope: Scope) -> None:
    """Count the days that are over, one at a time, so that a job that breaks off goes on where it was."""
    async with works.open(scope, read_only=True) as work:
        days = await AnalyticsService(work).next_days(utc_now().date())
    for day in days:
        async with works.open(scope) as work:
            await AnalyticsService(work).roll_up(day)
