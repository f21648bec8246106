"""Databases for nodes: addresses and passwords stay in the vault."""

from collections.abc import Mapping, Sequence
from typing import Any

from privexbot_app.domains.chatflows.ports.setting import Setting, read_id
from privexbot_app.domains.credentials.service import reveal_credential
from privexbot_app.domains.credentials.types import DatabaseUrlConfig
from privexbot_app.integrations.plugins import Workshop


class WorkspaceDatabases:
    """Asks databases that the workspace's credentials point to."""

    def __init__(self, works: Workshop, setting: Setting) -> None:
        self._works, self._setting = works, setting

    async def query(
        self, credential_id: str, sql: str, parameters: Mapping[str, Any], *, is_read_only: bool, max_rows: int
    ) -> Sequence[Mapping[str, Any]]:
        """Rows as objects. Raises the database's errors, NotFoundError (credential)."""
        credential = await reveal_credential(
            self._works,
            self._setting.scope,
            read_id(credential_id),
            used_by=self._setting.user,
            of=DatabaseUrlConfig,
        )
        url = credential.url.get_secret_value()
        database = self._works.plugins.databases.get(url.partition(":")[0].partition("+")[0])
        return await database.query(url, sql, parameters, is_read_only=is_read_only, max_rows=max_rows)
