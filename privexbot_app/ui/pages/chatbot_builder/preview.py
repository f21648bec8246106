"""The chat beside the form: asks the draft as it is saved, with real retrieval and the real model."""

from collections.abc import AsyncGenerator, Sequence
from time import monotonic
from typing import Any
from uuid import UUID

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.bots.drafts import BotDraftService
from privexbot_app.domains.conversations.schemas import ChatEvent, ChatQuestion, CitationView
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.domains.knowledge.browsing import DocumentBrowser
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.redis import REDIS_DOWN
from privexbot_app.kit.scope import Scope
from privexbot_app.ui import routes
from privexbot_app.ui.components.chat import ChatLine, ChatSource
from privexbot_app.ui.ids import id_in_path
from privexbot_app.ui.notify import RESTARTING, message_of
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.streams import until

FLUSH_SECONDS = 0.04
STOP_CHECK_SECONDS = 0.2
LONGEST_QUESTION = 8000


class PreviewState(ScopedState):
    """One conversation with the draft. run: counts questions, so that a stopped answer knows that it is over."""

    lines: list[ChatLine] = []
    partial: str = ""
    is_answering: bool = False
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
        """Keep what was said so far and end the answer."""
        if self.is_answering:
            self._finish(ChatLine("bot", self.partial) if self.partial else ChatLine("note", "Stopped."))

    @rx.event
    def ask_form(self, form: dict[str, Any]) -> Any:
        """Ask what was typed."""
        return PreviewState.ask(str(form.get("question", "")))

    @rx.event(background=True)
    async def ask(self, question: str) -> None:
        """Ask and show the answer as it comes. Errors become a line of the conversation."""
        question = str(question).strip()[:LONGEST_QUESTION]
        async with self:
            if self.is_answering or not question:
                return
            scope, draft_id = await self.scope(), id_in_path(self.router.url.path)
            self._run += 1
            run, session = self._run, self._session
            self.lines.append(ChatLine("visitor", question))
            self.is_answering, self.partial = True, ""
        asked = ChatQuestion(message=question, session_id=session or None, stream=True)
        try:
            await self._show_answer(run, scope, _answer(scope, draft_id, asked))
        except PrivexError as error:
            await self._show_problem(run, message_of(error))
        except REDIS_DOWN:
            await self._show_problem(run, RESTARTING)

    async def _show_answer(self, run: int, scope: Scope, events: AsyncGenerator[ChatEvent]) -> None:
        said, shown_at = "", 0.0

        async def is_over() -> bool:
            async with self:
                return self._run != run

        async for event in until(events, is_over, check_seconds=STOP_CHECK_SECONDS):
            if event.name == "token":
                said += event.data["delta"]
                if monotonic() - shown_at >= FLUSH_SECONDS:
                    async with self:
                        if self._run != run:
                            return
                        self.partial = said
                    shown_at = monotonic()
            elif event.name == "run.finished":
                citations = [CitationView.model_validate(cited) for cited in event.data["citations"]]
                bases = await _bases_of(scope, citations)
                async with self:
                    if self._run == run:
                        self._session = event.data["session_id"]
                        sources = [_source(cited, bases.get(cited.document_id)) for cited in citations]
                        self._finish(ChatLine("bot", event.data["response"], sources))
            elif event.name == "error":
                await self._show_problem(run, event.data["message"])

    async def _show_problem(self, run: int, message: str) -> None:
        async with self:
            if self._run == run:
                self._finish(ChatLine("problem", message))

    def _finish(self, line: ChatLine | None) -> None:
        self._run += 1
        if line is not None:
            self.lines.append(line)
        self.is_answering, self.partial = False, ""

    def _begin_anew(self) -> None:
        self._finish(None)
        self.lines, self._session = [], ""


async def _answer(scope: Scope, draft_id: Any, question: ChatQuestion) -> AsyncGenerator[ChatEvent]:
    installation = runtime.current()
    draft = await BotDraftService(installation.works, scope).get(draft_id)
    conversations = ConversationService(installation.works, installation.keys)
    events = conversations.preview(scope, draft_id, draft.config, question)
    try:
        async for event in events:
            yield event
    finally:
        await events.aclose()


async def _bases_of(scope: Scope, citations: Sequence[CitationView]) -> dict[UUID, UUID]:
    """The knowledge bases of cited documents; none for those who may build bots but not look into documents."""
    if not citations or "kb.read" not in scope.permissions:
        return {}
    async with runtime.current().works.open(scope, read_only=True) as work:
        return await DocumentBrowser(work).find_bases([cited.document_id for cited in citations])


def _source(cited: CitationView, base_id: UUID | None) -> ChatSource:
    place = f"Page {cited.page}" if cited.page else ""
    url = cited.url if cited.url and cited.url.startswith(("https://", "http://")) else ""
    address = routes.document(str(base_id), str(cited.document_id)) if base_id else ""
    passage = f"{address}?start={cited.start}&end={cited.end}" if address else ""
    return ChatSource(cited.index, cited.title, cited.snippet, place, url, passage)
