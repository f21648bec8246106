"""Brings a person in."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from privexbot_app.flow.channels import PEOPLE
from privexbot_app.flow.events import HandedOff
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, Pause, node
from privexbot_app.flow.values import LongTemplate, Template, to_text

LONGEST_REASON = 2000


@node(
    "handoff",
    label="Hand over",
    description="Brings a person in.",
    icon="headset",
    category="people",
    needs=frozenset({PEOPLE}),
)
class Handoff(NodeType):
    """Calls the team, then waits until a person gives the conversation back; goes on with what the person says."""

    class Config(NodeConfig):
        """message: said to the visitor. reason: for the team. team: who is called, if not whoever is there.

        waits: whether the flow goes on only when the person gives the conversation back.
        """

        message: LongTemplate = "I am bringing a colleague in. Please wait a moment."
        reason: LongTemplate = "{{sys.message}}"
        team: Template = Field("", max_length=120)
        waits: bool = True

    def outputs(self, config: Any) -> Sequence[Output]:
        return (
            Output("note", "text", "What the person wrote when giving the conversation back."),
            Output("data", "object", "Everything that came with it."),
        )

    async def run(self, config: Config, context: Context) -> Outcome | Pause:
        if context.resumed is not None:
            data = dict(context.resumed.data)
            return Outcome({"note": to_text(data.get("note")), "data": data}, is_tainted=True)
        reason = context.render_text(config.reason).strip()[:LONGEST_REASON]
        context.say(context.render_text(config.message))
        context.tell(HandedOff(context.node_id, reason, context.render_text(config.team).strip() or None))
        return Pause("person") if config.waits else Outcome({"note": "", "data": {}})
