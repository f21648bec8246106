"""Where a flow begins: the visitor's message."""

from collections.abc import Sequence
from typing import Any

from privexbot_app.flow.node import Context, NodeConfig, NodeType, Outcome, Output, node


@node(
    "trigger",
    label="Start",
    description="Begins with the visitor's message.",
    icon="play",
    category="start",
    is_trigger=True,
)
class Trigger(NodeType):
    """Gives the visitor's words to the nodes behind it."""

    class Config(NodeConfig):
        """Nothing to set."""

    def outputs(self, config: Any) -> Sequence[Output]:
        return (
            Output("message", "text", "What the visitor wrote."),
            Output("attachments", "list", "Files that came with it: objects with id, name, media_type, size_bytes."),
            Output("data", "object", "What a form or a button sent beside the words."),
        )

    async def run(self, config: Config, context: Context) -> Outcome:
        message = context.message
        attachments = [vars(attachment) for attachment in message.attachments]
        outputs = {"message": message.text, "attachments": attachments, "data": dict(message.data)}
        return Outcome(outputs, is_tainted=True)
