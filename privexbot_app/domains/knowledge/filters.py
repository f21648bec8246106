"""Which documents a search may find. Known to the doors, who send it, and to the repository, which applies it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class SearchFilters(BaseModel):
    """Which documents are searched: those that fit all that is given.

    name_contains: in the document's name, whatever the case. url_prefix: how its address begins.
    added_after, added_before: when it was taken in.
    """

    model_config = ConfigDict(extra="forbid")

    document_ids: list[UUID] | None = Field(None, max_length=1000)
    source_ids: list[UUID] | None = Field(None, max_length=100)
    media_types: list[str] | None = Field(None, max_length=50)
    name_contains: str | None = Field(None, min_length=1, max_length=200)
    url_prefix: str | None = Field(None, min_length=1, max_length=2000)
    added_after: datetime | None = None
    added_before: datetime | None = None
