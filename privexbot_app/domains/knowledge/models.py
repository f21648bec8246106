"""Tables of knowledge bases, sources, documents and chunks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field

from privexbot_app.kit.database import WorkspaceModel, moment, parent_key, workspace_table
from privexbot_app.kit.ids import new_id


class KnowledgeBase(WorkspaceModel, table=True):
    """A searchable collection of documents.

    settings: a `KnowledgeSettings` as JSON.
    embedding_model, dimensions: what its vectors were made with; fixed for one generation.
    generation: counts re-indexes; names the vector collection in use.
    """

    __tablename__ = "knowledge_base"
    __table_args__ = workspace_table()

    name: str
    description: str = ""
    settings: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    embedding_model: str
    dimensions: int
    generation: int = 1


class Source(WorkspaceModel, table=True):
    """Where documents come from: an upload, a pasted text, a web page, a whole site.

    config: the source connector's settings without its secrets; the content itself is in the storage.
    sealed: the secrets, sealed for this workspace and source; empty if there are none.
    excluded_keys: items that people left out, and which later loads leave out too.
    sync_minutes: how often the source is loaded again; NULL means only when somebody asks.
    syncing_until: until when the worker that loads it now may be silent; NULL when none does.
    last_report: what became of the last load, see `loading.SyncReport`.
    """

    __tablename__ = "source"
    __table_args__ = workspace_table(parent_key("knowledge_base_id", "knowledge_base"))

    knowledge_base_id: UUID = Field(index=True)
    type: str
    name: str
    config: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    sealed: str = ""
    excluded_keys: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    sync_minutes: int | None = None
    next_sync_at: datetime | None = moment(default=None, nullable=True, index=True)
    syncing_until: datetime | None = moment(default=None, nullable=True)
    last_synced_at: datetime | None = moment(default=None, nullable=True)
    last_report: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))


class Document(WorkspaceModel, table=True):
    """One document on its way from bytes to chunks.

    status: queued → parsing → chunking → embedding → indexed, or failed with a reason.
    attempt: how often a worker has begun; fences off a worker that was given up.
    tries: how often a worker has begun since a person last asked for it; limits repeated failures.
    lease_until: until when the worker, or the queue, may be silent about it; NULL when it is settled.
    storage_path: the folder of the original and its extracted text.
    source_key: tells the document from others of its source, at every load; empty where a source holds one.
    is_edited: people have changed its text, so that no load may replace it.
    started_at: when the attempt at work began, to measure how fast it goes.
    built_generation, built_attempt: for which re-index its chunks were made beside those in use, and of which attempt.
    """

    __tablename__ = "document"
    __table_args__ = workspace_table(
        parent_key("knowledge_base_id", "knowledge_base"),
        parent_key("source_id", "source"),
        Index("ix_document_status_lease", "status", "lease_until"),
    )

    knowledge_base_id: UUID = Field(index=True)
    source_id: UUID = Field(index=True)
    name: str
    media_type: str = ""
    url: str | None = None
    size_bytes: int = 0
    content_hash: str = ""
    storage_path: str
    source_key: str = ""
    is_edited: bool = False
    status: str = "queued"
    error_code: str | None = None
    error_message: str | None = None
    progress: float = 0.0
    attempt: int = 0
    tries: int = 0
    lease_until: datetime | None = moment(default=None, nullable=True)
    chunk_count: int = 0
    token_count: int = 0
    is_enabled: bool = True
    indexed_at: datetime | None = moment(default=None, nullable=True)
    started_at: datetime | None = moment(default=None, nullable=True)
    built_generation: int = 0
    built_attempt: int = 0


class Chunk(WorkspaceModel, table=True):
    """A stretch of a document that is embedded and retrieved as one.

    number: the row's own number, which the keyword index of SQLite points at.
    generation: of the knowledge base; a re-index writes the next one beside the one in use.
    start, end: character offsets into the document's extracted text.
    parent_start, parent_end: of the passage that is read when the chunk is found; NULL where that is the chunk itself.
    origin: source, edited or added, see `states.ChunkOrigin`.
    basis: the source's text when people changed the chunk: what the change is about. Empty for an untouched one.
    conflicting_text: what the source says now in place of the basis, empty if nothing; NULL if there is no conflict.
    context: what is embedded before the text though it stands elsewhere, such as a table's header.
    keywords: the text as the keyword index reads it.
    """

    __tablename__ = "chunk"
    __table_args__ = workspace_table(
        parent_key("document_id", "document"),
        UniqueConstraint("document_id", "generation", "index"),
        UniqueConstraint("id"),
    )

    number: int | None = Field(default=None, sa_column=Column(Integer, primary_key=True, autoincrement=True))
    id: UUID = Field(default_factory=new_id, nullable=False)
    knowledge_base_id: UUID = Field(index=True)
    document_id: UUID = Field(index=True)
    generation: int = 1
    index: int
    text: str = Field(sa_column=Column(Text, nullable=False))
    context: str = ""
    start: int
    end: int
    parent_start: int | None = None
    parent_end: int | None = None
    page: int | None = None
    heading: str = ""
    token_count: int = 0
    keywords: str = Field(sa_column=Column(Text, nullable=False))
    origin: str = "source"
    is_enabled: bool = True
    edited_at: datetime | None = moment(default=None, nullable=True)
    basis: str = Field(default="", sa_column=Column(Text, nullable=False))
    conflicting_text: str | None = Field(default=None, sa_column=Column(Text, nullable=True))


class Rebuild(WorkspaceModel, table=True):
    """A knowledge base that is being indexed anew, beside what is in use. Gone once it is switched to.

    generation: the one that is being made. settings: those it is made with.
    status: running or failed, see `states.RebuildStatus`. total, done: documents. done_before: when a worker began.
    started_at: when the worker that is at it began; NULL while it waits for one.
    lease_until: until when its worker, or the queue, may be silent; NULL once it has failed.
    """

    __tablename__ = "knowledge_rebuild"
    __table_args__ = workspace_table(
        parent_key("knowledge_base_id", "knowledge_base"),
        UniqueConstraint("knowledge_base_id"),
    )

    knowledge_base_id: UUID = Field(index=True)
    generation: int
    settings: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    status: str = "running"
    error_code: str | None = None
    error_message: str | None = None
    total: int = 0
    done: int = 0
    done_before: int = 0
    attempt: int = 0
    tries: int = 0
    lease_until: datetime | None = moment(default=None, nullable=True)
    started_at: datetime | None = moment(default=None, nullable=True)
