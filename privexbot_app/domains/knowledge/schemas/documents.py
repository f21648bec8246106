"""Documents, their text and their chunks."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from privexbot_app.domains.knowledge.states import ChunkOrigin, DocumentStatus
from privexbot_app.kit.fields import Trimmed

MOST_CHUNK_CHARACTERS = 20_000


class DocumentError(BaseModel):
    """Why a document could not be indexed."""

    code: str
    message: str


class DocumentView(BaseModel):
    """One document.

    progress: 0 to 1. eta_seconds: how long until it is indexed, as measured here; null if unknown, or settled.
    conflicts: chunks about which people and source disagree.
    """

    document_id: UUID
    source_id: UUID
    source_type: str
    name: str
    media_type: str
    url: str | None
    size_bytes: int
    status: DocumentStatus
    error: DocumentError | None
    progress: float
    eta_seconds: int | None
    chunk_count: int
    token_count: int
    conflicts: int
    is_enabled: bool
    created_at: datetime
    indexed_at: datetime | None


class DocumentTicket(BaseModel):
    """A document that was taken in."""

    document_id: UUID
    status: DocumentStatus


class Finalized(BaseModel):
    """A knowledge base that has been made of a draft."""

    kb_id: UUID
    documents: list[DocumentTicket]


class DocumentTextView(BaseModel):
    """The text that was extracted from a document; every offset of the API counts its characters."""

    document_id: UUID
    name: str
    text: str


class ChunkView(BaseModel):
    """A stored chunk.

    basis: what the source said when people changed the chunk. conflicting_text: what it says now instead, empty for
    nothing; null if there is no conflict.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    index: int
    text: str
    context: str
    start: int
    end: int
    page: int | None
    heading: str
    token_count: int
    origin: ChunkOrigin = ChunkOrigin.SOURCE
    is_enabled: bool = True
    edited_at: datetime | None = None
    basis: str = ""
    conflicting_text: str | None = None


ChunkText = Annotated[str, Trimmed, Field(min_length=1, max_length=MOST_CHUNK_CHARACTERS)]


class NewChunk(BaseModel):
    """A chunk in people's own words. after: the chunk that it follows; null for the document's beginning."""

    text: ChunkText
    after: UUID | None = None


class ChunkChange(BaseModel):
    """What people may change of a chunk; absent fields stay."""

    text: ChunkText | None = None
    is_enabled: bool | None = None


class ChunkDecision(BaseModel):
    """Whose words stay: one's own, or the source's. The source's also undoes a change that is in no conflict."""

    keep: Literal["mine", "source"]
