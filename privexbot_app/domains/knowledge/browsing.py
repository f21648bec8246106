"""Long lists of documents and long documents, a part at a time. Reads only; changes go through `service`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from privexbot_app.domains.knowledge.models import Document
from privexbot_app.domains.knowledge.repository import (
    ChunkRepository,
    DocumentRepository,
    KnowledgeBaseRepository,
)
from privexbot_app.domains.knowledge.schemas import ChunkView, DocumentView
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.domains.knowledge.showing import view_documents
from privexbot_app.domains.knowledge.states import DocumentStatus
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.pagination import Page, PageParams

WINDOW_CHARACTERS = 20_000
"""How much text of a document is read at once. Windows end between lines or words, so they vary a little."""
LONGEST_LINE_SEARCH = 600


@dataclass(frozen=True)
class DocumentFilter:
    """Which documents of a knowledge base are wanted. statuses: any of these, or all if there is none."""

    statuses: tuple[DocumentStatus, ...] = ()
    name_part: str = ""


class DocumentBrowser:
    """Documents and chunks of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._documents = work.repository(DocumentRepository)

    async def list_documents(self, base_id: UUID, params: PageParams, wanted: DocumentFilter) -> Page[DocumentView]:
        """Documents of a knowledge base, newest first. Needs `kb.read`."""
        await self._require_base(base_id)
        conditions: list[Any] = [Document.knowledge_base_id == base_id]
        if wanted.statuses:
            conditions.append(Document.status.in_(wanted.statuses))  # type: ignore[attr-defined]
        if wanted.name_part:
            conditions.append(Document.name.icontains(wanted.name_part, autoescape=True))  # type: ignore[attr-defined]
        page = await self._documents.page(params, *conditions)
        return Page(items=await view_documents(self._work, page.items), next_cursor=page.next_cursor)

    async def list_by_ids(self, base_id: UUID, ids: Sequence[UUID]) -> list[DocumentView]:
        """Those of these documents that still exist. Needs `kb.read`."""
        await self._require_base(base_id)
        query = self._documents.query(Document.knowledge_base_id == base_id, Document.id.in_(ids))  # type: ignore[attr-defined]
        return await view_documents(self._work, await self._documents.all(query))

    async def find_bases(self, ids: Sequence[UUID]) -> dict[UUID, UUID]:
        """The knowledge bases of those of these documents that still exist, by document. Needs `kb.read`."""
        self._work.scope.require("kb.read")
        rows = await self._documents.all(self._documents.query(Document.id.in_(ids)))  # type: ignore[attr-defined]
        return {row.id: row.knowledge_base_id for row in rows}

    async def list_chunks_within(self, base_id: UUID, document_id: UUID, *, start: int, end: int) -> list[ChunkView]:
        """The chunks that share characters with `text[start:end]`, in order. Needs `kb.read`."""
        await KnowledgeService(self._work).get_document(base_id, document_id)
        rows = await self._work.repository(ChunkRepository).list_within(document_id, start=start, end=end)
        return [ChunkView.model_validate(row) for row in rows]

    async def _require_base(self, base_id: UUID) -> None:
        self._work.scope.require("kb.read")
        await self._work.repository(KnowledgeBaseRepository).get(base_id)


def window_starts(text: str, *, size: int = WINDOW_CHARACTERS) -> list[int]:
    """Where the windows of a text begin: about every `size` characters, after a line's end or a space if one is near.

    >>> window_starts("one two three", size=6)
    [0, 4, 8]
    """
    starts = [0]
    while starts[-1] + size < len(text):
        starts.append(_break_before(text, starts[-1] + size, after=starts[-1]))
    return starts


def _break_before(text: str, position: int, *, after: int) -> int:
    """The last good place to cut at or before `position`; `position` itself if there is none near."""
    earliest = max(after + 1, position - LONGEST_LINE_SEARCH)
    for mark in ("\n", " "):
        found = text.rfind(mark, earliest, position)
        if found >= 0:
            return found + 1
    return position
