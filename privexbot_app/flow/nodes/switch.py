"""Chooses a way by one value."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from privexbot_app.flow.comparing import compare
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, Port, node
from privexbot_app.flow.spec import PortId
from privexbot_app.flow.values import Template

ELSE = "else"


class SwitchCase(BaseModel):
    """One way, with the values that lead there."""

    model_config = ConfigDict(extra="forbid")

    id: PortId
    label: str = Field("", max_length=80)
    values: Annotated[list[Template], Field(min_length=1, max_length=50)]


@node("switch", label="Switch", description="Branches by what a value is.", icon="split", category="logic")
class Switch(NodeType):
    """Leaves by the first case that names the value, without regard to case; else by `else`."""

    class Config(NodeConfig):
        """value: what to look at. cases: tried in order."""

        value: Template = ""
        cases: list[SwitchCase] = Field([], max_length=50)

    def ports(self, config: Config) -> Sequence[Port]:
        cases = (Port(case.id, case.label or f"Case {number}") for number, case in enumerate(config.cases, start=1))
        return (*cases, Port(ELSE, "Else"))

    def outputs(self, config: Config) -> Sequence[Output]:
        return (Output("case", "text", "The id of the way that was taken."),)

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not config.value.strip():
            return (("value", "switch_value_missing", "Choose the value to look at."),)
        if not config.cases:
            return (("cases", "case_missing", "Add a case."),)
        ids = [case.id for case in config.cases]
        if len({*ids, ELSE}) <= len(ids):
            return (("cases", "case_twice", "Two cases have the same id."),)
        return ()

    async def run(self, config: Config, context: Context) -> Outcome:
        value = context.render(config.value)
        for case in config.cases:
            if any(compare(value, "equals", context.render(wanted)) for wanted in case.values):
                return Outcome({"case": case.id}, port=case.id, is_tainted=False)
        return Outcome({"case": ELSE}, port=ELSE, is_tainted=False)
