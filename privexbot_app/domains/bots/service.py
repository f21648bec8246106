"""Live bots: deployed as version 1, 2, 3…; the versions stay. Does not answer questions (see `conversations`)."""

from collections.abc import Iterable
from html import escape
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.bots.checks import require_deployable
from privexbot_app.domains.bots.kept import KeptBots
from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.bots.models import Bot, BotVersion, PublicBot
from privexbot_app.domains.bots.repository import BotRepository, BotVersionRepository, PublicBotRepository
from privexbot_app.domains.bots.schemas import (
    BotConfig,
    BotVersionView,
    BotView,
    ChannelView,
    DeployedBot,
    Deployment,
    LiveBot,
    PublicConfig,
)
from privexbot_app.domains.tenancy.service import TenancyService, scope_of_visitor
from privexbot_app.integrations.plugins import Plugins, Work
from privexbot_app.kit.errors import ConflictError, NotFoundError
from privexbot_app.kit.pagination import Page, PageParams
from privexbot_app.kit.scope import Scope


class BotNotFoundError(NotFoundError):
    """There is no such bot."""

    code = "bot_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such bot.")


class BotChangedError(ConflictError):
    """Somebody deployed another version since this draft was begun."""

    code = "bot_changed"

    def __init__(self) -> None:
        super().__init__("Somebody has deployed another version of this bot since you began. Start from the latest.")


