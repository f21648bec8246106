"""A conversation with a draft, beside whatever the draft is made with. Pages add what they show of it.

class PreviewState(DraftChat, ScopedState):
    async def _show(self, run, scope, events): ...
"""

from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.bots.drafts import BotDraftService
from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.conversations.schemas import ChatEvent, ChatQuestion
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.redis import REDIS_DOWN
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.components.chat import ChatLine
from privexbot_app.ui.ids import id_in_path
from privexbot_app.ui.notify import RESTARTING, message_of
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.streams import until

STOP_CHECK_SECONDS = 0.2
LONGEST_QUESTION = 8000


class DraftChat(ScopedState, mixin=True):
    """The lines, and a run at a time. _run: counts questions, so that a stopped answer knows that it is over.

    _kind: of the draft whose id stands in the page's path.
    """

    lines: list[ChatLine] = []
    partial: str = ""
    is_answering: bool = False
    about: str = ""
    _kind: BotKind = BotKind.CHATBOT
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
            self._settle_run()
            self._finish(ChatLine("bot", self.partial) if self.partial else ChatLine("note", "Stopped."))

    @rx.event
    def ask_form(self, form: dict[str, Any]) -> Any:
        """Send what was typed."""
        return type(self).ask(str(form.get("question", "")))

    @rx.event(background=True)
    async def ask(self, question: str) -> None:
        """Send a message and show what comes of it. Errors become a line of the conversation."""
        question = str(question).strip()[:LONGEST_QUESTION]
        async with self:
            if self.is_answering or not question:
                return
            scope, draft_id = await self.scope(), id_in_path(self.router.url.path)
            self._run += 1
            run, session, kind = self._run, self._session, self._kind
            self.lines.append(ChatLine("visitor", question))
            self.is_answering, self.partial = True, ""
            self._clear_run()
        asked = ChatQuestion(message=question, session_id=session or None, stream=True)
        try:
            await self._show(run, scope, _answer(scope, kind, draft_id, asked))
        except PrivexError as error:
            await self._show_problem(run, message_of(error))
        except REDIS_DOWN:
            await self._show_problem(run, RESTARTING)

    async def _show(self, run: int, scope: Scope, events: AsyncGenerator[ChatEvent]) -> None:
        """Show a run's events as they come; the page's own."""
        raise NotImplementedError

    def _clear_run(self) -> None:
        """Forget what the page shows of the last run, beside the lines; the page's own."""

    def _settle_run(self) -> None:
        """Leave nothing of a stopped run going on; the page's own."""

    def _until_over(self, run: int, events: AsyncGenerator[ChatEvent]) -> AsyncGenerator[ChatEvent]:
        """The events until somebody stops the run."""

        async def is_over() -> bool:
            async with self:
                return self._run != run

        return until(events, is_over, check_seconds=STOP_CHECK_SECONDS)

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
        self._clear_run()
        self.lines, self._session = [], ""


async def _answer(scope: Scope, kind: BotKind, draft_id: UUID, question: ChatQuestion) -> AsyncGenerator[ChatEvent]:
    installation = runtime.current()
    draft = await BotDraftService(installation.works, scope, kind).get(draft_id)
    conversations = ConversationService(installation.works, installation.keys)
    events = conversations.preview(scope, draft_id, draft.config, question)
    try:
        async for event in events:
            yield event
    finally:
        await events.aclose()
