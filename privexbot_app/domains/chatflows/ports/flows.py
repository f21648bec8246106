"""Other chatflows of the workspace, as sub-flows."""

from collections.abc import Mapping
from typing import Any

from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.ports.setting import Setting, read_id
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.errors import NotFoundError


class WorkspaceFlows:
    """Loads what is deployed now."""

    def __init__(self, works: Workshop, setting: Setting) -> None:
        self._works, self._setting = works, setting

    async def load(self, chatflow_id: str) -> Mapping[str, Any]:
        """The deployed graph, as JSON. Raises NotFoundError (`chatflow_not_found`), also for a bot without a graph."""
        missing = NotFoundError("There is no such chatflow.", code="chatflow_not_found")
        async with self._works.open(self._setting.scope, read_only=True) as work:
            try:
                bot = await BotService(work).get_live(read_id(chatflow_id))
            except NotFoundError:
                raise missing from None
        if bot.config.graph is None:
            raise missing
        return bot.config.graph.model_dump(mode="json")
