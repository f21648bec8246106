"""What every node that asks a language model shares: the choice of the model, the earlier turns, reading the answer."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, Literal, TypeVar

from pydantic import Field

from privexbot_app.flow.context import Context
from privexbot_app.flow.errors import BrokenOffError
from privexbot_app.flow.node import NodeConfig
from privexbot_app.flow.ports import Prompt
from privexbot_app.kit.errors import UnavailableError, UpstreamFailedError

Message = tuple[Literal["system", "user", "assistant"], str]
Rest = TypeVar("Rest")


class ModelChoice(NodeConfig):
    """Which model, and how it answers. provider: empty for the installation's own; model: empty for the provider's."""

    provider: str = Field("", max_length=64)
    model: str = Field("", max_length=200)
    temperature: float = Field(0.2, ge=0, le=2)
    max_tokens: int = Field(800, ge=1, le=32_000)

    def prompt_for(self, messages: tuple[Message, ...], *, schema: Mapping[str, Any] | None = None) -> Prompt:
        """The prompt for this model. schema: JSON Schema of the object that shall come back."""
        return Prompt(
            messages=messages,
            question=messages[-1][1],
            provider=self.provider,
            model=self.model or None,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            response_schema=schema,
        )


def earlier_turns(context: Context, count: int) -> tuple[Message, ...]:
    """The last messages before this one, oldest first, beginning with one of the visitor's."""
    turns = [turn for turn in context.history if turn.content][-count:] if count else []
    first = next((at for at, turn in enumerate(turns) if turn.role == "user"), len(turns))
    return tuple((turn.role, turn.content) for turn in turns[first:])


async def ask_model(context: Context, prompt: Prompt, *, is_shown: bool = False) -> str:
    """The whole answer. is_shown: the visitor reads it while it comes. Raises the model's errors, BrokenOffError."""
    text, costs = await read_stream(context, context.ports.models.stream(prompt), is_shown=is_shown)
    for cost in costs:
        context.spend(cost)
    return text


async def read_stream(context: Context, stream: AsyncIterator[str | Rest], *, is_shown: bool) -> tuple[str, list[Rest]]:
    """The pieces as one text, and whatever else came. Raises what the stream raises, BrokenOffError."""
    pieces: list[str] = []
    rest: list[Rest] = []
    try:
        async with aclosing(stream):  # type: ignore[type-var]
            async for piece in stream:
                if not isinstance(piece, str):
                    rest.append(piece)
                    continue
                pieces.append(piece)
                if is_shown:
                    context.say(piece)
    except (UpstreamFailedError, UnavailableError) as error:
        if is_shown and any(pieces):
            raise BrokenOffError from error
        raise
    return "".join(pieces).strip(), rest


def find_object(text: str) -> dict[str, Any] | None:
    """The first JSON object in an answer, whatever a model has written around it; None where there is none.

    >>> find_object('Sure! ```json\\n{"a": 1}\\n```'), find_object("I cannot.")
    ({'a': 1}, None)
    """
    decoder = json.JSONDecoder()
    start = text.find("{")
    for _ in range(10):
        if start < 0:
            break
        try:
            value, _end = decoder.raw_decode(text, start)
            return value
        except (ValueError, RecursionError):
            start = text.find("{", start + 1)
    return None
