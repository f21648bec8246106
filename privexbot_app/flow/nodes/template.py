"""Writes a text with loops and conditions, in Liquid."""

import asyncio
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Annotated, Any

from pydantic import Field

from privexbot_app.flow.errors import TemplateInvalidError
from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, node
from privexbot_app.flow.values import RESERVED_ROOTS, SYSTEM, VARIABLES, SourceField, to_text


@cache
def _sandbox() -> ModuleType:
    from privexbot_app.flow import liquid_sandbox  # noqa: PLC0415 - Liquid takes a while, and few flows use it

    return liquid_sandbox


def _names(source: str) -> list[str]:
    """The values that a source looks up; none while it cannot be read, which `problems` tells."""
    try:
        return _sandbox().paths(_sandbox().parse(source))
    except TemplateInvalidError:
        return []


Source = Annotated[str, SourceField(_names), Field(json_schema_extra={"format": "liquid", "multiline": True})]


@node("template", label="Template", description="Writes a text from values.", icon="file-text", category="data")
class Template(NodeType):
    """A source that is one expression and nothing else gives a value with its type in `value`."""

    class Config(NodeConfig):
        """source: Liquid; names are those of references, such as `search.passages` or `vars.name`.

        is_shown: whether the visitor reads the text.
        """

        source: Source = ""
        is_shown: bool = False

    def outputs(self, config: Any) -> Sequence[Output]:
        return (
            Output("text", "text", "The text."),
            Output("value", "any", "The same, with its type where the source is one expression."),
        )

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        if not config.source.strip():
            return (("source", "template_empty", "Write the template."),)
        try:
            _sandbox().parse(config.source)
        except TemplateInvalidError as error:
            return (("source", error.code, error.message),)
        return ()

    async def run(self, config: Config, context: Context) -> Outcome:
        sandbox = _sandbox()
        template = sandbox.parse(config.source.strip())
        values = _values(context, sandbox.paths(template))
        # In a thread: a second of work in the worst case, and nobody else shall wait for it.
        value = await asyncio.to_thread(sandbox.render, template, values)
        text = to_text(value)
        if config.is_shown:
            context.say(text)
        return Outcome({"text": text, "value": value})


def _values(context: Context, paths: Sequence[str]) -> dict[str, Any]:
    """What the source may look up, by first word. Every value that it names is read, so that taint is seen."""
    values: dict[str, Any] = {}
    for path in paths:
        root, _, rest = path.partition(".")
        if root in RESERVED_ROOTS and not rest:
            # A name that is itself looked up: it may be any.
            for name in context.value(root) or ():
                context.value(f"{root}.{name}")
        elif rest and root in (VARIABLES, SYSTEM):
            context.value(f"{root}.{rest.partition('.')[0]}")
        values[root] = context.value(root)
    return values
