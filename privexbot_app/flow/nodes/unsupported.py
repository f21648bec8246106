"""Stands where an imported flow had a step that has no equivalent here. Never runs; see `flow.formats`."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from privexbot_app.flow.errors import UnsupportedNodeError
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, Port, node
from privexbot_app.flow.spec import PortId, VariableName

LONGEST_SETTINGS = 100_000
MOST_WAYS = 100


@node(
    "unsupported",
    label="Not supported",
    description="A step of an imported flow without an equivalent.",
    icon="puzzle",
    category="logic",
    is_placeable=False,
)
class Unsupported(NodeType):
    """Keeps the original's type, title, settings and ways, so that whoever replaces it sees what it did.

    One whose settings another node has taken over may stay, and does nothing. Any other keeps a flow from going live.
    """

    class Config(NodeConfig):
        """original_type, settings: as the file had them, settings as JSON. reason: why it is not supported.

        ways, given: the ways out and the values that other nodes use. taken_over_by: the node that has its settings.
        """

        original_type: str = Field("", max_length=200)
        reason: str = Field("", max_length=1000)
        settings: Annotated[str, Field(max_length=LONGEST_SETTINGS, json_schema_extra={"multiline": True})] = ""
        ways: list[PortId] = Field([], max_length=MOST_WAYS)
        given: list[VariableName] = Field([], max_length=MOST_WAYS)
        taken_over_by: str = Field("", max_length=64)

    def ports(self, config: Config) -> Sequence[Port]:
        return (Port(), *(Port(way) for way in config.ways if way != "out"))

    def outputs(self, config: Config) -> Sequence[Output]:
        return tuple(Output(name, "any") for name in config.given)

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if config.taken_over_by:
            return ()
        reason = config.reason or "It has no equivalent here."
        return (("", "unsupported_node", f"“{config.original_type}” is not supported. {reason} Replace or delete it."),)

    async def run(self, config: Config, context: Context) -> Outcome:
        if config.taken_over_by:
            # It only carried settings: the way goes on to the node that has them now.
            return Outcome(dict.fromkeys(config.given))
        raise UnsupportedNodeError(config.original_type)
