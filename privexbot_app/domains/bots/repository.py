"""Rows of bots and their versions."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from privexbot_app.domains.bots.models import Bot, BotIdentity, BotVersion, PublicBot
from privexbot_app.kit.repository import TenantRepository


class BotRepository(TenantRepository[Bot]):
    """Bots of one workspace."""

    model = Bot
    noun = "bot"

    async def list_names(self) -> dict[UUID, str]:
        """The name of every bot, whatever its kind, in the order of their names."""
        statement = select(Bot.id, Bot.name).where(Bot.workspace_id == self.scope.workspace_id).order_by(Bot.name)
        return dict((await self.session.execute(statement)).tuples().all())


class BotVersionRepository(TenantRepository[BotVersion]):
    """Versions of one workspace's bots."""

    model = BotVersion
    noun = "bot version"

    async def find_version(self, bot_id: UUID, version: int) -> BotVersion | None:
        """One version of a bot, or None."""
        return await self.one(self.query(BotVersion.bot_id == bot_id, BotVersion.version == version))

    async def list_current(self, bots: Sequence[Bot]) -> dict[UUID, BotVersion]:
        """The answering version of each bot."""
        rows = await self.all(self.query(BotVersion.bot_id.in_([bot.id for bot in bots])))
        current = {bot.id: bot.version for bot in bots}
        return {row.bot_id: row for row in rows if current[row.bot_id] == row.version}

    async def list_of(self, bot_id: UUID) -> Sequence[BotVersion]:
        """All versions of a bot, newest first."""
        return await self.all(self.query(BotVersion.bot_id == bot_id).order_by(BotVersion.version.desc()))

    async def highest(self, bot_id: UUID) -> int:
        """The highest version number of a bot."""
        statement = select(func.max(BotVersion.version)).where(BotVersion.bot_id == bot_id)
        return (await self.session.execute(statement)).scalar_one() or 0


class BotIdentityRepository(TenantRepository[BotIdentity]):
    """Secrets of one workspace's bots, sealed."""

    model = BotIdentity
    noun = "bot identity"

    async def find_of(self, bot_id: UUID) -> BotIdentity | None:
        """The secret of a bot, or None."""
        return await self.one(self.query(BotIdentity.bot_id == bot_id))


class PublicBotRepository:
    """Which workspace a public bot belongs to. Global, as a stranger's request has no scope yet."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, row: PublicBot) -> None:
        """Stage a row."""
        self._session.add(row)

    async def find(self, bot_id: UUID) -> PublicBot | None:
        """The row or None."""
        return await self._session.get(PublicBot, bot_id)

    async def delete(self, bot_id: UUID) -> None:
        """Forget a bot, so that nobody can talk to it any more."""
        await self._session.execute(delete(PublicBot).where(PublicBot.id == bot_id))
