"""A live chatbot as its page shows it, and what can be done to it."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.bots.drafts import BotDraftService
from privexbot_app.domains.bots.schemas import BotConfig, BotVersionView, BotView
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.domains.tenancy.members import MemberService
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.ui import routes
from privexbot_app.ui.formats import say_ago, say_exactly
from privexbot_app.ui.ids import id_in_path
from privexbot_app.ui.session import ScopedState

EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)


@dataclass
class VersionRow:
    """One version. is_live: the one that answers."""

    number: int
    author: str
    ago: str
    moment: str
    is_live: bool


@dataclass
class BaseLink:
    """A knowledge base that the chatbot reads."""

    name: str
    href: str


class ChatbotState(ScopedState):
    """One live chatbot."""

    shown_id: str = ""
    is_missing: bool = False
    name: str = ""
    description: str = ""
    version: int = 0
    public_url: str = ""
    embed_code: str = ""
    summary: dict[str, str] = {}
    base_links: list[BaseLink] = []
    origins: list[str] = []
    versions: list[VersionRow] = []
    is_going_back: bool = False
    going_back_to: int = 0
    is_deleting: bool = False

    @rx.event
    async def load(self) -> None:
        """Show the chatbot of the address."""
        scope = await self.scope()
        self.is_going_back, self.is_deleting, self.is_missing = False, False, False
        try:
            await self._show_bot(scope)
        except NotFoundError:
            self.is_missing, self.shown_id = True, ""

    @rx.event
    async def edit(self) -> Any:
        """Go on with the draft of this chatbot, or begin one."""
        scope = await self.scope()
        draft = await BotDraftService(self.works, scope).open_for(id_in_path(self.router.url.path))
        return rx.redirect(routes.chatbot_builder(str(draft.draft_id)))

    @rx.event
    def ask_go_back(self, version: int) -> None:
        """Ask before an earlier version answers again."""
        self.is_going_back, self.going_back_to = True, int(version)

    @rx.event
    def stay(self, is_open: bool) -> None:
        """Close the question about going back."""
        self.is_going_back = bool(is_open)

    @rx.event
    async def go_back(self) -> Any:
        """Have an earlier version answer again."""
        scope = await self.scope()
        number, self.is_going_back = self.going_back_to, False
        async with self.works.open(scope) as work:
            await BotService(work).roll_back(
                id_in_path(self.router.url.path), number, browser_url=runtime.current().browser_url
            )
        await self._show_bot(scope)
        return rx.toast.success(f"Version {number} answers from now on.")

    @rx.event
    def ask_delete(self, is_open: bool) -> None:
        """Open or close the question before deleting."""
        self.is_deleting = bool(is_open)

    @rx.event
    async def delete(self) -> Any:
        """Delete the chatbot."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            await BotService(work).delete_bot(id_in_path(self.router.url.path))
        self.is_deleting = False
        return [rx.redirect(routes.chatbots()), rx.toast.success(f"Deleted “{self.name}”.")]

    async def _show_bot(self, scope: Scope) -> None:
        bot_id = id_in_path(self.router.url.path)
        async with self.works.open(scope, read_only=True) as work:
            service = BotService(work)
            bot = await service.get_bot(bot_id, browser_url=runtime.current().browser_url)
            versions = await service.list_versions(bot_id)
            members = {str(member.user.id): member.user.name for member in await MemberService(work).list_members()}
            bases = {base.id: base.name for base in (await KnowledgeService(work).list_bases(EVERYTHING)).items}
        self.shown_id, self.name, self.description, self.version = str(bot.id), bot.name, bot.description, bot.version
        self.public_url, self.embed_code = bot.public_url, bot.embed_code
        self.base_links = [
            BaseLink(bases[choice.kb_id], routes.knowledge_base(str(choice.kb_id)))
            for choice in bot.config.knowledge_bases
            if choice.kb_id in bases
        ]
        self.origins, self.summary = bot.config.allowed_origins, _summary(bot.config)
        self.versions = [_version_row(row, bot, members) for row in versions]


def _summary(config: BotConfig) -> dict[str, str]:
    plugins = runtime.current().works.plugins
    provider = config.llm.provider or plugins.defaults.llm
    label = plugins.llms.get(provider).label if provider in plugins.llms.configured() else provider
    return {
        "model": f"{label}, {config.llm.model}" if config.llm.model else label,
        "grounding": config.grounding.capitalize(),
        "greeting": config.greeting or "None",
        "color": config.appearance.color,
    }


def _version_row(row: BotVersionView, bot: BotView, members: dict[str, str]) -> VersionRow:
    return VersionRow(
        number=row.version,
        author=members.get(row.author_id, "A former member"),
        ago=say_ago(row.created_at, now=utc_now()),
        moment=say_exactly(row.created_at),
        is_live=row.version == bot.version,
    )
