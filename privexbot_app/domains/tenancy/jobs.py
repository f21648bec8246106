"""Upkeep by the clock: of drafts, whose scope is made here of the ids they were saved with; and of what was deleted."""

from functools import partial

from privexbot_app.domains.tenancy.closing import purge_overdue
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.schedules import schedule


@schedule("drafts.snapshot", every_seconds=10)
async def snapshot_drafts(works: Workshop) -> None:
    """Copy drafts that were saved since the last round to the database, so that losing Redis costs seconds."""
    await works.drafts.snapshot_dirty(partial(scope_of_job, job="drafts.snapshot"))


@schedule("drafts.forget_expired", every_seconds=3600)
async def forget_expired_drafts(works: Workshop) -> None:
    """Delete the copies of drafts that nobody has saved for a day."""
    await works.drafts.forget_expired()


@schedule("tenancy.purge_overdue", every_seconds=3600)
async def purge_what_is_overdue(works: Workshop) -> None:
    """Delete for good what was deleted a grace period ago."""
    await purge_overdue(works)
