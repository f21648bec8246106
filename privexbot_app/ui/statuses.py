"""Statuses as people read them: a word and the tone of its badge."""

from privexbot_app.domains.knowledge.schemas import BaseStatus, DocumentStatus

BASES: dict[BaseStatus, tuple[str, str]] = {
    BaseStatus.EMPTY: ("Empty", "neutral"),
    BaseStatus.PROCESSING: ("Processing", "busy"),
    BaseStatus.READY: ("Ready", "good"),
    BaseStatus.PARTIAL: ("Partly ready", "warn"),
    BaseStatus.FAILED: ("Failed", "bad"),
}
DOCUMENTS: dict[DocumentStatus, tuple[str, str]] = {
    DocumentStatus.QUEUED: ("Waiting", "busy"),
    DocumentStatus.PARSING: ("Reading", "busy"),
    DocumentStatus.CHUNKING: ("Cutting", "busy"),
    DocumentStatus.EMBEDDING: ("Indexing", "busy"),
    DocumentStatus.INDEXED: ("Ready", "good"),
    DocumentStatus.FAILED: ("Failed", "bad"),
    DocumentStatus.CANCELLED: ("Cancelled", "neutral"),
}


def base_status(status: BaseStatus) -> tuple[str, str]:
    """The word and the tone for a knowledge base."""
    return BASES[status]


def document_status(status: DocumentStatus) -> tuple[str, str]:
    """The word and the tone for a document."""
    return DOCUMENTS[status]
