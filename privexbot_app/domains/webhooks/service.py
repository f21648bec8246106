"""Where a workspace's events go: subscriptions, their secrets, the log of deliveries. Sends nothing (see `jobs`).

Whoever causes an event calls `emit` in the same unit of work, so that an event is told exactly if it has happened.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import col

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.webhooks.delivering import LEASE, binding_of
from privexbot_app.domains.webhooks.listening import Listening
from privexbot_app.domains.webhooks.models import Webhook, WebhookDelivery
from privexbot_app.domains.webhooks.repository import DeliveryRepository, WebhookRepository
from privexbot_app.domains.webhooks.schemas import (
    TEST_EVENT,
    DeliveryView,
    NewWebhook,
    ShownWebhook,
    WebhookChange,
    WebhookEvent,
    WebhookView,
)
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import ConflictError, NotFoundError
from privexbot_app.kit.http import OutboundPolicy
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.pagination import Page, PageParams
from privexbot_app.kit.webhooks import new_webhook_secret

DELIVER_JOB = "webhooks.deliver"
MOST_WEBHOOKS = 20


class TooManyWebhooksError(ConflictError):
    """A workspace has room for so many."""

    code = "too_many_webhooks"

    def __init__(self) -> None:
        super().__init__(f"A workspace can have {MOST_WEBHOOKS} webhooks. Delete one first.")


class WebhookOffError(ConflictError):
    """Nothing is sent to a webhook that is switched off."""

    code = "webhook_switched_off"

    def __init__(self) -> None:
        super().__init__("This webhook is switched off. Switch it on first.")


async def check_address(works: Workshop, url: str) -> str:
    """The address in normal form. Raises UrlNotAllowedError, HostNotFoundError. Not for inside a unit of work."""
    return await works.plugins.http.check(url, policy=OutboundPolicy.PUBLIC_ONLY)


class WebhookService:
    """The webhooks of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._hooks = work.repository(WebhookRepository)
        self._deliveries = work.repository(DeliveryRepository)

    async def emit(self, event: WebhookEvent, data: Mapping[str, Any]) -> None:
        """Tell every address that listens, after the commit. data: plain JSON."""
        if not await self.is_heard(event):
            return
        event_id, payload = new_id(), _payload(event, data)
        for hook in await self._hooks.list_all():
            if hook.is_enabled and event in hook.events:
                self._queue(hook, event_id, event, payload)

    async def is_heard(self, event: WebhookEvent) -> bool:
        """Whether anybody listens; asks the database once a second at most."""
        workspace_id = self._work.scope.workspace_id
        return event in await self._work.works.own(Listening).get(workspace_id, self._load_events)

    async def list_webhooks(self) -> list[WebhookView]:
        """All of the workspace's. Needs `webhooks.manage`, as everything here."""
        self._work.scope.require("webhooks.manage")
        return [WebhookView.model_validate(row) for row in await self._hooks.list_all()]

    async def create(self, new: NewWebhook) -> ShownWebhook:
        """Listen at an address that `check_address` has passed. Raises TooManyWebhooksError."""
        self._work.scope.require("webhooks.manage")
        if len(await self._hooks.list_all()) >= MOST_WEBHOOKS:
            raise TooManyWebhooksError
        hook = Webhook(
            workspace_id=self._work.scope.workspace_id,
            url=new.url,
            description=new.description.strip(),
            events=list(new.events),
            sealed_secret=b"",
        )
        secret = self._give_secret(self._hooks.add(hook))
        self._forget()
        AuditService(self._work).record("webhook.created", hook.id, url=hook.url, events=hook.events)
        return _shown(hook, secret)

    async def change(self, webhook_id: UUID, change: WebhookChange) -> WebhookView:
        """Change fields. Raises NotFoundError (`webhook_not_found`)."""
        self._work.scope.require("webhooks.manage")
        hook = await self._hooks.get(webhook_id)
        changed = change.model_dump(exclude_none=True)
        if changed.get("is_enabled") and not hook.is_enabled:
            hook.disabled_reason, hook.failing_since = "", None
        for name, value in changed.items():
            setattr(hook, name, value)
        self._forget()
        AuditService(self._work).record("webhook.changed", hook.id, fields=sorted(changed))
        return WebhookView.model_validate(hook)

    async def rotate_secret(self, webhook_id: UUID) -> ShownWebhook:
        """Sign with another secret from now on."""
        self._work.scope.require("webhooks.manage")
        hook = await self._hooks.get(webhook_id)
        secret = self._give_secret(hook)
        AuditService(self._work).record("webhook.secret_rotated", hook.id)
        return _shown(hook, secret)

    async def delete(self, webhook_id: UUID) -> None:
        """Stop telling an address; its log goes, too."""
        self._work.scope.require("webhooks.manage")
        hook = await self._hooks.get(webhook_id)
        await self._hooks.delete(hook.id)
        self._forget()
        AuditService(self._work).record("webhook.deleted", hook.id, url=hook.url)

    async def send_test(self, webhook_id: UUID) -> DeliveryView:
        """Send an event that means nothing. Raises WebhookOffError."""
        hook = await self._enabled(webhook_id)
        return self._queue(hook, new_id(), TEST_EVENT, _payload(TEST_EVENT, {"message": "It works."}))

    async def list_deliveries(self, webhook_id: UUID, params: PageParams) -> Page[DeliveryView]:
        """The log of a webhook, newest first; entries are kept for 30 days."""
        self._work.scope.require("webhooks.manage")
        hook = await self._hooks.get(webhook_id)
        page = await self._deliveries.page(params, col(WebhookDelivery.webhook_id) == hook.id)
        return Page(items=[DeliveryView.model_validate(row) for row in page.items], next_cursor=page.next_cursor)

    async def replay(self, webhook_id: UUID, delivery_id: UUID) -> DeliveryView:
        """Send an event once more, under its old id. Raises WebhookOffError, NotFoundError (`delivery_not_found`)."""
        hook = await self._enabled(webhook_id)
        old = await self._deliveries.get(delivery_id)
        if old.webhook_id != hook.id:
            raise NotFoundError("There is no such delivery.", code="delivery_not_found")
        AuditService(self._work).record("webhook.replayed", hook.id, delivery_id=str(old.id))
        return self._queue(hook, old.event_id, old.event, dict(old.payload))

    async def _enabled(self, webhook_id: UUID) -> Webhook:
        self._work.scope.require("webhooks.manage")
        hook = await self._hooks.get(webhook_id)
        if not hook.is_enabled:
            raise WebhookOffError
        return hook

    async def _load_events(self) -> frozenset[str]:
        return frozenset(event for hook in await self._hooks.list_all() if hook.is_enabled for event in hook.events)

    def _queue(self, hook: Webhook, event_id: UUID, event: str, payload: dict[str, Any]) -> DeliveryView:
        delivery = WebhookDelivery(
            workspace_id=hook.workspace_id,
            webhook_id=hook.id,
            event_id=event_id,
            event=event,
            payload=payload,
            next_at=utc_now() + LEASE,
        )
        self._deliveries.add(delivery)
        self._work.record_job(DELIVER_JOB, delivery_id=str(delivery.id))
        return DeliveryView.model_validate(delivery)

    def _give_secret(self, hook: Webhook) -> str:
        secret = new_webhook_secret()
        hook.sealed_secret = self._work.plugins.keys.seal(secret, bound_to=binding_of(hook.id))
        return secret

    def _forget(self) -> None:
        self._work.works.own(Listening).forget(self._work.scope.workspace_id)


def _payload(event: str, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": event, "timestamp": utc_now().isoformat(), "data": dict(data)}


def _shown(hook: Webhook, secret: str) -> ShownWebhook:
    return ShownWebhook(**WebhookView.model_validate(hook).model_dump(), secret=secret)
