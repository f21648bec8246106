"""What other rooms and the doors see of the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class AuditView(BaseModel):
    """One entry of the log. position, previous_hash, hash: its place in the chain."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    created_at: datetime
    actor_kind: str
    actor_id: str
    event: str
    subject_id: UUID | None
    facts: dict[str, Any]
    position: int
    previous_hash: str
    hash: str


class AuditFilters(BaseModel):
    """Which entries. event: its beginning, e.g. `member.`. actor_id: a user's id. since, until: moments."""

    event: str = Field("", max_length=100)
    actor_id: str = Field("", max_length=100)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class ChainView(BaseModel):
    """Whether a log holds together. broken_at: the first position that does not fit; last_hash: keep it elsewhere."""

    is_whole: bool
    entries: int
    broken_at: int | None
    reason: str
    last_hash: str
