"""The chat beside the canvas: runs the draft as it is saved, and shows on the canvas which node works."""

from collections.abc import AsyncGenerator
from time import monotonic
from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError

from privexbot_app import runtime
from privexbot_app.domains.chatflows.drafts import ChatflowDraftService
from privexbot_app.domains.chatflows.schemas import SingleRun
from privexbot_app.domains.conversations.schemas import ChatEvent, ChatQuestion
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.kit.errors import InvalidError, PrivexError
from privexbot_app.kit.redis import REDIS_DOWN
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.components.chat import ChatLine, ChatSource
from privexbot_app.ui.ids import id_in_path
from privexbot_app.ui.notify import RESTARTING, message_of
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.streams import until

FLUSH_SECONDS = 0.05
STOP_CHECK_SECONDS = 0.2
LONGEST_QUESTION = 8000
MOST_RUNS = 300


class SingleRunUnreadableError(InvalidError):
    """Values for a node that cannot be read."""

    code = "single_run_unreadable"


class TryState(ScopedState):
    """One conversation with the draft. lights: status by node; runs: traces of the last turn, and of single runs."""

    lines: list[ChatLine] = []
    partial: str = ""
    is_answering: bool = False
    options: list[str] = []
    lights: dict[str, str] = {}
    runs: list[dict[str, Any]] = []
    about: str = ""
    _run: int = 0
    _session: str = ""

    @rx.event
    async def open(self) -> None:
        """Begin anew when the page shows another draft than before."""
        await self.scope()
        if self.about != self.router.url.path:
            self._begin_anew()
            self.about = self.router.url.path

    @rx.event
    def restart(self) -> None:
        """Forget the conversation."""
        self._begin_anew()

    @rx.event
    def stop(self) -> None:
        """Keep what was said so far and end the run."""
        if self.is_answering:
            self.lights = {id: status for id, status in self.lights.items() if status != "running"}
            self._finish(ChatLine("bot", self.partial) if self.partial else ChatLine("note", "Stopped."))

    @rx.event
    def ask_form(self, form: dict[str, Any]) -> Any:
        """Send what was typed."""
        return TryState.ask(str(form.get("question", "")))

    @rx.event(background=True)
    async def ask(self, question: str) -> None:
        """Send a message and show the flow at work. Errors become a line of the conversation."""
        question = str(question).strip()[:LONGEST_QUESTION]
        async with self:
            if self.is_answering or not question:
                return
            scope, draft_id = await self.scope(), id_in_path(self.router.url.path)
            self._run += 1
            run, session = self._run, self._session
            self.lines.append(ChatLine("visitor", question))
            self.is_answering, self.partial, self.options = True, "", []
            self.lights, self.runs = {}, []
        asked = ChatQuestion(message=question, session_id=session or None, stream=True)
        try:
            await self._show_run(run, _answer(scope, draft_id, asked))
        except PrivexError as error:
            await self._end(run, ChatLine("problem", message_of(error)))
        except REDIS_DOWN:
            await self._end(run, ChatLine("problem", RESTARTING))

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

    async def _show_run(self, run: int, events: AsyncGenerator[ChatEvent]) -> None:
        seen = _Seen()

        async def is_over() -> bool:
            async with self:
                return self._run != run

        async for event in until(events, is_over, check_seconds=STOP_CHECK_SECONDS):
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

    async def _end(self, run: int, line: ChatLine) -> None:
        async with self:
            if self._run == run:
                self._finish(line)

    def _finish(self, line: ChatLine | None) -> None:
        self._run += 1
        if line is not None:
            self.lines.append(line)
        self.is_answering, self.partial = False, ""

    def _begin_anew(self) -> None:
        self._finish(None)
        self.lines, self.options, self.lights, self.runs, self._session = [], [], {}, [], ""


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


async def _answer(scope: Scope, draft_id: UUID, question: ChatQuestion) -> AsyncGenerator[ChatEvent]:
    installation = runtime.current()
    draft = await ChatflowDraftService(installation.works, scope).get(draft_id)
    conversations = ConversationService(installation.works, installation.keys)
    events = conversations.preview(scope, draft_id, draft.config, question)
    try:
        async for event in events:
            yield event
    finally:
        await events.aclose()
