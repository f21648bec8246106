"""Rows of knowledge bases, sources, documents and chunks. One module for each table."""

from privexbot_app.domains.knowledge.repository.bases import (
    KnowledgeBaseRepository,
    RebuildRepository,
    list_abandoned_rebuilds,
    list_every_base,
)
from privexbot_app.domains.knowledge.repository.chunks import IN_USE, ChunkRepository, FoundChunk, FoundDocument
from privexbot_app.domains.knowledge.repository.documents import DocumentRepository, list_abandoned
from privexbot_app.domains.knowledge.repository.sources import SourceRepository, list_due_sources, list_sealed_sources

__all__ = [
    "IN_USE",
    "ChunkRepository",
    "DocumentRepository",
    "FoundChunk",
    "FoundDocument",
    "KnowledgeBaseRepository",
    "RebuildRepository",
    "SourceRepository",
    "list_abandoned",
    "list_abandoned_rebuilds",
    "list_due_sources",
    "list_every_base",
    "list_sealed_sources",
]
