"""Repeats the nodes inside it: for each item of a list, a number of times, or until something holds."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from privexbot_app.flow.comparing import Comparison, holds
from privexbot_app.flow.node import Call, Context, NodeConfig, NodeType, Outcome, Output, Result, node
from privexbot_app.flow.values import Reference

MOST_PASSES = 500


@node("loop", label="Loop", description="Repeats what is inside.", icon="repeat", category="logic", is_container=True)
class Loop(NodeType):
    """Each pass sees `item` and `index` under the loop's id; what the pass's End names is one entry of `results`."""

    class Config(NodeConfig):
        """over: for each item of `items`; `times`; or `until` the comparisons hold after a pass;
        they may name the nodes inside.

        most_passes: a bound for every kind, so that no loop runs for ever.
        """

        over: Literal["items", "times", "until"] = "items"
        items: Reference = ""
        times: int = Field(3, ge=0, le=MOST_PASSES)
        until: list[Comparison] = Field([], max_length=20)
        most_passes: int = Field(50, ge=1, le=MOST_PASSES)

    def outputs(self, config: Any) -> Sequence[Output]:
        return (
            Output("results", "list", "What each pass gave, in order."),
            Output("count", "number", "How many passes there were."),
            Output("item", "any", "Inside: the item of this pass."),
            Output("index", "number", "Inside: the number of this pass, from 0."),
        )

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if config.over == "items" and not config.items:
            return (("items", "loop_items_missing", "Choose the list to go through."),)
        if config.over == "until" and not config.until:
            return (("until", "loop_until_missing", "Say when the loop ends."),)
        return ()

    async def run(self, config: Config, context: Context) -> Result:
        returned = context.returned
        if returned is None:
            state: dict[str, Any] = {"items": self._items(config, context), "results": [], "is_tainted": False}
        else:
            context.has_read_tainted = context.has_read_tainted or returned.is_tainted or returned.state["is_tainted"]
            state = {**returned.state, "results": [*returned.state["results"], dict(returned.outputs)]}
            state["is_tainted"] = context.has_read_tainted
        index = len(state["results"])
        if self._is_over(config, context, state, index):
            return Outcome({"results": [_single(result) for result in state["results"]], "count": index})
        item = state["items"][index] if config.over == "items" else index
        return Call(inputs={"item": item, "index": index}, state=state)

    def _items(self, config: Config, context: Context) -> list[Any]:
        if config.over != "items":
            return []
        value = context.value(config.items)
        if isinstance(value, list | tuple):
            return list(value)
        return [] if value in (None, "") else [value]

    def _is_over(self, config: Config, context: Context, state: dict[str, Any], index: int) -> bool:
        if index >= config.most_passes:
            return True
        match config.over:
            case "items":
                return index >= len(state["items"])
            case "times":
                return index >= config.times
        return index > 0 and all(holds(comparison, context.render) for comparison in config.until)


def _single(result: dict[str, Any]) -> Any:
    """A pass that gives one value counts as that value, so that a list of answers is a list of texts."""
    return next(iter(result.values())) if len(result) == 1 else result
