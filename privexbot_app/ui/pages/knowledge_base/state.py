"""What the page of one knowledge base shows. While documents are on their way the page asks again every two seconds."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError

from privexbot_app.domains.knowledge.browsing import DocumentBrowser
from privexbot_app.domains.knowledge.connected import SourceService
from privexbot_app.domains.knowledge.reindexing import cancel_reindex
from privexbot_app.domains.knowledge.schemas import (
    BaseStatus,
    KnowledgeBaseChange,
    KnowledgeBaseView,
    NewSource,
    RebuildView,
)
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.domains.knowledge.sources import take_source
from privexbot_app.domains.knowledge.states import RebuildStatus
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.scope import Scope
from privexbot_app.ui import routes
from privexbot_app.ui.formats import say_count
from privexbot_app.ui.ids import id_in_path, parse_id
from privexbot_app.ui.knowledge.adding import AddingSources
from privexbot_app.ui.knowledge.losing import say_loss
from privexbot_app.ui.knowledge.views import document_row, fact_rows, say_left
from privexbot_app.ui.pages.knowledge_base.listing import ListingDocuments
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.statuses import base_status

TABS = ("documents", "sources", "search", "quality", "settings")


class BaseState(AddingSources, ListingDocuments, ScopedState):
    """The knowledge base, one page of its documents, and the questions that are open."""

    held_id: str = ""
    name: str = ""
    description: str = ""
    status: str = ""
    tone: str = "neutral"
    percent: int = 0
    is_busy: bool = False
    total: int = 0
    indexed: int = 0
    failed: int = 0
    cancelled: int = 0
    processing: int = 0
    left: str = ""
    is_reindexing: bool = False
    reindex_percent: int = 0
    reindex_words: str = ""
    reindex_problem: str = ""
    chunk_count: int = 0
    facts: list[dict[str, str]] = []
    default_mode: str = ""
    is_ready: bool = False
    is_missing: bool = False
    is_uploading_shown: bool = False
    tab: str = "documents"
    deleting_id: str = ""
    deleting_name: str = ""
    deleting_loss: str = ""
    name_problem: str = ""

    @rx.var
    def endpoint(self) -> str:
        """Where files for this knowledge base are sent."""
        return f"/api/v1/kb/{self.held_id}/documents"

    @rx.var
    def figures(self) -> list[str]:
        """Documents, ready ones, failed ones, chunks."""
        return [f"{number:,}" for number in (self.total, self.indexed, self.failed, self.chunk_count)]

    @rx.var
    def progress_words(self) -> str:
        """How far the documents are."""
        done = f"{self.total - self.processing:,} of {say_count(self.total, 'document')} done"
        return f"{done}, {self.left}" if self.left else done

    @rx.event
    async def load(self) -> AsyncIterator[None]:
        """Read the knowledge base of this address and its newest documents."""
        scope = await self.scope()
        if f"/{self.held_id}" != self.router.url.path.rstrip("/").removeprefix("/knowledge"):
            self.reset()
            yield  # bones, not the page that was left
        self._prepare_adding()
        self.is_missing = False
        try:
            base_id = id_in_path(self.router.url.path)
            await self._load_base(scope, base_id)
        except NotFoundError:
            self.is_missing, self.is_ready = True, True
            return
        self.held_id = str(base_id)
        self.wanted_status, self.wanted_name = "all", ""
        await self._load_first_documents(scope)
        self.is_uploading_shown = self.total == 0
        self.is_ready = True

    @rx.event
    async def refresh(self) -> None:
        """Look again at the counts, and at those shown documents that are on their way."""
        scope = await self.scope()
        base_id = parse_id(self.held_id)
        await self._load_base(scope, base_id)
        moving = [UUID(row.id) for row in self.documents if not row.is_settled]
        if not moving:
            return
        async with self.works.open(scope, read_only=True) as work:
            views = await DocumentBrowser(work).list_by_ids(base_id, moving)
        fresh = {str(view.document_id): document_row(view, self.held_id) for view in views}
        rows = [fresh.get(row.id, row) for row in self.documents]
        if rows != self.documents:
            self.documents = rows

    @rx.event
    def choose_tab(self, tab: str) -> None:
        """Show another part of the page."""
        self.tab = str(tab) if str(tab) in TABS else "documents"

    @rx.event
    def show_upload(self, is_shown: bool) -> None:
        """Show or hide the place for files."""
        self.is_uploading_shown = bool(is_shown)

    @rx.event
    async def files_taken(self) -> None:
        """A file has arrived: show it."""
        await self._reload(await self.scope())

    @rx.event
    async def stop_reindex(self) -> None:
        """Give up a re-index, or take note that it has failed."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            self._show(await cancel_reindex(work, parse_id(self.held_id)))

    @rx.event
    async def ask_delete(self, document_id: str) -> None:
        """Say what would be lost with a document, or with the whole knowledge base if none is named."""
        scope = await self.scope()
        base_id = parse_id(self.held_id)
        async with self.works.open(scope, read_only=True) as work:
            service = KnowledgeService(work)
            if document_id:
                document = await service.get_document(base_id, parse_id(document_id))
                chunks = say_count(document.chunk_count, "chunk")
                self.deleting_loss = f"The document and its {chunks} will be gone for good."
                self.deleting_id, self.deleting_name = str(document.document_id), document.name
            else:
                base = await service.get_base(base_id)
                self.deleting_loss = await say_loss(work, base)
                self.deleting_id, self.deleting_name = str(base.id), base.name

    @rx.event
    def stop_asking(self, is_open: bool) -> None:
        """Close the question."""
        if not is_open:
            self.deleting_id = ""

    @rx.event
    async def delete(self) -> Any:
        """Delete what was asked about."""
        scope = await self.scope()
        base_id, chosen = parse_id(self.held_id), parse_id(self.deleting_id)
        self.deleting_id = ""
        said = rx.toast.success(f"Deleted “{self.deleting_name}”.")
        async with self.works.open(scope) as work:
            if chosen == base_id:
                await KnowledgeService(work).delete_base(base_id)
            else:
                await KnowledgeService(work).delete_document(base_id, chosen)
        if chosen == base_id:
            self.reset()
            return [said, rx.redirect(routes.knowledge_bases())]
        self.documents = [row for row in self.documents if row.id != str(chosen)]
        await self._load_base(scope, base_id)
        return said

    @rx.event
    async def rename(self, form: dict[str, Any]) -> Any:
        """Change the name and the description."""
        scope = await self.scope()
        try:
            change = KnowledgeBaseChange(name=form.get("name", ""), description=form.get("description", ""))
        except ValidationError:
            self.name_problem = "It needs a name of up to 120 characters."
            return None
        self.name_problem = ""
        async with self.works.open(scope) as work:
            view = await KnowledgeService(work).change_base(parse_id(self.held_id), change)
        self._show(view)
        return rx.toast.success("Saved.")

    async def _store_source(self, scope: Scope, source: NewSource) -> None:
        base_id = parse_id(self.held_id)
        async with self.works.open(scope, read_only=True) as work:
            await KnowledgeService(work).get_base(base_id)
        stored = await take_source(self.works.plugins, scope, source)
        async with self.works.open(scope) as work:
            if stored.view.has_pages:
                await SourceService(work).add_source(base_id, stored)
            else:
                await KnowledgeService(work).add_documents(base_id, [stored])

    async def _after_adding(self, scope: Scope) -> Any:
        await self._reload(scope)
        # How far a source of many items is read, the tab with the sources tells.
        self.tab = "sources" if self.connecting else self.tab
        self.connecting = ""

    async def _load_base(self, scope: Scope, base_id: UUID) -> None:
        async with self.works.open(scope, read_only=True) as work:
            self._show(await KnowledgeService(work).get_base(base_id))

    def _show(self, view: KnowledgeBaseView) -> None:
        self.name, self.description = view.name, view.description
        self.status, self.tone = base_status(view.status)
        self.percent, self.is_busy = int(view.progress * 100), view.status is BaseStatus.PROCESSING
        counts = view.documents
        self.total, self.indexed, self.failed = counts.total, counts.indexed, counts.failed
        self.processing, self.cancelled, self.chunk_count = counts.processing, counts.cancelled, view.chunk_count
        self.left = say_left(view.eta_seconds)
        self._show_reindex(view.reindex)
        self.facts, self.default_mode = fact_rows(view), view.settings.retrieval.mode.value

    def _show_reindex(self, view: RebuildView | None) -> None:
        self.is_reindexing = view is not None and view.status is RebuildStatus.RUNNING
        self.reindex_problem = view.error.message if view is not None and view.error else ""
        if view is not None:
            words = f"Indexing again: {view.done:,} of {say_count(view.documents, 'document')}"
            self.reindex_percent, left = int(view.progress * 100), say_left(view.eta_seconds)
            self.reindex_words = f"{words}, {left}" if left else words
