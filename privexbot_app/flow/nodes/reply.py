"""Says something to the visitor."""

from collections.abc import Sequence
from typing import Any

from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, node
from privexbot_app.flow.values import LongTemplate


@node("reply", label="Reply", description="Says a text to the visitor.", icon="message-square", category="talk")
class Reply(NodeType):
    """Shows its text at once. Two replies in a row are two paragraphs."""

    class Config(NodeConfig):
        """text: what to say; empty text says nothing."""

        text: LongTemplate = ""

    def outputs(self, config: Any) -> Sequence[Output]:
        return (Output("text", "text", "What was said."),)

    def problems(self, config: Config) -> Sequence[tuple[str, str, str]]:
        return () if config.text.strip() else (("text", "reply_empty", "Write what to say."),)

    async def run(self, config: Config, context: Context) -> Outcome:
        text = context.render_text(config.text)
        context.say(text)
        return Outcome({"text": text})
