"""What visitors leave and what the doors see of it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

FieldName = Annotated[str, Field(min_length=1, max_length=64)]
FieldValue = Annotated[str, Field(max_length=2000)]


class NewLead(BaseModel):
    """What a visitor leaves."""

    session_id: str | None = Field(None, max_length=512)
    fields: dict[FieldName, FieldValue] = Field(min_length=1, max_length=20)
    consent: bool = False


class LeadView(BaseModel):
    """A lead."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    bot_id: UUID
    conversation_id: UUID | None
    fields: dict[str, str]
    consented_at: datetime | None
    created_at: datetime
