"""Chooses a way by comparing values. Compares, never evaluates: an expression of the visitor is only text here."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from privexbot_app.flow.comparing import Comparison, holds
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, Port, node
from privexbot_app.flow.spec import PortId

ELSE = "else"


class Case(BaseModel):
    """One way. all: whether every comparison has to hold, or any one."""

    model_config = ConfigDict(extra="forbid")

    id: PortId
    label: str = Field("", max_length=80)
    all: bool = True
    comparisons: Annotated[list[Comparison], Field(min_length=1, max_length=20)]


@node("condition", label="Condition", description="Branches by comparing values.", icon="git-branch", category="logic")
class Condition(NodeType):
    """Leaves by the first case that holds, else by `else`."""

    class Config(NodeConfig):
        """cases: tried in order."""

        cases: list[Case] = Field([], max_length=20)

    def ports(self, config: Config) -> Sequence[Port]:
        cases = (Port(case.id, case.label or f"Case {number}") for number, case in enumerate(config.cases, start=1))
        return (*cases, Port(ELSE, "Else"))

    def outputs(self, config: Config) -> Sequence[Output]:
        return (Output("case", "text", "The id of the way that was taken."),)

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not config.cases:
            return (("cases", "case_missing", "Add a case to compare."),)
        ids = [case.id for case in config.cases]
        if len({*ids, ELSE}) <= len(ids):
            return (("cases", "case_twice", "Two cases have the same id."),)
        return ()

    async def run(self, config: Config, context: Context) -> Outcome:
        for case in config.cases:
            results = (holds(comparison, context.render) for comparison in case.comparisons)
            if all(results) if case.all else any(results):
                return Outcome({"case": case.id}, port=case.id, is_tainted=False)
        return Outcome({"case": ELSE}, port=ELSE, is_tainted=False)
