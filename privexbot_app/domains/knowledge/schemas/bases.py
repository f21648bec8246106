"""Knowledge bases, finished and in the making."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, Field

from privexbot_app.domains.knowledge.schemas.documents import DocumentError
from privexbot_app.domains.knowledge.schemas.names import BaseName
from privexbot_app.domains.knowledge.schemas.settings import ChunkingSettings, KnowledgeSettings, RetrievalSettings
from privexbot_app.domains.knowledge.schemas.sources import SourceView
from privexbot_app.domains.knowledge.states import RebuildStatus


class BaseStatus(StrEnum):
    """The state of a whole knowledge base. Partial: settled, with some documents failed."""

    EMPTY = "empty"
    PROCESSING = "processing"
    READY = "ready"
    PARTIAL = "partial"
    FAILED = "failed"


class NewKnowledgeBase(BaseModel):
    """What it takes to begin a knowledge base."""

    name: BaseName
    description: str = Field("", max_length=2000)
    settings: KnowledgeSettings = KnowledgeSettings()


class KnowledgeBaseChange(BaseModel):
    """What people may change of a finished knowledge base at once; absent fields stay."""

    name: BaseName | None = None
    description: str | None = Field(None, max_length=2000)
    retrieval: RetrievalSettings | None = None


class ReindexRequest(BaseModel):
    """With what a knowledge base is indexed anew; absent settings stay as they are."""

    chunking: ChunkingSettings | None = None
    embedding: str | None = Field(None, min_length=1, max_length=50)
    is_redacted: bool | None = None


class KnowledgeDraftChange(BaseModel):
    """Fields of a draft to change; absent ones stay. `version` is the one that was read."""

    name: BaseName | None = None
    description: str | None = Field(None, max_length=2000)
    settings: KnowledgeSettings | None = None
    version: int | None = None


class KnowledgeDraftView(BaseModel):
    """A knowledge base that is being made."""

    draft_id: UUID
    version: int
    expires_at: datetime
    updated_at: datetime
    name: str
    description: str
    settings: KnowledgeSettings
    sources: list[SourceView]


class ChunkPreview(BaseModel):
    """A chunk as it would be made."""

    index: int
    text: str
    context: str
    start: int
    end: int
    token_count: int
    page: int | None
    heading: str


class ChunkPreviews(BaseModel):
    """The first chunks of a source, and how many there would be."""

    chunks: list[ChunkPreview]
    total: int


class DocumentCounts(BaseModel):
    """How many documents stand where."""

    total: int = 0
    indexed: int = 0
    failed: int = 0
    cancelled: int = 0
    processing: int = 0


class RebuildView(BaseModel):
    """A knowledge base that is indexed anew, beside what is in use. settings: the new ones. documents, done: counts."""

    status: RebuildStatus
    documents: int
    done: int
    progress: float
    eta_seconds: int | None
    error: DocumentError | None
    settings: KnowledgeSettings
    begun_at: datetime


class KnowledgeBaseView(BaseModel):
    """A knowledge base and the state of its documents.

    progress: 0 to 1, over all documents. eta_seconds: how long until all are indexed; null if unknown, or settled.
    reindex: the re-index that is under way, or that has failed; null if there is none.
    """

    id: UUID
    name: str
    description: str
    created_at: datetime
    status: BaseStatus
    documents: DocumentCounts
    progress: float
    eta_seconds: int | None
    chunk_count: int
    settings: KnowledgeSettings
    embedding_model: str
    reindex: RebuildView | None
