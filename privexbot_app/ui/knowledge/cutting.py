"""How documents are cut, as people choose it."""

from typing import Any

import reflex as rx

from privexbot_app.domains.knowledge.schemas import ChunkingSettings
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.knowledge.rows import Option, StrategyChoice
from privexbot_app.ui.knowledge.views import options_of, strategy_choices


class ChoosingChunking(rx.State, mixin=True):
    """The choices. A page's state says in `_save_chunking` where they go."""

    strategies: list[StrategyChoice] = []
    strategy: str = "heading"
    options: list[Option] = []
    settings_problem: str = ""

    @rx.event
    async def choose_strategy(self, strategy: str) -> Any:
        """Cut in another way."""
        scope = await self.scope()  # type: ignore[attr-defined]
        usual = {option.name: option.value for option in options_of(self.strategy, {})}
        fresh = options_of(str(strategy), {})
        # A size that means the same to both is kept; “whole document” has another idea of size.
        alike = {option.name for option in fresh if usual.get(option.name) == option.value}
        kept = {option.name: option.value for option in self.options if option.name in alike}
        self.strategy, self.options = str(strategy), options_of(str(strategy), kept)
        return await self._save_chunking(scope)

    @rx.event
    async def change_option(self, name: str, value: Any) -> Any:
        """Set a number of the chunker, from its field or its slider."""
        scope = await self.scope()  # type: ignore[attr-defined]
        number = _as_integer(value[0] if isinstance(value, list) and value else value)
        for option in self.options:
            if option.name != name:
                continue
            is_right = number is not None and option.minimum <= number <= option.maximum
            option.problem = "" if is_right else f"A number from {option.minimum:,} to {option.maximum:,}."
            option.value = number if number is not None else option.value
        self.options = list(self.options)
        return await self._save_chunking(scope)

    def _show_chunking(self, settings: ChunkingSettings) -> None:
        self.strategies = strategy_choices()
        self.strategy, self.settings_problem = settings.strategy, ""
        self.options = options_of(settings.strategy, settings.options)

    def _chunking(self) -> ChunkingSettings:
        return ChunkingSettings(strategy=self.strategy, options={option.name: option.value for option in self.options})

    def _has_wrong_option(self) -> bool:
        return any(option.problem for option in self.options)

    async def _save_chunking(self, scope: Scope) -> Any:
        raise NotImplementedError


def _as_integer(value: object) -> int | None:
    try:
        return int(str(value).strip())
    except ValueError:
        return None


def plain(message: str) -> str:
    """A validator's sentence without the validator's own words."""
    return message.removeprefix("Value error, ")
