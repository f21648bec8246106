"""A text that was typed or pasted."""

from pydantic import BaseModel, Field

from privexbot_app.integrations.source_connectors.base import SOURCE_CONNECTORS, LoadedItem
from privexbot_app.kit.http import HttpClient


@SOURCE_CONNECTORS.register("text")
class TextConnector:
    """One document, as it was pasted."""

    class Config(BaseModel):
        """The text and its name."""

        title: str = Field(min_length=1, max_length=255, description="Name of the document.")
        content: str = Field(min_length=1, description="The text.")

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config

    async def load(self) -> list[LoadedItem]:
        """See `SourceConnector.load`."""
        return [LoadedItem(self.config.title, "pasted.txt", self.config.content.encode(), "text/plain")]
