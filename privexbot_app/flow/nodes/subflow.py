"""Runs another chatflow as one step."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from privexbot_app.flow.node import Call, Context, NodeConfig, NodeType, Outcome, Output, Result, node
from privexbot_app.flow.spec import VariableName
from privexbot_app.flow.values import ChatflowId, Template

VALUES = "values"


@node("subflow", label="Sub-flow", description="Runs another chatflow.", icon="workflow", category="logic")
class Subflow(NodeType):
    """The other flow sees its inputs as `vars` and nothing else of this one; its end nodes name what comes back.

    It may ask and wait; the version that is published when it begins is the one that it ends with.
    """

    class Config(NodeConfig):
        """chatflow_id: of the same workspace. inputs: its variables, by name. given: outputs to use by name here."""

        chatflow_id: ChatflowId = ""
        inputs: dict[VariableName, Template] = Field({}, max_length=50)
        given: list[VariableName] = Field([], max_length=50)

    def outputs(self, config: Config) -> Sequence[Output]:
        own = (Output(name, "any") for name in config.given if name != VALUES)
        return (*own, Output(VALUES, "object", "Everything that its end nodes give."))

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        return () if config.chatflow_id else (("chatflow_id", "chatflow_missing", "Choose the chatflow to run."),)

    async def run(self, config: Config, context: Context) -> Result:
        returned = context.returned
        if returned is None:
            graph = await context.ports.flows.load(config.chatflow_id)
            inputs = {name: context.render(template) for name, template in config.inputs.items()}
            return Call(inputs=inputs, graph=graph)
        outputs: dict[str, Any] = dict(returned.outputs)
        own = {name: outputs.get(name) for name in config.given}
        return Outcome({**own, VALUES: outputs}, is_tainted=returned.is_tainted or context.has_read_tainted)
