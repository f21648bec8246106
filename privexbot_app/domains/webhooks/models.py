"""Tables of webhooks: where events go, and what became of each delivery."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, LargeBinary, Text
from sqlmodel import Field

from privexbot_app.kit.database import WorkspaceModel, moment, parent_key, workspace_table


class Webhook(WorkspaceModel, table=True):
    """An address that wants to hear of events. sealed_secret: signs what is sent.

    failing_since: the first failure after the last success. disabled_reason: why we have stopped sending by ourselves.
    """

    __tablename__ = "webhook"
    __table_args__ = workspace_table()

    url: str
    description: str = ""
    events: list[str] = Field(sa_column=Column(JSON, nullable=False))
    sealed_secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    is_enabled: bool = True
    disabled_reason: str = ""
    failing_since: datetime | None = moment(default=None, nullable=True)


class WebhookDelivery(WorkspaceModel, table=True):
    """One event for one address. event_id: the same for every attempt and replay, so that the other side can tell.

    status: pending, delivered or failed. next_at: when it is tried next; None when it is over. status_code, error: of
    the last attempt.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = workspace_table(parent_key("webhook_id", "webhook"))

    webhook_id: UUID = Field(index=True)
    event_id: UUID
    event: str
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    status: str = "pending"
    attempts: int = 0
    next_at: datetime | None = moment(default=None, nullable=True, index=True)
    status_code: int | None = None
    error: str = Field(default="", sa_column=Column(Text, nullable=False))
    duration_ms: int = 0
