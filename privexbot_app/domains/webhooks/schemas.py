"""What other rooms and the doors see of webhooks."""

from datetime import datetime
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

WebhookEvent = Literal[
    "conversation.started",
    "conversation.handed_off",
    "message.answered",
    "lead.captured",
    "lead.updated",
    "feedback.given",
]
"""What may be listened to. `webhook.test` is sent by the button alone."""
WEBHOOK_EVENTS: tuple[str, ...] = get_args(WebhookEvent)
TEST_EVENT = "webhook.test"

Address = Annotated[str, Field(min_length=8, max_length=2000)]


class NewWebhook(BaseModel):
    """An address and what it wants to hear of."""

    url: Address
    description: str = Field("", max_length=200)
    events: list[WebhookEvent] = Field(min_length=1, max_length=len(WEBHOOK_EVENTS))

    @field_validator("events")
    @classmethod
    def _once_each(cls, events: list[WebhookEvent]) -> list[WebhookEvent]:
        return list(dict.fromkeys(events))


class WebhookChange(BaseModel):
    """Fields to change; what is left out stays. is_enabled: switching on forgets why it was switched off."""

    url: Address | None = None
    description: str | None = Field(None, max_length=200)
    events: list[WebhookEvent] | None = Field(None, min_length=1, max_length=len(WEBHOOK_EVENTS))
    is_enabled: bool | None = None


class WebhookView(BaseModel):
    """A webhook without its secret. failing_since: since when nothing has arrived there."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    url: str
    description: str
    events: list[str]
    is_enabled: bool
    disabled_reason: str
    failing_since: datetime | None
    created_at: datetime


class ShownWebhook(WebhookView):
    """A webhook with its secret, told this once."""

    secret: str


class DeliveryView(BaseModel):
    """What became of one event at one address. status: pending, delivered or failed."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    webhook_id: UUID
    event_id: UUID
    event: str
    payload: dict[str, Any]
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    next_at: datetime | None
    status_code: int | None
    error: str
    duration_ms: int
    created_at: datetime
