"""Documents, their text and their chunks."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from privexbot_app.domains.knowledge.states import DocumentStatus


class DocumentError(BaseModel):
    """Why a document could not be indexed."""

    code: str
    message: str


class DocumentView(BaseModel):
    """One document. progress: 0 to 1."""

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
    chunk_count: int
    token_count: int
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
    """A stored chunk."""

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
