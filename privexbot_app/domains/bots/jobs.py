"""Upkeep of bots: the secrets by which websites vouch for visitors, sealed anew when the installation's key changes."""

from sqlalchemy import select

from privexbot_app.domains.bots.identity import binding_of
from privexbot_app.domains.bots.models import BotIdentity
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.rotation import resealer


@resealer("secrets of bots")
async def reseal_bot_secrets(works: Workshop) -> int:
    """Seal every bot's secrets by the present key. Returns how many values needed it."""
    resealed = 0
    async with works.open(SystemScope("seal bots' secrets with the present secret")) as work:
        for row in (await work.session.execute(select(BotIdentity))).scalars():
            binding = binding_of(row.bot_id)
            if fresh := works.plugins.keys.reseal(row.sealed_secret, bound_to=binding):
                row.sealed_secret = fresh
                resealed += 1
            if row.sealed_previous and (fresh := works.plugins.keys.reseal(row.sealed_previous, bound_to=binding)):
                row.sealed_previous = fresh
                resealed += 1
    return resealed
