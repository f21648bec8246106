"""The states of documents, chunks and re-indexes: known to their tables, their services and whoever shows them."""

from enum import StrEnum


class DocumentStatus(StrEnum):
    """Where a document is on its way. Cancelled: people have stopped it; it has no chunks until it is tried again."""

    QUEUED = "queued"
    PARSING = "parsing"
    CHUNKING = "chunking"
    EMBEDDING = "embedding"
    INDEXED = "indexed"
    FAILED = "failed"
    CANCELLED = "cancelled"


RUNNING = (DocumentStatus.PARSING, DocumentStatus.CHUNKING, DocumentStatus.EMBEDDING)
OPEN = (DocumentStatus.QUEUED, *RUNNING)
SETTLED = (DocumentStatus.INDEXED, DocumentStatus.FAILED, DocumentStatus.CANCELLED)
RETRIED = (DocumentStatus.FAILED, DocumentStatus.CANCELLED)
"""What “retry all” takes."""


class ChunkOrigin(StrEnum):
    """Whose words a chunk has: the source's, a person's in their place, or a person's beside them."""

    SOURCE = "source"
    EDITED = "edited"
    ADDED = "added"


class RebuildStatus(StrEnum):
    """How a re-index is doing. There is no state for done: what is done is in use."""

    RUNNING = "running"
    FAILED = "failed"
