"""How passages are found, as the wizard lets people choose it."""

from typing import Any

import reflex as rx

from privexbot_app.domains.knowledge.schemas import RetrievalSettings
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.knowledge.wording import MODE_WORDS, say_reranker

NO_RERANKER = "none"
NUMBERS = {
    "limit": "A number from 1 to 50.",
    "expand_neighbours": "A number from 0 to 5.",
    "diversity": "A number from 0 to 100.",
    "max_tokens": "A number from 50 to 200,000, or nothing.",
}


class ChoosingRetrieval(rx.State, mixin=True):
    """The choices. A page's state says in `_save` where they go.

    kept_retrieval: all settings as they are, also those that have no field here. diversity: in percent.
    """

    mode: str = RetrievalSettings().mode.value
    limit: str = ""
    reranker: str = NO_RERANKER
    rerankers: list[dict[str, str]] = []
    expand_neighbours: str = ""
    diversity: str = ""
    max_tokens: str = ""
    retrieval_problems: dict[str, str] = {}
    kept_retrieval: dict[str, Any] = {}

    @rx.event
    async def choose_mode(self, mode: str | list[str]) -> None:
        """Choose how passages are found."""
        scope = await self.scope()  # type: ignore[attr-defined]
        if str(mode) in MODE_WORDS:
            await self._change_retrieval(scope, "mode", str(mode))

    @rx.event
    async def choose_reranker(self, name: str) -> None:
        """Choose what takes a second look at the passages."""
        scope = await self.scope()  # type: ignore[attr-defined]
        if str(name) in [choice["value"] for choice in self.rerankers]:
            await self._change_retrieval(scope, "rerank", None if name == NO_RERANKER else str(name))

    @rx.event
    async def change_number(self, name: str, value: str) -> None:
        """Set a number; one that does not fit says so and is not kept."""
        scope = await self.scope()  # type: ignore[attr-defined]
        if str(name) in NUMBERS:
            await self._change_retrieval(scope, str(name), str(value).strip())

    async def _change_retrieval(self, scope: Scope, name: str, value: str | None) -> None:
        try:
            settings = RetrievalSettings.model_validate({**self.kept_retrieval, name: _parse(name, value)})
        except ValueError:
            self.retrieval_problems = {**self.retrieval_problems, name: NUMBERS[name]}
            return
        self._show_retrieval(settings)
        await self._save(scope)

    def _show_retrieval(self, settings: RetrievalSettings) -> None:
        self.kept_retrieval, self.retrieval_problems = settings.model_dump(mode="json"), {}
        self.mode, self.limit = settings.mode.value, f"{settings.limit}"
        self.reranker, self.expand_neighbours = settings.rerank or NO_RERANKER, f"{settings.expand_neighbours}"
        self.diversity = f"{round(settings.diversity * 100)}"
        self.max_tokens = f"{settings.max_tokens or ''}"

    def _retrieval(self) -> RetrievalSettings:
        return RetrievalSettings.model_validate(self.kept_retrieval)

    async def _save(self, scope: Scope) -> None:
        raise NotImplementedError


def reranker_choices(configured: list[str]) -> list[dict[str, str]]:
    """Every reranker that can be used here, after none.

    >>> reranker_choices(["lexical"])
    [{'value': 'none', 'text': 'None'}, {'value': 'lexical', 'text': 'Nearness of the question’s words'}]
    """
    names = [{"value": name, "text": say_reranker(name)} for name in configured]
    return [{"value": NO_RERANKER, "text": "None"}, *names]


def _parse(name: str, value: str | None) -> str | int | float | None:
    """What a field's text means. Raises ValueError for a text that is no number."""
    if name == "diversity":
        return int(value or "") / 100
    if name == "max_tokens" and not value:
        return None
    return int(value or "") if name in NUMBERS else value
