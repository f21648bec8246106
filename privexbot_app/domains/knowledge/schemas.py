"""What other rooms and the doors see of knowledge bases, and what they may send."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from privexbot_app.domains.knowledge.filters import SearchFilters
from privexbot_app.domains.knowledge.states import DocumentStatus
from privexbot_app.kit.fields import Trimmed

MOST_PASTED_CHARACTERS = 2_000_000
MOST_PAIRS = 5_000


BaseName = Annotated[str, Trimmed, Field(min_length=1, max_length=120)]


SyncMinutes = Annotated[int, Field(ge=15, le=43_200, description="Minutes between two loads.")]


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


class Fusion(StrEnum):
    """How a hybrid search orders what it found: by both scores of every candidate, or by reciprocal ranks."""

    SCORES = "scores"
    RANKS = "ranks"


class ChunkingSettings(BaseModel):
    """How documents are cut. `options` are the chunker's own settings."""

    strategy: str = "heading"
    options: dict[str, Any] = {}


class RetrievalSettings(BaseModel):
    """How passages are found.

    limit: how many a bot reads for one question.
    fusion: how hybrid search puts meaning and words together.
    candidates: how many each way of searching proposes before they are ranked.
    rerank: name of the reranker that takes a second look; null for none.
    expand_neighbours: how many chunks before and after a found one are read with it.
    diversity: 0 ranks by relevance alone, 1 by being unlike what is already chosen.
    max_tokens: roughly how much text is read at most; null for as much as `limit` allows.
    """

    mode: SearchMode = SearchMode.HYBRID
    fusion: Fusion = Fusion.SCORES
    limit: int = Field(6, ge=1, le=50)
    candidates: int = Field(60, ge=10, le=500)
    rerank: str | None = Field(None, max_length=50)
    expand_neighbours: int = Field(0, ge=0, le=5)
    diversity: float = Field(0.0, ge=0, le=1)
    max_tokens: int | None = Field(None, ge=50, le=200_000)


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


class LoadNote(BaseModel):
    """Something of a source that was not taken in, and why in words."""

    where: str
    code: str
    message: str


class LoadReport(BaseModel):
    """What became of a source's items. skipped, failed: how many, by reason. stopped_because: the limit in words."""

    found: int = 0
    loaded: int = 0
    skipped: dict[str, int] = {}
    failed: dict[str, int] = {}
    stopped_by: str = ""
    stopped_because: str = ""
    notes: list[LoadNote] = []


class SyncReport(LoadReport):
    """What a later load has changed. kept_edited: documents that people have changed and that stayed as they are."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    kept_edited: int = 0
    error: "SourceError | None" = None


class SourceView(BaseModel):
    """A source of a draft. Its content is kept in the storage until the draft is finalized or forgotten.

    has_pages: it holds many documents, to be looked at one by one. pages: how many were read so far.
    report: of a source with pages, what was taken in and what was not.
    """

    source_id: UUID
    type: str
    name: str
    status: Literal["pending", "ready", "failed"]
    error: SourceError | None = None
    media_type: str = ""
    url: str | None = None
    size_bytes: int = 0
    characters: int = 0
    has_pages: bool = False
    pages: int = 0
    report: LoadReport | None = None


class SourcePage(BaseModel):
    """One document of a draft's source that holds many. is_included: whether it becomes part of the knowledge base."""

    number: int
    key: str
    name: str
    url: str | None
    media_type: str
    language: str
    size_bytes: int
    characters: int
    status: Literal["ready", "failed"]
    error: SourceError | None
    is_included: bool
    is_edited: bool


class SourcePageText(SourcePage):
    """A page with its extracted text."""

    text: str


class SourcePageChange(BaseModel):
    """What people may change of a page; absent fields stay."""

    name: BaseName | None = None
    text: str | None = Field(None, min_length=1, max_length=MOST_PASTED_CHARACTERS)
    is_included: bool | None = None


class KnowledgeSourceView(BaseModel):
    """A source of a finished knowledge base. config: without secrets. has_secrets: whether any are kept."""

    source_id: UUID
    type: str
    name: str
    config: dict[str, Any]
    has_secrets: bool
    documents: int
    can_sync: bool
    sync_minutes: int | None
    is_syncing: bool
    next_sync_at: datetime | None
    last_synced_at: datetime | None
    last_report: SyncReport | None
    created_at: datetime


class KnowledgeSourceChange(BaseModel):
    """How often a source is loaded again; null means only when somebody asks."""

    sync_minutes: SyncMinutes | None


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


class ConnectedSource(BaseModel):
    """A source of any other kind: a website, a feed, a workspace of notes. Further fields are its connector's settings.

    sync_minutes: how often it is loaded again once it belongs to a knowledge base.
    """

    model_config = ConfigDict(extra="allow")

    type: str = Field(min_length=1, max_length=50)
    sync_minutes: SyncMinutes | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What the connector's Config is made of; to be validated before use."""
        return dict(self.model_extra or {})


def _kind_of(source: object) -> str:
    kind = source.get("type") if isinstance(source, dict) else getattr(source, "type", None)
    return kind if kind in ("text", "qa", "url") else "connected"


NewSource = Annotated[
    Annotated[TextSource, Tag("text")]
    | Annotated[QaSource, Tag("qa")]
    | Annotated[UrlSource, Tag("url")]
    | Annotated[ConnectedSource, Tag("connected")],
    Discriminator(_kind_of),
]


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
    """A question to a knowledge base; what is absent is as the knowledge base is set.

    rerank: name of a reranker; "none" for none.
    max_characters: what the results' text together does not exceed.
    """

    query: str = Field(min_length=1, max_length=4000)
    limit: int = Field(10, ge=1, le=100)
    mode: SearchMode | None = None
    rerank: str | None = Field(None, max_length=50)
    expand_neighbours: int | None = Field(None, ge=0, le=5)
    diversity: float | None = Field(None, ge=0, le=1)
    filters: SearchFilters | None = None
    document_ids: list[UUID] | None = Field(None, max_length=1000)
    max_characters: int | None = Field(None, ge=1)
    max_tokens: int | None = Field(None, ge=1)


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
