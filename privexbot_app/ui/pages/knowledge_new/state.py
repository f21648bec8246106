"""A knowledge base in the making. This state holds what was typed; Redis mirrors it at each pause.

The draft begins when it gets a name. Files are added beside this state, by REST, which raises the draft's version too;
only when a field that is edited here was changed elsewhere is there a conflict, and then the user decides.
"""

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from privexbot_app.domains.knowledge.drafts import KnowledgeDraftService
from privexbot_app.domains.knowledge.schemas import (
    KnowledgeDraftChange,
    KnowledgeDraftView,
    KnowledgeSettings,
    NewKnowledgeBase,
    NewSource,
)
from privexbot_app.kit.drafts import DraftNotFoundError, StaleDraftError
from privexbot_app.kit.errors import InvalidError, NotFoundError, PrivexError
from privexbot_app.kit.scope import Scope
from privexbot_app.ui import routes
from privexbot_app.ui.formats import say_count
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.knowledge.adding import AddingSources
from privexbot_app.ui.knowledge.cutting import ChoosingChunking, plain
from privexbot_app.ui.knowledge.retrieving import ChoosingRetrieval, reranker_choices
from privexbot_app.ui.knowledge.rows import ChunkCard
from privexbot_app.ui.knowledge.sources import SourceRow, source_rows
from privexbot_app.ui.knowledge.views import chunk_cards
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.session import ScopedState

FIRST_CHUNKS = 12
MOST_CHUNKS = 96
LONGEST_NAME = 120
LONGEST_DESCRIPTION = 2000
EDITED = ("name", "description", "settings")


