"""The draft on the canvas. The browser holds what is drawn; each gesture comes as one commit and is saved in Redis.

A commit builds on one reading of the draft (`rev`). A draft that was changed elsewhere is never overwritten unless the
user says so.
"""

from typing import Any

import reflex as rx
from pydantic import BaseModel, ValidationError

from privexbot_app import runtime
from privexbot_app.domains.bots.drafts import FieldsInvalidError
from privexbot_app.domains.bots.schemas import BotDraftView
from privexbot_app.domains.chatflows.drafts import ChatflowDraftService
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.kit.drafts import DraftNotFoundError, StaleDraftError
from privexbot_app.kit.errors import NotFoundError, PrivexError
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.redis import REDIS_DOWN
from privexbot_app.ui import routes
from privexbot_app.ui.canvas import PatchInvalidError, apply_patch, read_graph, read_patch
from privexbot_app.ui.ids import id_in_path, parse_id
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.pages.chatflow_editor.choices import list_choices
from privexbot_app.ui.pages.chatflow_editor.insight import list_kinds, to_insight
from privexbot_app.ui.session import ScopedState

log = get_logger(__name__)

LONGEST_NAME = 80
ASK_GRAPH = "window.privexbotFlow.graph()"


class Commit(BaseModel):
    """One gesture, as the browser sends it. seq: counts commits; comes back when this one is saved."""

    rev: int
    seq: int
    patch: dict[str, Any]


class SeedState(ScopedState):
    """What changes only when a flow is opened; kept apart, as every commit writes the state that it touches."""

    seed: dict[str, Any] = {"rev": 0, "draft": "", "graph": GraphSpec().model_dump(mode="json")}
    kinds: list[dict[str, Any]] = []
    choices: dict[str, list[dict[str, str]]] = {}


