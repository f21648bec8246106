"""Runs a piece of Python in an interpreter that has no host."""

import keyword
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from privexbot_app.flow.errors import CodeResultError
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, node
from privexbot_app.flow.ports import CodeLimits
from privexbot_app.flow.spec import ValueType, VariableName
from privexbot_app.flow.values import Template, find_references

Source = Annotated[str, Field(max_length=50_000, json_schema_extra={"format": "python", "multiline": True})]
RESULT = "result"


class CodeOutput(BaseModel):
    """One value that the code gives, a key of its result."""

    model_config = ConfigDict(extra="forbid")

    name: VariableName
    type: ValueType = "any"


@node("code", label="Code", description="Runs a little Python.", icon="code", category="data")
class Code(NodeType):
    """The value of the last expression is the result. Code sees its inputs by name, no files, no network, no clock."""

    class Config(NodeConfig):
        """source: written by the author; no reference is replaced in it. inputs: values that it sees, by name.

        given: keys of the result that become values of their own; empty for the result as a whole.
        """

        language: Literal["python"] = "python"
        source: Source = ""
        inputs: dict[VariableName, Template] = Field({}, max_length=50)
        given: list[CodeOutput] = Field([], max_length=50)
        seconds: float = Field(2, gt=0, le=10)
        megabytes: int = Field(64, ge=8, le=256)

    def outputs(self, config: Config) -> Sequence[Output]:
        own = (Output(one.name, one.type) for one in config.given if one.name != RESULT)
        return (*own, Output(RESULT, "any", "What the last expression gives."))

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not config.source.strip():
            return (("source", "code_empty", "Write the code."),)
        if find_references(config.source):
            message = "References are not replaced in code: name the value among the inputs and use that name."
            return (("source", "code_reference", message),)
        reserved = next((name for name in config.inputs if keyword.iskeyword(name)), None)
        return (("inputs", "code_name", f"“{reserved}” is a word of Python."),) if reserved else ()

    async def run(self, config: Config, context: Context) -> Outcome:
        inputs = {name: context.render(template) for name, template in config.inputs.items()}
        limits = CodeLimits(seconds=config.seconds, megabytes=config.megabytes)
        result = await context.ports.code.run(config.source, inputs, limits)
        if not config.given:
            return Outcome({RESULT: result})
        if not isinstance(result, dict):
            raise CodeResultError([one.name for one in config.given])
        return Outcome({**{one.name: result.get(one.name) for one in config.given}, RESULT: result})
