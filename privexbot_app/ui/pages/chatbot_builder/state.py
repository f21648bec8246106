"""The draft that is being edited. This state holds what was typed; Redis mirrors it within a second.

What could not be saved stays in `unsaved` and is tried again, so that a failure costs nobody a word. A draft that was
changed elsewhere is never overwritten unless the user says so.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.bots.drafts import BotDraftService, FieldsInvalidError
from privexbot_app.domains.bots.schemas import BotConfig, BotDraftView
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.kit.drafts import DraftNotFoundError, StaleDraftError
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.redis import REDIS_DOWN
from privexbot_app.ui import routes
from privexbot_app.ui.formats import say_count
from privexbot_app.ui.ids import id_in_path, parse_id
from privexbot_app.ui.pages.chatbot_builder.fields import (
    DEFAULT_PROVIDER,
    FIELDS,
    KNOWLEDGE,
    LONGEST_VALUE,
    element_id,
    sentences_by_field,
    tab_of,
    to_change,
    to_texts,
)
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.statuses import base_status

log = get_logger(__name__)

EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)
RETRY_SECONDS = (1, 2, 4, 8, 15, 30)


@dataclass
class BaseRow:
    """A knowledge base to choose."""

    id: str
    name: str
    documents: str
    status: str
    tone: str


class BuilderState(ScopedState):
    """The form, its saving, and its conflicts.

    saving: saved, saving, failed, invalid, conflict or gone.
    stamp: changes with every answer to a change; assets/dashboard.js keeps what was typed until then.
    """

    held_id: str = ""
    live_id: str = ""
    version: int = 0
    revision: int = 0
    texts: dict[str, str] = to_texts(BotConfig())
    problems: dict[str, str] = {}
    unsaved: list[str] = []
    saving: str = "saved"
    stamp: int = 0
    is_retrying: bool = False
    is_ready: bool = False
    is_missing: bool = False
    tab: str = "general"
    pane: str = "edit"
    bases: list[BaseRow] = []
    providers: list[dict[str, str]] = []
    default_provider: str = ""
    stand_ins: list[str] = []

    @rx.var
    def chosen_bases(self) -> list[str]:
        """Ids of the knowledge bases that the chatbot reads."""
        return self.texts[KNOWLEDGE].splitlines()

    @rx.var
    def questions(self) -> list[str]:
        """The suggested questions."""
        return [line for line in self.texts["suggested_questions"].splitlines() if line.strip()]

    @rx.var
    def lacks_model(self) -> bool:
        """Whether answers are quoted from documents, as no language model is connected."""
        chosen = self.texts["llm.provider"]
        return (self.default_provider if chosen == DEFAULT_PROVIDER else chosen) in self.stand_ins

    @rx.var
    def troubled_tabs(self) -> list[str]:
        """Tabs with a field that is not right."""
        return sorted({tab_of(path) for path in self.problems})

    @rx.event
    async def load(self) -> None:
        """Show the draft as Redis has it; what this tab has not saved yet goes there first."""
        scope = await self.scope()
        self.is_missing = False
        try:
            draft_id = id_in_path(self.router.url.path)
            if self.held_id == str(draft_id) and self.unsaved:
                await self._save()
            else:
                self._take(await BotDraftService(self.works, scope).get(draft_id))
        except NotFoundError:
            self.is_missing, self.is_ready = True, False
            return
        self._list_models()
        await self._list_bases()
        self.is_ready = True

    @rx.event
    async def edit(self, path: str, value: Any) -> AsyncIterator[Any]:
        """Keep what was typed and save it."""
        if path not in FIELDS:
            return
        self._keep(str(path), str(value)[:LONGEST_VALUE])
        yield
        yield await self._save()

    @rx.event
    async def slide(self, path: str, values: list[float]) -> AsyncIterator[Any]:
        """Keep where a slider was left and save it."""
        if path not in FIELDS or not values:
            return
        self._keep(str(path), f"{float(values[0]):g}")
        yield
        yield await self._save()

    @rx.event
    async def choose_base(self, base_id: str, is_chosen: bool) -> AsyncIterator[Any]:
        """Have the chatbot read a knowledge base, or not."""
        chosen = [known for known in self.texts[KNOWLEDGE].splitlines() if known != str(parse_id(base_id))]
        if is_chosen:
            chosen.append(str(parse_id(base_id)))
        self._keep(KNOWLEDGE, "\n".join(chosen))
        yield
        yield await self._save()

    @rx.event
    async def save_now(self) -> Any:
        """Try again at once."""
        return await self._save()

    @rx.event
    async def load_latest(self) -> None:
        """Give up what this tab has, for what was saved elsewhere."""
        scope = await self.scope()
        self._take(await BotDraftService(self.works, scope).get(parse_id(self.held_id)))

    @rx.event
    async def keep_mine(self) -> Any:
        """Overwrite what was saved elsewhere with what this tab has."""
        self.unsaved, self.version = list(FIELDS), 0
        return await self._save()

    @rx.event
    async def save_as_new(self) -> Any:
        """Make a new draft of what this tab has, when its own is gone: of the live chatbot, if it was deployed."""
        scope = await self.scope()
        drafts = BotDraftService(self.works, scope)
        fields = to_change(self.texts, FIELDS)
        try:
            live = await drafts.create_from(parse_id(self.live_id or self.held_id))
            draft = await drafts.change(live.draft_id, fields, version=live.version)
        except NotFoundError:
            draft = await drafts.create(fields)
        self.unsaved = []
        return rx.redirect(routes.chatbot_builder(str(draft.draft_id)))

    @rx.event(background=True)
    async def retry(self) -> None:
        """Save again and again, ever more slowly, until it works."""
        async with self:
            if self.is_retrying:
                return
            self.is_retrying = True
        for seconds in RETRY_SECONDS:
            await asyncio.sleep(seconds)
            async with self:
                if self.saving == "failed":
                    await self._save()
                if self.saving != "failed":
                    break
        async with self:
            self.is_retrying = False

    @rx.event
    async def choose_tab(self, tab: str) -> None:
        """Show another tab; the knowledge bases are looked up again, as their status changes by itself."""
        self.tab = str(tab)
        if self.tab == "knowledge":
            await self._list_bases()

    @rx.event
    def choose_pane(self, pane: str | list[str]) -> None:
        """On phones: the form or the chat."""
        self.pane = "chat" if pane == "chat" else "edit"

    @rx.event
    def go_to(self, path: str) -> Any:
        """Show a field and put the cursor there."""
        self.tab, self.pane = tab_of(str(path)), "edit"
        return rx.call_script(f"window.privexbot.focus({element_id(str(path))!r})") if path in FIELDS else None

    def _keep(self, path: str, value: str) -> None:
        self.texts[path] = value
        self.problems.pop(path, None)
        if path not in self.unsaved:
            self.unsaved.append(path)
        if self.saving not in ("conflict", "gone"):
            self.saving = "saving"

    async def _save(self) -> Any:
        """Send what is unsaved. Returns the event that tries again, if that makes sense."""
        self.stamp += 1
        if self.saving in ("conflict", "gone") and self.version:
            return None
        try:
            scope = await self.scope()
            await self._send(BotDraftService(self.works, scope))
        except StaleDraftError:
            self.saving = "conflict"
        except DraftNotFoundError:
            self.saving = "gone"
        except REDIS_DOWN as error:
            log.error("draft.not_saved", error=type(error).__name__)
            self.saving = "failed"
            return BuilderState.retry
        return None

    async def _send(self, drafts: BotDraftService) -> None:
        """Save all fields that are right; those that are not stay unsaved, each with its problem."""
        wrong: dict[str, str] = {}
        while paths := [path for path in self.unsaved if path not in wrong]:
            try:
                view = await drafts.change(
                    parse_id(self.held_id), to_change(self.texts, paths), version=self.version or None
                )
            except FieldsInvalidError as error:
                found = sentences_by_field(error.problems)
                if not found.keys() & set(paths):
                    raise
                wrong |= found
                continue
            self.version, self.unsaved = view.version, [path for path in self.unsaved if path in wrong]
            break
        self.problems = wrong
        self.saving = "invalid" if wrong else "saved"

    def _take(self, view: BotDraftView) -> None:
        self.held_id, self.version = str(view.draft_id), view.version
        self.live_id = str(view.bot_id or "")
        self.texts, self.problems, self.unsaved = to_texts(view.config), {}, []
        self.saving = "saved"
        self.revision += 1

    def _list_models(self) -> None:
        plugins = runtime.current().works.plugins
        models = {name: plugins.llms.get(name) for name in plugins.llms.configured()}
        self.default_provider = plugins.defaults.llm
        self.stand_ins = [name for name, model in models.items() if not model.is_language_model]
        default = models[self.default_provider].label if self.default_provider in models else self.default_provider
        self.providers = [
            {"value": DEFAULT_PROVIDER, "text": f"This installation’s default ({default})"},
            *({"value": name, "text": model.label} for name, model in models.items()),
        ]

    async def _list_bases(self) -> None:
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            bases = (await KnowledgeService(work).list_bases(EVERYTHING)).items
        self.bases = [
            BaseRow(str(base.id), base.name, say_count(base.documents.total, "document"), *base_status(base.status))
            for base in bases
        ]