class EditorState(ScopedState):
    """The draft's saving and its conflicts.

    saving: saved, failed, invalid, conflict or gone.
    ack, refused: `seq` of the last commit that was, or was not, taken.
    """

    held_id: str = ""
    live_id: str = ""
    name: str = ""
    version: int = 0
    rev: int = 0
    ack: int = 0
    refused: int = 0
    refusal: str = ""
    saving: str = "saved"
    insight: dict[str, Any] = {}
    is_ready: bool = False
    is_missing: bool = False
    pane: str = ""
    _is_looking: bool = False

    @rx.event
    async def load(self) -> Any:
        """Show the draft as Redis has it."""
        scope = await self.scope()
        self.is_missing, self._is_looking = False, False
        try:
            draft = await ChatflowDraftService(self.works, scope).get(id_in_path(self.router.url.path))
        except NotFoundError:
            self.is_missing = self.is_ready = True
            return None
        seeded = await self.get_state(SeedState)
        seeded.kinds, seeded.choices = list_kinds(), await list_choices(self.works, scope)
        await self._take(draft)
        self.pane = "versions" if self.router.url.query_parameters.get("versions") == "1" else ""
        self.is_ready = True
        return EditorState.look

    @rx.event
    async def commit(self, change: dict[str, Any]) -> Any:
        """Save what one gesture changed."""
        scope = await self.scope()
        try:
            commit = Commit.model_validate(change)
        except ValidationError as error:
            raise PatchInvalidError("This change cannot be read.") from error
        if commit.rev != self.rev or self.saving in ("conflict", "gone"):
            return None
        try:
            await self._save(ChatflowDraftService(self.works, scope), commit)
        except StaleDraftError:
            self.saving = "conflict"
        except DraftNotFoundError:
            self.saving = "gone"
        except (PatchInvalidError, FieldsInvalidError) as error:
            self.saving, self.refused, self.refusal = "invalid", commit.seq, message_of(error)
        except REDIS_DOWN as error:
            log.error("draft.not_saved", error=type(error).__name__)
            self.saving = "failed"
        else:
            self.saving, self.ack = "saved", commit.seq
            return EditorState.look
        return None

    @rx.event
    async def rename(self, name: str) -> Any:
        """Give the chatflow another name."""
        scope = await self.scope()
        wanted = str(name).strip()[:LONGEST_NAME]
        if not wanted or wanted == self.name:
            return
        try:
            drafts = ChatflowDraftService(self.works, scope)
            draft = await drafts.change(parse_id(self.held_id), {"name": wanted}, version=self.version)
        except StaleDraftError:
            self.saving = "conflict"
            return
        self.name, self.version = draft.config.name, draft.version

    @rx.event
    async def load_latest(self) -> Any:
        """Give up what this tab has, for what was saved elsewhere."""
        scope = await self.scope()
        await self._take(await ChatflowDraftService(self.works, scope).get(parse_id(self.held_id)))
        return EditorState.look

    @rx.event
    async def keep_mine(self) -> Any:
        """Ask the browser for all that it has, to overwrite what was saved elsewhere."""
        await self.scope()
        return rx.call_script(ASK_GRAPH, callback=EditorState.overwrite)

    @rx.event
    async def overwrite(self, graph: dict[str, Any]) -> Any:
        """Save this tab's flow, whatever was there."""
        scope = await self.scope()
        whole = read_graph(graph).model_dump(mode="json")
        drafts = ChatflowDraftService(self.works, scope)
        await self._take(await drafts.change(parse_id(self.held_id), {"graph": whole}, version=None))
        return EditorState.look

    @rx.event
    async def save_as_new(self) -> Any:
        """Ask the browser for all that it has, to make a new draft of it, when its own is gone."""
        await self.scope()
        return rx.call_script(ASK_GRAPH, callback=EditorState.begin_anew)

    @rx.event
    async def begin_anew(self, graph: dict[str, Any]) -> Any:
        """Make a new draft of this tab's flow: of the live chatflow, if there is one."""
        scope = await self.scope()
        drafts = ChatflowDraftService(self.works, scope)
        fields = {"name": self.name, "graph": read_graph(graph).model_dump(mode="json")}
        try:
            live = await drafts.create_from(parse_id(self.live_id or self.held_id))
            draft = await drafts.change(live.draft_id, fields, version=live.version)
        except NotFoundError:
            draft = await drafts.create(fields)
        return rx.redirect(routes.chatflow_editor(str(draft.draft_id)))

    @rx.event
    def choose_pane(self, pane: str) -> None:
        """Open or close what stands beside the canvas."""
        self.pane = "" if self.pane == pane else str(pane)

    @rx.event(background=True)
    async def look(self) -> None:
        """Have the draft checked, once more for as long as it goes on changing; one at a time."""
        async with self:
            scope = await self.scope()
            if self._is_looking or not self.held_id:
                return
            self._is_looking, draft_id = True, parse_id(self.held_id)
        drafts = ChatflowDraftService(runtime.current().works, scope)
        version = -1
        while True:
            try:
                inspection = await drafts.inspect(draft_id)
            except (PrivexError, *REDIS_DOWN) as error:
                log.info("draft.not_inspected", error=type(error).__name__)
                inspection = None
            async with self:
                if inspection is not None:
                    self.insight = to_insight(inspection)
                if inspection is None or self.version == version or str(draft_id) != self.held_id:
                    self._is_looking = False
                    return
                version = self.version

    async def _save(self, drafts: ChatflowDraftService, commit: Commit) -> None:
        patch = read_patch(commit.patch)
        draft_id = parse_id(self.held_id)
        draft = await drafts.get(draft_id)
        if draft.version > self.version:
            raise StaleDraftError(current_version=draft.version)
        graph = apply_patch(draft.config.graph or GraphSpec(), patch)
        saved = await drafts.change(draft_id, {"graph": graph.model_dump(mode="json")}, version=self.version)
        self.version = saved.version

    async def _take(self, draft: BotDraftView) -> None:
        self.held_id, self.version = str(draft.draft_id), draft.version
        self.live_id, self.name = str(draft.bot_id or ""), draft.config.name
        self.saving, self.refusal, self.ack, self.refused = "saved", "", 0, 0
        self.rev += 1
        seeded = await self.get_state(SeedState)
        graph = draft.config.graph or GraphSpec()
        seeded.seed = {"rev": self.rev, "draft": self.held_id, "graph": graph.model_dump(mode="json")}
