"""The chat beside the form: asks the draft as it is saved, with real retrieval and the real model."""

from collections.abc import AsyncGenerator, Sequence
from time import monotonic
from uuid import UUID

from privexbot_app import runtime
from privexbot_app.domains.conversations.schemas import ChatEvent, CitationView
from privexbot_app.domains.knowledge.browsing import DocumentBrowser
from privexbot_app.kit.scope import Scope
from privexbot_app.ui import routes
from privexbot_app.ui.components.chat import ChatLine, ChatSource
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.trials import DraftChat

FLUSH_SECONDS = 0.04


class PreviewState(DraftChat, ScopedState):
    """One conversation with the draft; each citation leads to its passage."""

    async def _show(self, run: int, scope: Scope, events: AsyncGenerator[ChatEvent]) -> None:
        said, shown_at = "", 0.0
        async for event in self._until_over(run, events):
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
