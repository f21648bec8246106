"""Rows of webhooks and their deliveries."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from privexbot_app.domains.webhooks.models import Webhook, WebhookDelivery
from privexbot_app.kit.repository import TenantRepository


class WebhookRepository(TenantRepository[Webhook]):
    """Webhooks of one workspace."""

    model = Webhook
    noun = "webhook"

    async def list_all(self) -> Sequence[Webhook]:
        """Every webhook, oldest first; a workspace has few."""
        return await self.all(self.query().order_by(col(Webhook.id)))


class DeliveryRepository(TenantRepository[WebhookDelivery]):
    """Deliveries of one workspace."""

    model = WebhookDelivery
    noun = "delivery"


async def list_due(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[tuple[UUID, UUID]]:
    """(workspace, delivery) of what is to be tried again. For the clock alone, which crosses tenants."""
    statement = select(WebhookDelivery.workspace_id, WebhookDelivery.id).where(
        col(WebhookDelivery.status) == "pending", col(WebhookDelivery.next_at) <= now
    )
    rows = await session.execute(statement.order_by(col(WebhookDelivery.next_at)).limit(limit))
    return [(workspace_id, id) for workspace_id, id in rows]


async def delete_over(session: AsyncSession, *, before: datetime) -> None:
    """Delete old entries of the log that nobody waits for. For the clock alone, which crosses tenants."""
    old = col(WebhookDelivery.created_at) < before, col(WebhookDelivery.status) != "pending"
    await session.execute(delete(WebhookDelivery).where(*old))
