"""Sets variables of the flow."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, node
from privexbot_app.flow.spec import VariableName
from privexbot_app.flow.values import Template


class Assignment(BaseModel):
    """One change. how: set the value; append it to a list; add it to a number; or clear the variable."""

    model_config = ConfigDict(extra="forbid")

    name: VariableName
    how: Literal["set", "append", "add", "clear"] = "set"
    value: Template = ""


@node("set_variable", label="Set variable", description="Remembers values.", icon="variable", category="data")
class SetVariable(NodeType):
    """Keeps values under `vars`; a value that is one reference keeps its type."""

    class Config(NodeConfig):
        """assignments: carried out in order."""

        assignments: list[Assignment] = Field([], max_length=50)

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        return () if config.assignments else (("assignments", "assignment_missing", "Say which variable to set."),)

    async def run(self, config: Config, context: Context) -> Outcome:
        for assignment in config.assignments:
            context.assign(assignment.name, _changed(assignment, context))
        return Outcome()


def _changed(assignment: Assignment, context: Context) -> object:
    if assignment.how == "clear":
        return None
    value = context.render(assignment.value)
    if assignment.how == "set":
        return value
    before = context.value(f"vars.{assignment.name}")
    if assignment.how == "append":
        return [*(before if isinstance(before, list) else [] if before is None else [before]), value]
    return _number(before) + _number(value)


def _number(value: object) -> float | int:
    """A number as written; zero for what is none, so that a count can begin from nothing."""
    if isinstance(value, bool) or value is None:
        return int(bool(value))
    if isinstance(value, int | float):
        return value
    try:
        number = float(str(value).strip())
    except ValueError:
        return 0
    return int(number) if number.is_integer() else number
