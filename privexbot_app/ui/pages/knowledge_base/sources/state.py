"""What the tab with the sources shows. While a source is loaded the page asks again every two seconds."""

from typing import Any

import reflex as rx

from privexbot_app.domains.knowledge.connected import SourceService
from privexbot_app.domains.knowledge.schemas import KnowledgeSourceChange
from privexbot_app.kit.pagination import PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.knowledge.sources import ConnectedRow, connected_row
from privexbot_app.ui.pages.knowledge_base.state import BaseState

PAGE_SIZE = 50


class SourcesState(BaseState):
    """The sources, a page at a time, and the question that is open.

    asked: sources that are to be loaded, with when they were loaded before; until that changes they count as being
    loaded, also while the job waits for a worker.
    """

    connected: list[ConnectedRow] = []
    source_cursors: list[str] = [""]
    source_next: str = ""
    asked: dict[str, str] = {}
    removing_id: str = ""
    removing_name: str = ""
    removing_loss: str = ""
    sources_id: str = ""

    @rx.var
    def is_sources_shown(self) -> bool:
        """Whether what is held belongs to the knowledge base that is shown."""
        return self.sources_id == self.held_id

    @rx.var
    def is_any_syncing(self) -> bool:
        """Whether a shown source is being loaded."""
        return any(row.is_syncing for row in self.connected)

    @rx.var
    def source_page_words(self) -> str:
        """Which page is shown."""
        return f"Page {len(self.source_cursors):,}"

    @rx.event
    async def open_sources(self) -> None:
        """Read the sources of the knowledge base that is shown."""
        scope = await self.scope()
        if self.sources_id != self.held_id:
            self.reset()
        self.asked = {}
        await self._load_sources(scope)
        self.sources_id = self.held_id

    @rx.event
    async def watch_sources(self) -> Any:
        """Look how far the loads are; afterwards show what they have changed."""
        scope = await self.scope()
        await self._load_sources(scope)
        return None if self.is_any_syncing else BaseState.files_taken

    @rx.event
    async def turn_sources(self, by: int) -> None:
        """Show older or newer sources."""
        scope = await self.scope()
        if by == 1 and self.source_next:
            self.source_cursors = [*self.source_cursors, self.source_next]
        elif by == -1:
            self.source_cursors = self.source_cursors[:-1] or [""]
        await self._load_sources(scope)

    @rx.event
    async def sync_now(self, source_id: str) -> None:
        """Load a source again."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            view = await SourceService(work).request_sync(parse_id(self.held_id), parse_id(source_id))
        self.asked = {**self.asked, str(view.source_id): str(view.last_synced_at)}
        await self._load_sources(scope)

    @rx.event
    async def choose_schedule(self, source_id: str, schedule: str) -> Any:
        """Choose how often a source is loaded again."""
        scope = await self.scope()
        chosen = parse_id(source_id)
        if str(schedule) not in [choice["value"] for row in self.connected for choice in row.schedules]:
            return None
        minutes = None if schedule == "never" else int(schedule)
        async with self.works.open(scope) as work:
            change = KnowledgeSourceChange(sync_minutes=minutes)
            await SourceService(work).change_source(parse_id(self.held_id), chosen, change)
        await self._load_sources(scope)
        return rx.toast.success("Saved.")

    @rx.event
    async def ask_remove(self, source_id: str) -> None:
        """Say what would be lost with a source."""
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            view = await SourceService(work).get_source(parse_id(self.held_id), parse_id(source_id))
        row = connected_row(view)
        self.removing_id, self.removing_name = row.id, row.name
        self.removing_loss = f"{row.documents} with everything that was made of it will be gone for good."

    @rx.event
    def keep_source(self, is_open: bool) -> None:
        """Close the question."""
        if not is_open:
            self.removing_id = ""

    @rx.event
    async def remove_source(self) -> Any:
        """Delete the source that was asked about, with its documents."""
        scope = await self.scope()
        chosen, name = parse_id(self.removing_id), self.removing_name
        self.removing_id = ""
        async with self.works.open(scope) as work:
            await SourceService(work).delete_source(parse_id(self.held_id), chosen)
        await self._load_sources(scope)
        return [rx.toast.success(f"Deleted “{name}”."), BaseState.files_taken]

    async def _load_sources(self, scope: Scope) -> None:
        params = PageParams(PAGE_SIZE, self.source_cursors[-1] or None)
        async with self.works.open(scope, read_only=True) as work:
            found = await SourceService(work).list_sources(parse_id(self.held_id), params)
        synced = {str(view.source_id): str(view.last_synced_at) for view in found.items}
        self.asked = {id: before for id, before in self.asked.items() if synced.get(id, before) == before}
        rows = [connected_row(view) for view in found.items]
        for row in rows:
            row.is_syncing = row.is_syncing or row.id in self.asked
        self.connected, self.source_next = rows, found.next_cursor or ""
