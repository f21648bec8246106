"""The list of a knowledge base's documents: one page of it, and what people do with single documents."""

from typing import Any
from uuid import UUID

import reflex as rx

from privexbot_app.domains.knowledge.browsing import DocumentBrowser, DocumentFilter
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.domains.knowledge.states import OPEN, DocumentStatus
from privexbot_app.kit.pagination import PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.formats import say_count
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.knowledge.rows import DocumentRow
from privexbot_app.ui.knowledge.views import document_row

PAGE_SIZE = 50
FILTERS: dict[str, tuple[DocumentStatus, ...]] = {
    "all": (),
    "ready": (DocumentStatus.INDEXED,),
    "processing": OPEN,
    "failed": (DocumentStatus.FAILED,),
    "cancelled": (DocumentStatus.CANCELLED,),
}


class ListingDocuments(rx.State, mixin=True):
    """One page of documents. The page's state says in `_load_base` how the counts are read again.

    cursors: of the pages that lead here, the shown one last. One page at a time keeps a thousand documents as quick as
    ten, also while they are being processed.
    """

    documents: list[DocumentRow] = []
    cursors: list[str] = [""]
    next_cursor: str = ""
    wanted_status: str = "all"
    wanted_name: str = ""

    @rx.var
    def page_words(self) -> str:
        """Which page is shown."""
        return f"Page {len(self.cursors):,}"

    @rx.event
    async def show_older(self) -> None:
        """Show the next page."""
        scope = await self.scope()
        if self.next_cursor:
            self.cursors = [*self.cursors, self.next_cursor]
            await self._load_documents(scope)

    @rx.event
    async def show_newer(self) -> None:
        """Show the page before."""
        scope = await self.scope()
        self.cursors = self.cursors[:-1] or [""]
        await self._load_documents(scope)

    @rx.event
    async def filter_status(self, wanted: str) -> None:
        """Show documents of one status only."""
        scope = await self.scope()
        self.wanted_status = str(wanted) if str(wanted) in FILTERS else "all"
        await self._load_first_documents(scope)

    @rx.event
    async def filter_name(self, wanted: str) -> None:
        """Show documents with this in their name only."""
        scope = await self.scope()
        self.wanted_name = str(wanted)[:200]
        await self._load_first_documents(scope)

    @rx.event
    async def set_enabled(self, document_id: str, is_enabled: bool) -> None:
        """Let searches find a document, or not."""
        scope = await self.scope()
        base_id, chosen = parse_id(self.held_id), parse_id(document_id)
        async with self.works.open(scope) as work:
            view = await KnowledgeService(work).set_enabled(base_id, chosen, is_enabled=is_enabled is True)
        self._replace(document_row(view, self.held_id))

    @rx.event
    async def retry(self, document_id: str) -> None:
        """Index a failed document once more."""
        scope = await self.scope()
        base_id, chosen = parse_id(self.held_id), parse_id(document_id)
        async with self.works.open(scope) as work:
            await KnowledgeService(work).retry_document(base_id, chosen)
            view = await KnowledgeService(work).get_document(base_id, chosen)
        self._replace(document_row(view, self.held_id))
        await self._load_base(scope, base_id)

    @rx.event
    async def retry_failed(self) -> Any:
        """Index every failed document once more."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            tickets = await KnowledgeService(work).retry_failed(parse_id(self.held_id))
        self.wanted_status = "all"
        await self._reload(scope)
        return rx.toast.info(f"Trying {say_count(len(tickets), 'document')} again.")

    @rx.event
    async def cancel(self, document_id: str) -> None:
        """Stop a document on its way."""
        scope = await self.scope()
        base_id, chosen = parse_id(self.held_id), parse_id(document_id)
        async with self.works.open(scope) as work:
            await KnowledgeService(work).cancel_document(base_id, chosen)
            view = await KnowledgeService(work).get_document(base_id, chosen)
        self._replace(document_row(view, self.held_id))
        await self._load_base(scope, base_id)

    @rx.event
    async def cancel_all(self) -> Any:
        """Stop every document on its way."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            tickets = await KnowledgeService(work).cancel_documents(parse_id(self.held_id))
        await self._reload(scope)
        return rx.toast.info(f"Cancelled {say_count(len(tickets), 'document')}.")

    async def _reload(self, scope: Scope) -> None:
        await self._load_base(scope, parse_id(self.held_id))
        await self._load_first_documents(scope)

    async def _load_documents(self, scope: Scope) -> None:
        wanted = DocumentFilter(FILTERS[self.wanted_status], self.wanted_name.strip())
        params = PageParams(PAGE_SIZE, self.cursors[-1] or None)
        async with self.works.open(scope, read_only=True) as work:
            found = await DocumentBrowser(work).list_documents(parse_id(self.held_id), params, wanted)
        self.documents = [document_row(view, self.held_id) for view in found.items]
        self.next_cursor = found.next_cursor or ""

    async def _load_first_documents(self, scope: Scope) -> None:
        self.cursors = [""]
        await self._load_documents(scope)

    def _replace(self, fresh: DocumentRow) -> None:
        self.documents = [fresh if row.id == fresh.id else row for row in self.documents]

    async def _load_base(self, scope: Scope, base_id: UUID) -> None:
        raise NotImplementedError
