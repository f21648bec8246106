"""Webhooks: where the workspace's events are sent, and the log of what arrived."""

from uuid import UUID

from fastapi import APIRouter

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.webhooks.schemas import (
    WEBHOOK_EVENTS,
    DeliveryView,
    NewWebhook,
    ShownWebhook,
    WebhookChange,
    WebhookView,
)
from privexbot_app.domains.webhooks.service import WebhookService, check_address
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])


@router.get("")
async def list_webhooks(scope: CurrentScope, installation: RuntimeDep) -> Page[WebhookView]:
    """The workspace's webhooks, oldest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await WebhookService(work).list_webhooks())


@router.get("/events")
async def list_events(scope: CurrentScope) -> list[str]:
    """What may be listened to."""
    scope.require("webhooks.manage")
    return list(WEBHOOK_EVENTS)


@router.post("", status_code=201)
async def create_webhook(body: NewWebhook, scope: CurrentScope, installation: RuntimeDep) -> ShownWebhook:
    """Listen at an address. The secret that signs what is sent is in this answer and nowhere else."""
    scope.require("webhooks.manage")
    url = await check_address(installation.works, body.url)
    async with installation.works.open(scope) as work:
        return await WebhookService(work).create(body.model_copy(update={"url": url}))


@router.patch("/{webhook_id}")
async def change_webhook(
    webhook_id: UUID, body: WebhookChange, scope: CurrentScope, installation: RuntimeDep
) -> WebhookView:
    """Change the address, the events, or switch it off and on."""
    scope.require("webhooks.manage")
    if body.url is not None:
        body = body.model_copy(update={"url": await check_address(installation.works, body.url)})
    async with installation.works.open(scope) as work:
        return await WebhookService(work).change(webhook_id, body)


@router.delete("/{webhook_id}", status_code=204)
async def delete_webhook(webhook_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Delete a webhook with its log."""
    async with installation.works.open(scope) as work:
        await WebhookService(work).delete(webhook_id)


@router.post("/{webhook_id}/secret")
async def rotate_secret(webhook_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> ShownWebhook:
    """Sign with another secret from now on."""
    async with installation.works.open(scope) as work:
        return await WebhookService(work).rotate_secret(webhook_id)


@router.post("/{webhook_id}/test", status_code=202)
async def send_test(webhook_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> DeliveryView:
    """Send a test event; the log tells how it went."""
    async with installation.works.open(scope) as work:
        return await WebhookService(work).send_test(webhook_id)


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    webhook_id: UUID, scope: CurrentScope, paging: Paging, installation: RuntimeDep
) -> Page[DeliveryView]:
    """What was sent there, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await WebhookService(work).list_deliveries(webhook_id, paging)


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", status_code=202)
async def replay(webhook_id: UUID, delivery_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> DeliveryView:
    """Send an event once more; its id stays the same."""
    async with installation.works.open(scope) as work:
        return await WebhookService(work).replay(webhook_id, delivery_id)
