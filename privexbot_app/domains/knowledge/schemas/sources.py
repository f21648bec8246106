"""Where documents come from: what people send, what becomes of it, and what a draft shows of it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from privexbot_app.domains.knowledge.schemas.names import BaseName

MOST_PASTED_CHARACTERS = 2_000_000
MOST_PAIRS = 5_000

SyncMinutes = Annotated[int, Field(ge=15, le=43_200, description="Minutes between two loads.")]


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
    error: SourceError | None = None


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
    """One web page or file on the web. is_rendered: run the page's scripts in a browser before it is read."""

    type: Literal["url"]
    url: str = Field(min_length=1, max_length=2000)
    is_rendered: bool = False


class ConnectedSource(BaseModel):
    """A source of any other kind: a website, a feed, a workspace of notes. Further fields are its connector's settings.

    sync_minutes: how often it is loaded again once it belongs to a knowledge base. connection_id: a connection of the
    workspace that stands in for a token.
    """

    model_config = ConfigDict(extra="allow")

    type: str = Field(min_length=1, max_length=50)
    sync_minutes: SyncMinutes | None = None
    connection_id: UUID | None = None

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
