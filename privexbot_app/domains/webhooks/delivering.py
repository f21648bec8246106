"""One attempt to bring an event to its address, and what follows from how it went.

Retries come after growing pauses, about a day and a half in all. An address that answers 410 wants nothing more; one
that has failed for five days is switched off, and says why.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.webhooks.listening import Listening
from privexbot_app.domains.webhooks.models import Webhook, WebhookDelivery
from privexbot_app.domains.webhooks.repository import DeliveryRepository, WebhookRepository
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.http import FetchedResponse, OutboundPolicy
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.webhooks import sign_webhook

log = get_logger(__name__)

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 60, 300, 1800, 7200, 18_000, 36_000, 54_000))
PATIENCE = timedelta(days=5)
LEASE = timedelta(minutes=5)
"""After this, an attempt that nobody has finished is begun by somebody else."""
TIMEOUT_SECONDS = 15
MOST_BYTES = 64_000
GONE = 410


@dataclass(frozen=True)
class _Parcel:
    url: str
    secret: str
    event_id: UUID
    content: bytes


@dataclass(frozen=True)
class Outcome:
    """How an attempt went. status_code: None without an answer; error: a sentence, empty for a good answer."""

    status_code: int | None
    error: str
    duration_ms: int

    @property
    def is_good(self) -> bool:
        """Whether the other side has taken the event."""
        return not self.error


async def deliver(works: Workshop, scope: Scope, delivery_id: UUID) -> None:
    """Try once, unless it is over or the webhook is off. A job may run twice; the other side can tell by the id."""
    async with works.open(scope, read_only=True) as work:
        parcel = await _load(work, delivery_id)
    if parcel is None:
        return
    outcome = await _send(works, parcel)
    async with works.open(scope) as work:
        await _keep(work, delivery_id, outcome)


async def _load(work: Work, delivery_id: UUID) -> _Parcel | None:
    delivery = await work.repository(DeliveryRepository).find(delivery_id)
    if delivery is None or delivery.status != "pending":
        return None
    webhook = await work.repository(WebhookRepository).get(delivery.webhook_id)
    if not webhook.is_enabled:
        return None
    secret = work.plugins.keys.open(webhook.sealed_secret, bound_to=binding_of(webhook.id))
    content = json.dumps(delivery.payload, ensure_ascii=False).encode()
    return _Parcel(webhook.url, secret, delivery.event_id, content)


async def _send(works: Workshop, parcel: _Parcel) -> Outcome:
    headers = {"content-type": "application/json", "accept": "*/*"}
    headers |= sign_webhook(parcel.secret, str(parcel.event_id), int(utc_now().timestamp()), parcel.content)
    begun = perf_counter()
    try:
        answer = await works.plugins.http.fetch(
            parcel.url,
            policy=OutboundPolicy.PUBLIC_ONLY,
            method="POST",
            headers=headers,
            content=parcel.content,
            max_bytes=MOST_BYTES,
            timeout_seconds=TIMEOUT_SECONDS,
        )
    except PrivexError as error:
        return Outcome(None, error.message, _milliseconds(begun))
    return Outcome(answer.status, _problem_of(parcel, answer), _milliseconds(begun))


def _problem_of(parcel: _Parcel, answer: FetchedResponse) -> str:
    if answer.final_url != parcel.url:
        return "The address sends its callers elsewhere. Enter the address where events arrive."
    return "" if 200 <= answer.status < 300 else f"The address answered with status {answer.status}."


async def _keep(work: Work, delivery_id: UUID, outcome: Outcome) -> None:
    delivery = await work.repository(DeliveryRepository).find(delivery_id)
    if delivery is None or delivery.status != "pending":
        return
    webhook = await work.repository(WebhookRepository).get(delivery.webhook_id)
    now = utc_now()
    delivery.attempts += 1
    delivery.status_code, delivery.error, delivery.duration_ms = outcome.status_code, outcome.error, outcome.duration_ms
    delivery.next_at = next_attempt(delivery, outcome, now=now)
    if delivery.next_at is None:
        delivery.status = "delivered" if outcome.is_good else "failed"
    if outcome.is_good:
        webhook.failing_since = None
        return
    log.info("webhook.failed", webhook_id=webhook.id, attempts=delivery.attempts, status=outcome.status_code)
    webhook.failing_since = webhook.failing_since or now
    if outcome.status_code == GONE:
        _switch_off(work, webhook, "The address answered that it is gone for good (410).")
    elif now - webhook.failing_since >= PATIENCE:
        _switch_off(work, webhook, f"Nothing has arrived since {webhook.failing_since:%-d %B %Y}. {outcome.error}")


def next_attempt(delivery: WebhookDelivery, outcome: Outcome, *, now: datetime) -> datetime | None:
    """When to try again after the attempt that was just counted; None when it is over."""
    if outcome.is_good or outcome.status_code == GONE or delivery.attempts > len(PAUSES):
        return None
    return now + PAUSES[delivery.attempts - 1]


def binding_of(webhook_id: UUID) -> str:
    """What a secret is sealed to."""
    return f"webhook:{webhook_id}"


def _switch_off(work: Work, webhook: Webhook, reason: str) -> None:
    webhook.is_enabled, webhook.disabled_reason = False, reason
    work.works.own(Listening).forget(webhook.workspace_id)
    AuditService(work).record("webhook.switched_off", webhook.id, reason=reason)


def _milliseconds(begun: float) -> int:
    return round((perf_counter() - begun) * 1000)
