"""The states of a document: known to its table, its services and whoever shows it."""

from enum import StrEnum


class DocumentStatus(StrEnum):
    """Where a document is on its way."""

    QUEUED = "queued"
    PARSING = "parsing"
    CHUNKING = "chunking"
    EMBEDDING = "embedding"
    INDEXED = "indexed"
    FAILED = "failed"


RUNNING = (DocumentStatus.PARSING, DocumentStatus.CHUNKING, DocumentStatus.EMBEDDING)
SETTLED = (DocumentStatus.INDEXED, DocumentStatus.FAILED)
