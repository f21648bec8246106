"""One page or file on the public web."""

from pydantic import BaseModel, Field

from privexbot_app.integrations.source_connectors.answers import ACCEPT, build_item
from privexbot_app.integrations.source_connectors.base import SOURCE_CONNECTORS, LoadedItem, SourceUnavailableError
from privexbot_app.integrations.source_connectors.rendering import maybe_rendering
from privexbot_app.kit.http import HttpClient, OutboundPolicy

MAX_BYTES = 10_000_000
TIMEOUT_SECONDS = 30.0


@SOURCE_CONNECTORS.register("url")
class UrlConnector:
    """What one address holds now, through the safe client: at most 10 MB, within 30 seconds."""

    class Config(BaseModel):
        """Which address."""

        url: str = Field(min_length=1, max_length=2000, description="Address of the page.")
        is_rendered: bool = Field(False, description="Run the page's scripts in a browser before it is read.")

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._http = http

    async def load(self) -> list[LoadedItem]:
        """See `SourceConnector.load`."""
        async with maybe_rendering(self._http, is_wanted=self.config.is_rendered) as renderer:
            response = await self._http.fetch(
                self.config.url,
                policy=OutboundPolicy.PUBLIC_ONLY,
                max_bytes=MAX_BYTES,
                timeout_seconds=TIMEOUT_SECONDS,
                headers={"Accept": ACCEPT},
            )
            if renderer is not None:
                response = await renderer.render(response)
        if response.status != 200:
            raise SourceUnavailableError(f"The page answered with status {response.status}.", status=response.status)
        return [build_item(response)]
