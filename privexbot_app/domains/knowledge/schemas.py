"""What other rooms and the doors see of knowledge bases, and what they may send."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from privexbot_app.domains.knowledge.states import DocumentStatus

MOST_PASTED_CHARACTERS = 2_000_000
MOST_PAIRS = 5_000


def _trimmed(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


BaseName = Annotated[str, BeforeValidator(_trimmed), Field(min_length=1, max_length=120)]


class BaseStatus(StrEnum):
    """The state of a whole knowledge base. Partial: settled, with some documents failed."""

    EMPTY = "empty"
    PROCESSING = "processing"
    READY = "ready"
    PARTIAL = "partial"
    FAILED = "failed"


class SearchMode(StrEnum):
    """How passages are found: by meaning, by words, or by both, fused."""

    HYBRID = "hybrid"
    DENSE = "dense"
    KEYWORD = "keyword"


class ChunkingSettings(BaseModel):
    """How documents are cut. `options` are the chunker's own settings."""

    strategy: str = "heading"
    options: dict[str, Any] = {}


class RetrievalSettings(BaseModel):
    """How passages are found. limit: how many a bot reads for one question."""

    mode: SearchMode = SearchMode.HYBRID
    limit: int = Field(6, ge=1, le=50)


class KnowledgeSettings(BaseModel):
    """Everything about a knowledge base that people may set."""

    chunking: ChunkingSettings = ChunkingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    embedding: str = ""
    vector_store: str = ""


class NewKnowledgeBase(BaseModel):
    """What it takes to begin a knowledge base."""

    name: BaseName
    description: str = Field("", max_length=2000)
    settings: KnowledgeSettings = KnowledgeSettings()


class KnowledgeBaseChange(BaseModel):
    """What people may change of a finished knowledge base."""

    name: BaseName
    description: str = Field("", max_length=2000)


class KnowledgeDraftChange(BaseModel):
    """Fields of a draft to change; absent ones stay. `version` is the one that was read."""

    name: BaseName | None = None
    description: str | None = Field(None, max_length=2000)
    settings: KnowledgeSettings | None = None
    version: int | None = None


class SourceError(BaseModel):
    """Why a source cannot be used."""

    code: str
    message: str


class SourceView(BaseModel):
    """A source of a draft. Its content is kept in the storage until the draft is finalized or forgotten."""

    source_id: UUID
    type: str
    name: str
    status: Literal["pending", "ready", "failed"]
    error: SourceError | None = None
    media_type: str = ""
    url: str | None = None
    size_bytes: int = 0
    characters: int = 0


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


class TextSource(BaseModel):
    """A pasted text."""

    type: Literal["text"]
    title: BaseName
    content: str = Field(min_length=1, max_length=MOST_PASTED_CHARACTERS)


class QuestionAnswer(BaseModel):
    """A question with its answer."""

    question: str = Field(min_length=1, max_length=2000)
    answer: str = Field(min_length=1, max_length=20_000)


class QaSource(BaseModel):
    """Question and answer pairs."""

    type: Literal["qa"]
    title: BaseName = "Questions and answers"
    pairs: list[QuestionAnswer] = Field(min_length=1, max_length=MOST_PAIRS)


class UrlSource(BaseModel):
    """One web page or file on the web."""

    type: Literal["url"]
    url: str = Field(min_length=1, max_length=2000)


NewSource = Annotated[TextSource | QaSource | UrlSource, Field(discriminator="type")]


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
    processing: int = 0


class KnowledgeBaseView(BaseModel):
    """A knowledge base and the state of its documents. progress: 0 to 1, over all documents."""

    id: UUID
    name: str
    description: str
    created_at: datetime
    status: BaseStatus
    documents: DocumentCounts
    progress: float
    chunk_count: int
    settings: KnowledgeSettings
    embedding_model: str


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


class SearchRequest(BaseModel):
    """A question to a knowledge base. max_characters: stop before the results' text exceeds it."""

    query: str = Field(min_length=1, max_length=4000)
    limit: int = Field(10, ge=1, le=100)
    mode: SearchMode | None = None
    document_ids: list[UUID] | None = Field(None, max_length=1000)
    max_characters: int | None = Field(None, ge=1)


class SearchResult(BaseModel):
    """A passage that was found. score: of the fused ranking, higher is better; comparable within one search only."""

    chunk_id: UUID
    document_id: UUID
    knowledge_base_id: UUID
    document_name: str
    text: str
    context: str
    start: int
    end: int
    page: int | None
    heading: str
    url: str | None
    score: float
    cosine_similarity: float | None


class SearchResults(BaseModel):
    """Passages, best first, and how long it took."""

    results: list[SearchResult]
    took_ms: int
