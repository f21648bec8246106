"""Ends a way through the flow, or one pass through a loop, with values."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, Port, node
from privexbot_app.flow.values import LongTemplate, Template


@node("end", label="End", description="Ends here, with values if wanted.", icon="flag", category="logic", is_end=True)
class End(NodeType):
    """What it names are the outputs of the flow: for a parent flow, for a loop's list, for whoever calls the API."""

    class Config(NodeConfig):
        """message: said before the end; outputs: by name."""

        message: LongTemplate = ""
        outputs: dict[str, Template] = Field({}, max_length=50)

    def ports(self, config: Any) -> Sequence[Port]:
        return ()

    def outputs(self, config: Config) -> Sequence[Output]:
        return tuple(Output(name, "any") for name in config.outputs)

    async def run(self, config: Config, context: Context) -> Outcome:
        context.say(context.render_text(config.message))
        return Outcome({name: context.render(template) for name, template in config.outputs.items()})
