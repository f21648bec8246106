"""Upkeep of the vault: keys that the installation's last secret wrapped are wrapped by the present one."""

from sqlalchemy import select

from privexbot_app.domains.credentials.models import DataKey
from privexbot_app.domains.credentials.sealing import rewrap
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.rotation import resealer


@resealer("data keys of workspaces")
async def rewrap_data_keys(works: Workshop) -> int:
    """Wrap every workspace's data key anew. Returns how many needed it."""
    rewrapped = 0
    async with works.open(SystemScope("wrap data keys with the present secret")) as work:
        for row in (await work.session.execute(select(DataKey))).scalars():
            if fresh := rewrap(works.plugins.keys, row.wrapped, row.workspace_id):
                row.wrapped = fresh
                rewrapped += 1
    return rewrapped
