"""Asks a language model, with the author's own prompt."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from privexbot_app.flow.node import Context, NodeType, Outcome, Output, node
from privexbot_app.flow.prompting import Message, ModelChoice, ask_model, earlier_turns
from privexbot_app.flow.values import LongTemplate


@node("llm", label="Language model", description="Writes an answer to a prompt.", icon="sparkles", category="think")
class Llm(NodeType):
    """Streams to the visitor, or writes in silence for the nodes behind it. Quotes no documents; `answer` does."""

    class Config(ModelChoice):
        """system: who the model is; prompt: what is asked. history: how many earlier messages it sees.

        is_shown: whether the visitor reads the answer while it is written.
        """

        system: LongTemplate = ""
        prompt: LongTemplate = "{{sys.message}}"
        history: int = Field(10, ge=0, le=100)
        is_shown: bool = True

    def outputs(self, config: Any) -> Sequence[Output]:
        return (Output("text", "text", "The answer."),)

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        return () if config.prompt.strip() else (("prompt", "prompt_empty", "Write what to ask the model."),)

    async def run(self, config: Config, context: Context) -> Outcome:
        system = context.render_text(config.system).strip()
        messages: tuple[Message, ...] = (("system", system),) if system else ()
        messages += (*earlier_turns(context, config.history), ("user", context.render_text(config.prompt)))
        text = await ask_model(context, config.prompt_for(messages), is_shown=config.is_shown)
        return Outcome({"text": text}, is_tainted=True)
