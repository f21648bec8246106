"""Questions with their answers, written by people. Each pair stays in one piece, so that a chunk holds both."""

from pydantic import BaseModel, Field

from privexbot_app.integrations.source_connectors.base import SOURCE_CONNECTORS, LoadedItem
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.text import Block, StructuredText


class Pair(BaseModel):
    """One question with its answer."""

    question: str = Field(min_length=1, description="As a visitor would ask it.")
    answer: str = Field(min_length=1, description="As the bot should answer it.")


@SOURCE_CONNECTORS.register("qa")
class QaConnector:
    """One document with a block per pair: `Q: …`, and `A: …` on the next line."""

    class Config(BaseModel):
        """The pairs and the name of the whole."""

        title: str = Field("Questions and answers", min_length=1, max_length=255, description="Name of the document.")
        pairs: list[Pair] = Field(min_length=1, description="The questions and answers.")

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config

    async def load(self) -> list[LoadedItem]:
        """See `SourceConnector.load`."""
        document = build_document(self.config.title, self.config.pairs)
        content = document.text.encode()
        return [LoadedItem(self.config.title, "pairs.txt", content, "text/plain", document=document)]


def build_document(title: str, pairs: list[Pair]) -> StructuredText:
    """The pairs as text, a blank line between two, and one block for each.

    >>> pairs = [Pair(question="Open on Sunday?", answer="No."), Pair(question="Why?", answer="Rest.")]
    >>> document = build_document("FAQ", pairs)
    >>> [document.text[block.start : block.end] for block in document.blocks]
    ['Q: Open on Sunday?\\nA: No.', 'Q: Why?\\nA: Rest.']
    """
    texts = [f"Q: {pair.question.strip()}\nA: {pair.answer.strip()}" for pair in pairs]
    blocks = []
    start = 0
    for text in texts:
        blocks.append(Block(start, start + len(text)))
        start += len(text) + len("\n\n")
    return StructuredText("\n\n".join(texts), tuple(blocks), title)
