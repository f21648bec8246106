"""The chat beside the canvas: runs the draft as it is saved, and shows on the canvas which node works."""

from collections.abc import AsyncGenerator
from time import monotonic
from typing import Any

import reflex as rx
from pydantic import ValidationError

from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.chatflows.drafts import ChatflowDraftService
from privexbot_app.domains.chatflows.schemas import SingleRun
from privexbot_app.domains.conversations.schemas import ChatEvent
from privexbot_app.kit.errors import InvalidError, PrivexError
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.components.chat import ChatLine, ChatSource
from privexbot_app.ui.ids import id_in_path
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.trials import DraftChat

FLUSH_SECONDS = 0.05
MOST_RUNS = 300


class SingleRunUnreadableError(InvalidError):
    """Values for a node that cannot be read."""

    code = "single_run_unreadable"


class TryState(DraftChat, ScopedState):
    """One conversation with the draft. lights: status by node; runs: traces of the last turn, and of single runs."""

    options: list[str] = []
    lights: dict[str, str] = {}
    runs: list[dict[str, Any]] = []
    _kind: BotKind = BotKind.CHATFLOW

    @rx.event
    async def run_node(self, single: dict[str, Any]) -> None:
        """Run one node alone with given values; its trace is shown beside its settings."""
        scope = await self.scope()
        node_id = str(single.get("node_id", ""))
        try:
            values = SingleRun(message=single.get("message", ""), values=single.get("values", {}))
        except ValidationError as error:
            raise SingleRunUnreadableError("These values cannot be read.") from error
        drafts = ChatflowDraftService(self.works, scope)
        try:
            done = await drafts.run_node(id_in_path(self.router.url.path), node_id, values)
        except PrivexError:
            self.runs = list(self.runs)  # the page waits for another list
            raise
        trace = done.run.model_dump(mode="json")
        if done.said:
            trace["outputs"] = {**trace["outputs"], "said": done.said}
        self.runs = [*self.runs, trace][-MOST_RUNS:]
        self.lights = {**self.lights, node_id: done.run.status}

    async def _show(self, run: int, scope: Scope, events: AsyncGenerator[ChatEvent]) -> None:
        seen = _Seen()
        async for event in self._until_over(run, events):
            seen.take(event)
            if event.name not in ("run.finished", "error") and monotonic() - seen.shown_at < FLUSH_SECONDS:
                continue
            async with self:
                if self._run != run:
                    return
                self.partial, self.lights, self.runs = seen.said, dict(seen.lights), list(seen.runs)
                if event.name == "run.finished":
                    self._session, self.options = event.data["session_id"], seen.options
                    self._finish(ChatLine("bot", seen.said, seen.sources) if seen.said.strip() else None)
                    self.lines += seen.notes
                elif event.name == "error":
                    self._finish(ChatLine("problem", event.data["message"]))
            seen.shown_at = monotonic()

    def _clear_run(self) -> None:
        self.options, self.lights, self.runs = [], {}, []

    def _settle_run(self) -> None:
        self.lights = {id: status for id, status in self.lights.items() if status != "running"}


class _Seen:
    """What a run has told so far."""

    def __init__(self) -> None:
        self.said = ""
        self.lights: dict[str, str] = {}
        self.runs: list[dict[str, Any]] = []
        self.sources: list[ChatSource] = []
        self.notes: list[ChatLine] = []
        self.options: list[str] = []
        self.shown_at = 0.0

    def take(self, event: ChatEvent) -> None:
        """Add an event."""
        data = event.data
        match event.name:
            case "token":
                self.said += data["delta"]
            case "node.started":
                self.lights[data["node_id"]] = "running"
            case "node.finished":
                self.lights[data["node_id"]] = data["status"]
                self.runs = [*self.runs, data][-MOST_RUNS:]
            case "citation":
                self.sources.append(_source(data))
            case "handoff":
                self.notes.append(ChatLine("note", f"A person takes over here. {data.get('reason', '')}".strip()))
            case "lead.request":
                self.notes.append(ChatLine("note", f"The visitor sees a form: {', '.join(data['fields'])}."))
            case "run.finished":
                self.said = data["response"]
                self.options = list((data.get("ask") or {}).get("options", []))


def _source(data: dict[str, Any]) -> ChatSource:
    place = f"Page {data['page']}" if data.get("page") else ""
    url = data.get("url") or ""
    safe = url if url.startswith(("https://", "http://")) else ""
    return ChatSource(data["index"], data["title"], data["snippet"], place, safe)