class BotService:
    """The live bots of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._bots = work.repository(BotRepository)
        self._versions = work.repository(BotVersionRepository)

    async def deploy_new(
        self, bot_id: UUID, config: BotConfig, deployment: Deployment, *, browser_url: str
    ) -> DeployedBot:
        """Write a bot as version 1. Raises BotIncompleteError, ConflictError if it was deployed already."""
        await require_deployable(self._work, config, deployment.channels)
        if await self._bots.find(bot_id):
            raise ConflictError("This draft has been deployed already.", code="draft_deployed")
        scope = self._work.scope
        bot = Bot(
            id=bot_id,
            workspace_id=scope.workspace_id,
            name=config.name,
            description=config.description,
            kind=config.kind,
        )
        self._bots.add(bot)
        await self._work.session.flush()
        public = PublicBot(id=bot_id, organization_id=scope.organization_id, workspace_id=scope.workspace_id)
        PublicBotRepository(self._work.session).add(public)
        return self._write_version(bot, 1, config, deployment, browser_url=browser_url)

    async def deploy_next(
        self, bot_id: UUID, config: BotConfig, deployment: Deployment, *, base_version: int, browser_url: str
    ) -> DeployedBot:
        """Write the next version of a bot. Raises BotIncompleteError, BotChangedError, NotFoundError."""
        bot = await self._bots.get(bot_id)
        if bot.version != base_version:
            raise BotChangedError
        await require_deployable(self._work, config, deployment.channels)
        number = await self._versions.highest(bot_id) + 1
        return self._write_version(bot, number, config, deployment, browser_url=browser_url)

    async def list_bots(
        self, params: PageParams, *, browser_url: str, kind: BotKind = BotKind.CHATBOT
    ) -> Page[BotView]:
        """Live bots of a kind, newest first. Needs `bots.read`."""
        self._work.scope.require("bots.read")
        page = await self._bots.page(params, Bot.kind == kind)
        versions = await self._versions.list_current(page.items)
        views = [_view(bot, versions[bot.id], browser_url) for bot in page.items]
        return Page(items=views, next_cursor=page.next_cursor)

    async def list_all_names(self) -> dict[UUID, str]:
        """The name of every live bot and chatflow, in the order of their names. Needs `bots.read`."""
        self._work.scope.require("bots.read")
        return await self._bots.list_names()

    async def get_bot(self, bot_id: UUID, *, browser_url: str) -> BotView:
        """One live bot. Needs `bots.read`. Raises NotFoundError (`bot_not_found`)."""
        self._work.scope.require("bots.read")
        bot = await self._bots.get(bot_id)
        return _view(bot, await self._version(bot), browser_url)

    async def get_live(self, bot_id: UUID) -> LiveBot:
        """The version of a bot that answers now. Raises NotFoundError (`bot_not_found`)."""
        bot = await self._bots.get(bot_id)
        version = await self._version(bot)
        return LiveBot(id=bot.id, version=bot.version, config=BotConfig.model_validate(version.config))

    async def get_config(self, bot_id: UUID, version: int | None = None) -> BotConfig:
        """What a version is made of, by default the one that answers.

        Raises NotFoundError (`bot_not_found`, `bot_version_not_found`).
        """
        bot = await self._bots.get(bot_id)
        row = await self._versions.find_version(bot_id, version or bot.version)
        if row is None:
            raise NotFoundError("There is no such version.", code="bot_version_not_found")
        return BotConfig.model_validate(row.config)

    async def names_of(self, bot_ids: Iterable[UUID]) -> dict[UUID, str]:
        """The names of bots of either kind, for rooms that show what bots have done and ask for permission."""
        rows = await self._bots.all(self._bots.query(Bot.id.in_(list(bot_ids))))  # type: ignore[attr-defined]
        return {row.id: row.name for row in rows}

    async def list_versions(self, bot_id: UUID) -> list[BotVersionView]:
        """All versions of a bot, newest first. Needs `bots.read`."""
        self._work.scope.require("bots.read")
        await self._bots.get(bot_id)
        return [BotVersionView.model_validate(row) for row in await self._versions.list_of(bot_id)]

    async def roll_back(self, bot_id: UUID, version: int, *, browser_url: str) -> BotView:
        """Have an earlier version answer again. Needs `bots.deploy`. Raises NotFoundError (`bot_version_not_found`)."""
        self._work.scope.require("bots.deploy")
        bot = await self._bots.get(bot_id)
        row = await self._versions.find_version(bot_id, version)
        if row is None:
            raise NotFoundError("There is no such version.", code="bot_version_not_found")
        bot.version, bot.name, bot.description = version, row.config["name"], row.config["description"]
        self._work.works.own(KeptBots).forget(bot_id)
        AuditService(self._work).record("bot.rolled_back", bot_id, version=version)
        return _view(bot, row, browser_url)

    async def delete_bot(self, bot_id: UUID) -> None:
        """Delete a bot with its versions and conversations. Needs `bots.deploy`."""
        self._work.scope.require("bots.deploy")
        bot = await self._bots.get(bot_id)
        await self._bots.delete(bot_id)
        await PublicBotRepository(self._work.session).delete(bot_id)
        self._work.works.own(KeptBots).forget(bot_id)
        AuditService(self._work).record("bot.deleted", bot_id, name=bot.name)

    async def _version(self, bot: Bot) -> BotVersion:
        version = await self._versions.find_version(bot.id, bot.version)
        if version is None:
            raise BotNotFoundError
        return version

    def _write_version(
        self, bot: Bot, number: int, config: BotConfig, deployment: Deployment, *, browser_url: str
    ) -> DeployedBot:
        bot.version, bot.name, bot.description = number, config.name, config.description
        self._work.works.own(KeptBots).forget(bot.id)
        self._versions.add(
            BotVersion(
                workspace_id=self._work.scope.workspace_id,
                bot_id=bot.id,
                version=number,
                config=config.model_dump(mode="json"),
                author_id=self._work.scope.actor.id,
                note=deployment.note,
            )
        )
        AuditService(self._work).record("bot.deployed", bot.id, version=number)
        return DeployedBot(
            bot_id=bot.id,
            version=number,
            public_url=public_url(browser_url, bot.id),
            embed_code=embed_code(browser_url, bot.id),
            channels=[ChannelView(type=channel, status="active") for channel in deployment.channels],
        )


async def find_visitor_scope(work: Work, bot_id: UUID, *, visitor: str) -> Scope:
    """The scope in which a stranger may talk to a public bot. Raises BotNotFoundError.

    A bot of a workspace that is being deleted, or whose organization is, is none.
    """
    row = await PublicBotRepository(work.session).find(bot_id)
    if row is None or not await TenancyService(work).is_open(row.workspace_id):
        raise BotNotFoundError
    return scope_of_visitor(row.organization_id, row.workspace_id, visitor=visitor)


def public_config(bot: LiveBot, plugins: Plugins) -> PublicConfig:
    """What the widget may know of a bot."""
    config = bot.config
    model = plugins.llms.get(config.llm.provider or plugins.defaults.llm)
    return PublicConfig(
        bot_id=bot.id,
        name=config.name,
        greeting=config.greeting,
        suggested_questions=config.suggested_questions,
        appearance=config.appearance,
        lead_capture=config.lead_capture,
        consent=config.consent,
        proactive=config.proactive,
        is_language_model_connected=model.is_language_model,
    )


def public_url(browser_url: str, bot_id: UUID) -> str:
    """The address of a bot's hosted page."""
    return f"{browser_url}/chat/{bot_id}"


def embed_code(browser_url: str, bot_id: UUID) -> str:
    """The line of HTML that puts the bot on a website."""
    return f'<script async src="{escape(browser_url)}/widget.js" data-bot="{bot_id}"></script>'


def _view(bot: Bot, version: BotVersion, browser_url: str) -> BotView:
    return BotView(
        id=bot.id,
        kind=BotKind(bot.kind),
        name=bot.name,
        description=bot.description,
        version=bot.version,
        created_at=bot.created_at,
        public_url=public_url(browser_url, bot.id),
        embed_code=embed_code(browser_url, bot.id),
        config=BotConfig.model_validate(version.config),
    )
