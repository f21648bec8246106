"""Deliveries: at once after the event, again when they are due, and out of the log when they are old."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from privexbot_app.domains.tenancy.service import find_job_scope
from privexbot_app.domains.webhooks.delivering import LEASE, binding_of, deliver
from privexbot_app.domains.webhooks.models import Webhook
from privexbot_app.domains.webhooks.repository import DeliveryRepository, delete_over, list_due
from privexbot_app.domains.webhooks.service import DELIVER_JOB
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.jobs import job
from privexbot_app.kit.rotation import resealer
from privexbot_app.kit.schedules import schedule
from privexbot_app.kit.scope import Scope

LOG_LIFE = timedelta(days=30)
MOST_AT_ONCE = 500


@job(DELIVER_JOB, queue="fast", timeout_seconds=60, retries=0)
async def deliver_event(works: Workshop, scope: Scope, *, delivery_id: str) -> None:
    """Try once; the next attempt is the clock's."""
    await deliver(works, scope, UUID(delivery_id))


@schedule("webhooks.deliver_due", every_seconds=5)
async def deliver_due(works: Workshop) -> None:
    """Queue what is to be tried again, and what the queue has lost."""
    async with works.open(SystemScope("find webhooks to deliver again"), read_only=True) as work:
        due = await list_due(work.session, now=utc_now(), limit=MOST_AT_ONCE)
    for workspace_id, delivery_id in due:
        scope = await find_job_scope(works, workspace_id, job=DELIVER_JOB)
        if scope is None:
            continue
        async with works.open(scope) as work:
            delivery = await work.repository(DeliveryRepository).find(delivery_id)
            if delivery is None or delivery.status != "pending":
                continue
            delivery.next_at = utc_now() + LEASE
            work.record_job(DELIVER_JOB, delivery_id=str(delivery_id))


@schedule("webhooks.forget_old", every_seconds=24 * 3600)
async def forget_old(works: Workshop) -> None:
    """Delete old entries of the log."""
    async with works.open(SystemScope("forget old deliveries of webhooks")) as work:
        await delete_over(work.session, before=utc_now() - LOG_LIFE)


@resealer("secrets of webhooks")
async def reseal_webhook_secrets(works: Workshop) -> int:
    """Seal every webhook's secret by the present key. Returns how many needed it."""
    resealed = 0
    async with works.open(SystemScope("seal webhooks' secrets with the present secret")) as work:
        for row in (await work.session.execute(select(Webhook))).scalars():
            if fresh := works.plugins.keys.reseal(row.sealed_secret, bound_to=binding_of(row.id)):
                row.sealed_secret, resealed = fresh, resealed + 1
    return resealed