class NewBaseState(AddingSources, ChoosingChunking, ChoosingRetrieval, ScopedState):
    """The form, the draft behind it, and the preview. saving: empty, saved or conflict."""

    draft_id: str = ""
    version: int = 0
    name: str = ""
    description: str = ""
    name_problem: str = ""
    saving: str = ""
    is_ready: bool = False
    is_missing: bool = False
    sources: list[SourceRow] = []
    preview_source: str = ""
    preview_limit: int = FIRST_CHUNKS
    chunks: list[ChunkCard] = []
    chunk_total: int = 0
    preview_problem: str = ""
    is_previewing: bool = False
    is_discarding: bool = False
    is_finishing: bool = False
    _preview_turn: int = 0
    _saved: dict[str, Any] = {}

    @rx.var
    def usable(self) -> list[dict[str, str]]:
        """Sources that can be previewed, for the choice."""
        ready = [row for row in self.sources if not row.problem and not row.is_pending]
        return [{"value": row.id, "text": row.name} for row in ready]

    @rx.var
    def is_reading(self) -> bool:
        """Whether a source is still being read."""
        return any(row.is_pending for row in self.sources)

    @rx.var
    def can_finish(self) -> bool:
        """Whether the draft may become a knowledge base now."""
        return bool(self.usable) and not self.is_reading and self.saving != "conflict"

    @rx.var
    def endpoint(self) -> str:
        """Where files of this draft are sent."""
        return f"/api/v1/kb/draft/{self.draft_id}/sources"

    @rx.var
    def chunk_count(self) -> str:
        """How many chunks the previewed source would have."""
        return say_count(self.chunk_total, "chunk")

    @rx.var
    def can_show_more(self) -> bool:
        """Whether more of the previewed chunks can be shown."""
        return len(self.chunks) < min(self.chunk_total, MOST_CHUNKS)

    @rx.var
    def readiness(self) -> str:
        """What stands between the draft and a knowledge base."""
        if not self.draft_id:
            return "Give it a name to begin."
        pending = sum(row.is_pending for row in self.sources)
        if pending:
            return f"Still reading {say_count(pending, 'source')}."
        failed = len(self.sources) - len(self.usable)
        left_out = f" {say_count(failed, 'source')} could not be read and will be left out." if failed else ""
        return (
            f"{say_count(len(self.usable), 'source')} ready.{left_out}" if self.usable else "Add at least one source."
        )

    @rx.event
    async def load(self) -> AsyncIterator[Any]:
        """Resume the draft in the address, or begin with an empty form."""
        scope = await self.scope()
        self.reset()
        yield  # bones, not the draft that was left
        self._prepare_adding()
        self.rerankers = reranker_choices(self.works.plugins.rerankers.configured())
        self._show_settings(KnowledgeSettings())
        wanted = self.router.url.query_parameters.get("draft", "")
        if wanted:
            try:
                self._show(await KnowledgeDraftService(self.works, scope).get(parse_id(wanted)))
            except NotFoundError:
                self.is_missing = True
        self.saving = "saved" if self.draft_id else ""
        self.is_ready = True
        if self.usable:
            yield NewBaseState.preview

    @rx.event
    async def change_name(self, name: str) -> Any:
        """Keep the name; the first one begins the draft."""
        self.name = str(name)[:LONGEST_NAME]
        self.name_problem = ""
        if not self.name.strip():
            self.name_problem = "It needs a name." if self.draft_id else ""
            return None
        scope = await self.scope()
        if self.draft_id:
            await self._save(scope)
            return None
        new = NewKnowledgeBase(name=self.name, description=self.description, settings=self._settings())
        self._show(await KnowledgeDraftService(self.works, scope).create(new))
        self.saving = "saved"
        address = routes.new_knowledge_base(self.draft_id)
        # Not a navigation: it would load the page anew and take the focus from the field.
        return rx.call_script(f"window.history.replaceState(window.history.state, '', {address!r})")

    @rx.event
    async def change_description(self, description: str) -> None:
        """Keep the description."""
        self.description = str(description)[:LONGEST_DESCRIPTION]
        await self._save(await self.scope())

    @rx.event
    async def reload_sources(self) -> Any:
        """Show what the draft holds now: after a file was taken in, and while a source is being read."""
        scope = await self.scope()
        await self._reload_sources(scope)
        return NewBaseState.preview if self.usable and not self.preview_source else None

    @rx.event
    async def remove_source(self, source_id: str) -> Any:
        """Take a source out."""
        scope = await self.scope()
        await KnowledgeDraftService(self.works, scope).remove_source(parse_id(self.draft_id), parse_id(source_id))
        await self._reload_sources(scope)
        return NewBaseState.preview

    @rx.event
    async def show_preview_of(self, source_id: str) -> Any:
        """Preview another source."""
        self.preview_source, self.preview_limit = str(parse_id(source_id)), FIRST_CHUNKS
        return NewBaseState.preview

    @rx.event
    def show_more_chunks(self) -> Any:
        """Preview more of the source."""
        self.preview_limit = min(MOST_CHUNKS, self.preview_limit * 2)
        return NewBaseState.preview

    @rx.event(background=True)
    async def preview(self) -> None:
        """Cut the chosen source with the settings as they are; a later call makes an earlier one's answer void."""
        async with self:
            scope = await self.scope()
            if not self.usable:
                self.chunks, self.chunk_total, self.preview_problem, self.is_previewing = [], 0, "", False
                return
            self._preview_turn += 1
            turn, limit, draft_id = self._preview_turn, self.preview_limit, self.draft_id
            if self.preview_source not in [choice["value"] for choice in self.usable]:
                self.preview_source = self.usable[0]["value"]
            source_id = self.preview_source
            self.is_previewing = True
        found, problem = None, ""
        try:
            service = KnowledgeDraftService(self.works, scope)
            found = await service.preview_chunks(parse_id(draft_id), parse_id(source_id), limit=limit)
        except PrivexError as error:
            problem = message_of(error)
        async with self:
            if turn != self._preview_turn:
                return
            self.is_previewing, self.preview_problem = False, problem
            self.chunks = chunk_cards(found.chunks) if found else []
            self.chunk_total = found.total if found else 0

    @rx.event
    async def load_latest(self) -> Any:
        """Give up what was typed here, and take what was saved elsewhere."""
        scope = await self.scope()
        self._show(await KnowledgeDraftService(self.works, scope).get(parse_id(self.draft_id)))
        self.saving = "saved"
        return NewBaseState.preview

    @rx.event
    async def keep_mine(self) -> Any:
        """Put what was typed here over what was saved elsewhere."""
        scope = await self.scope()
        view = await KnowledgeDraftService(self.works, scope).get(parse_id(self.draft_id))
        self.version, self.saving = view.version, "saved"
        await self._save(scope)
        return NewBaseState.preview

    @rx.event
    def ask_discard(self, is_open: bool) -> None:
        """Open or close the question."""
        self.is_discarding = bool(is_open)

    @rx.event
    async def discard(self) -> Any:
        """Throw the draft away."""
        scope = await self.scope()
        self.is_discarding = False
        await KnowledgeDraftService(self.works, scope).delete(parse_id(self.draft_id))
        self.reset()
        return [rx.toast.success("Discarded the draft."), rx.redirect(routes.knowledge_bases())]

    @rx.event
    async def finish(self) -> AsyncIterator[Any]:
        """Make the knowledge base and go there."""
        scope = await self.scope()
        self.is_finishing = True
        yield
        try:
            made = await KnowledgeDraftService(self.works, scope).finalize(parse_id(self.draft_id))
        finally:
            self.is_finishing = False
        self.reset()
        yield rx.redirect(routes.knowledge_base(str(made.kb_id)))

    async def _store_source(self, scope: Scope, source: NewSource) -> None:
        await KnowledgeDraftService(self.works, scope).add_source(parse_id(self.draft_id), source)

    async def _after_adding(self, scope: Scope) -> Any:
        await self._reload_sources(scope)
        return NewBaseState.preview if self.usable and not self.preview_source else None

    async def _reload_sources(self, scope: Scope) -> None:
        view = await KnowledgeDraftService(self.works, scope).get(parse_id(self.draft_id))
        self.sources = source_rows(view.sources)
        if self._is_unchanged_elsewhere(view):
            self.version = view.version

    async def _save_chunking(self, scope: Scope) -> Any:
        self.settings_problem = ""
        if self._has_wrong_option():
            return None
        try:
            await self._save(scope)
        except InvalidError as error:
            self.settings_problem = " ".join(plain(problem.message) for problem in error.problems) or error.message
            return None
        return NewBaseState.preview

    async def _save(self, scope: Scope) -> None:
        """Mirror the form into the draft. A conflict stays on the page until the user has decided."""
        if not self.draft_id or self.saving == "conflict":
            return
        service, draft_id = KnowledgeDraftService(self.works, scope), parse_id(self.draft_id)
        try:
            view = await service.change(draft_id, self._change())
        except StaleDraftError:
            view = await service.get(draft_id)
            if not self._is_unchanged_elsewhere(view):
                self.saving = "conflict"
                return
            self.version = view.version
            view = await service.change(draft_id, self._change())
        except DraftNotFoundError:
            self.is_missing = True
            return
        self.version, self.saving = view.version, "saved"
        self._saved = _edited_part(view)

    def _change(self) -> KnowledgeDraftChange:
        name = self.name.strip() or None
        has_problem = bool(self.settings_problem) or self._has_wrong_option()
        settings = None if has_problem else self._settings()
        return KnowledgeDraftChange(name=name, description=self.description, settings=settings, version=self.version)

    def _settings(self) -> KnowledgeSettings:
        # What has no field here, such as the vector store, stays as it was chosen elsewhere.
        kept = self._saved.get("settings", {})
        return KnowledgeSettings.model_validate({**kept, "chunking": self._chunking(), "retrieval": self._retrieval()})

    def _is_unchanged_elsewhere(self, view: KnowledgeDraftView) -> bool:
        return _edited_part(view) == self._saved

    def _show(self, view: KnowledgeDraftView) -> None:
        self.draft_id, self.version = str(view.draft_id), view.version
        self.name, self.description = view.name, view.description
        self.sources = source_rows(view.sources)
        self._show_settings(view.settings)
        self._saved = _edited_part(view)

    def _show_settings(self, settings: KnowledgeSettings) -> None:
        self._show_chunking(settings.chunking)
        self._show_retrieval(settings.retrieval)


def _edited_part(view: KnowledgeDraftView) -> dict[str, Any]:
    return view.model_dump(mode="json", include=set(EDITED))
