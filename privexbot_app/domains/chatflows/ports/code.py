"""Code of a flow's author, for nodes: in an interpreter without a host."""

from collections.abc import Mapping
from typing import Any

from privexbot_app.flow.ports import CodeLimits
from privexbot_app.integrations.plugins import Workshop


class InstallationCode:
    """Runs code with the installation's interpreter."""

    def __init__(self, works: Workshop) -> None:
        self._plugins = works.plugins

    async def run(self, source: str, inputs: Mapping[str, Any], limits: CodeLimits) -> Any:
        """The value of the last expression. Raises the interpreter's errors."""
        runner = self._plugins.code_runners.get(self._plugins.defaults.code_runner)
        return await runner.run(
            source,
            inputs,
            seconds=limits.seconds,
            megabytes=limits.megabytes,
            output_characters=limits.output_characters,
        )
