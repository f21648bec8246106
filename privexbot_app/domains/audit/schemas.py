"""What other rooms and the doors see of the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class AuditView(BaseModel):
    """One entry of the log."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    actor_kind: str
    actor_id: str
    event: str
    subject_id: UUID | None
    facts: dict[str, Any]
