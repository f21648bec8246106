"""Live bots by their public id, kept in memory for a second: the first thing that every visitor's request needs."""

from dataclasses import dataclass
from uuid import UUID

from privexbot_app.domains.bots.identity import BotIdentityService
from privexbot_app.domains.bots.kept import KeptBots
from privexbot_app.domains.bots.schemas import LiveBot
from privexbot_app.domains.bots.service import BotService, find_visitor_scope
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.scope import Scope


@dataclass(frozen=True)
class PublicBot:
    """A live bot as strangers meet it. scope: of a visitor without a name. secrets: for verifying visitors."""

    scope: Scope
    bot: LiveBot
    secrets: tuple[str, ...]


async def load_public_bot(works: Workshop, bot_id: UUID, keys: KeyRing) -> PublicBot:
    """A public bot. Raises BotNotFoundError."""
    found: PublicBot = await works.own(KeptBots).get(bot_id, lambda: _load(works, bot_id, keys))
    return found


async def _load(works: Workshop, bot_id: UUID, keys: KeyRing) -> PublicBot:
    async with works.open(None, read_only=True) as work:
        scope = await find_visitor_scope(work, bot_id, visitor="anonymous")
    async with works.open(scope, read_only=True) as work:
        bot = await BotService(work).get_live(bot_id)
        return PublicBot(scope, bot, await BotIdentityService(work, keys).list_secrets(bot_id))
