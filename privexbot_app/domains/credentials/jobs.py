"""Upkeep of the vault: data keys are wrapped by the present secret, and give way to new ones when the operator asks."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from privexbot_app.domains.credentials.models import Credential, DataKey
from privexbot_app.domains.credentials.sealing import Envelope, new_data_key, rewrap
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.rotation import renewer, resealer


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


@renewer("credentials of workspaces")
async def renew_data_keys(works: Workshop) -> int:
    """Give every workspace another data key and seal its credentials by it. Returns how many credentials there were."""
    async with works.open(SystemScope("list data keys"), read_only=True) as work:
        owners = (await work.session.execute(select(col(DataKey.workspace_id)))).scalars().all()
    return sum([await _renew(works, workspace_id) for workspace_id in owners])


async def _renew(works: Workshop, workspace_id: UUID) -> int:
    # One transaction for each workspace: key and credentials change together, and nobody waits for the others'.
    async with works.open(SystemScope("give a workspace another data key")) as work:
        keyed = select(DataKey).where(col(DataKey.workspace_id) == workspace_id).with_for_update()
        key = (await work.session.execute(keyed)).scalar_one_or_none()
        if key is None:  # the workspace went meanwhile
            return 0
        old = Envelope(works.plugins.keys, key.wrapped, workspace_id)
        key.wrapped = new_data_key(works.plugins.keys, workspace_id)
        new = Envelope(works.plugins.keys, key.wrapped, workspace_id)
        mine = select(Credential).where(col(Credential.workspace_id) == workspace_id).with_for_update()
        rows = (await work.session.execute(mine)).scalars().all()
        for row in rows:
            row.sealed = new.seal(old.open(row.sealed, row.id), row.id)
        return len(rows)
