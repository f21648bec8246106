"""The list of chatbots and what can be done to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.bots.drafts import BotDraftService
from privexbot_app.domains.bots.schemas import BotDraftView, BotView
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.ui import routes
from privexbot_app.ui.formats import say_ago, say_count
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.statuses import base_status

UNTITLED = "Untitled chatbot"
EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)


@dataclass
class ChatbotRow:
    """A live chatbot or a draft, as the list shows it."""

    id: str
    name: str
    href: str
    version: str
    knowledge: str
    edited: str
    embed_code: str = ""
    public_url: str = ""


@dataclass
class BaseChoice:
    """A knowledge base that a new chatbot may read."""

    id: str
    name: str
    status: str
    tone: str


class ChatbotsState(ScopedState):
    """The list and its dialogs."""

    is_listed: bool = False
    live: list[ChatbotRow] = []
    drafts: list[ChatbotRow] = []
    words: str = ""
    bases: list[BaseChoice] = []
    is_creating: bool = False
    is_asking: bool = False
    deleting: dict[str, str] = {}

    @rx.var
    def found_live(self) -> list[ChatbotRow]:
        """Live chatbots whose name has the words."""
        return [row for row in self.live if self.words.lower() in row.name.lower()]

    @rx.var
    def found_drafts(self) -> list[ChatbotRow]:
        """Drafts whose name has the words."""
        return [row for row in self.drafts if self.words.lower() in row.name.lower()]

    @rx.event
    async def load(self) -> None:
        """List everything; `?new=1` opens the dialog."""
        await self._list()
        self.words, self.is_asking = "", False
        self.is_creating = self.router.url.query_parameters.get("new") == "1" and "bots.write" in self.permissions

    @rx.event
    def search(self, words: str) -> None:
        """Show only chatbots whose name has these words."""
        self.words = str(words).strip()

    @rx.event
    def show_new(self, is_open: bool) -> None:
        """Open or close the dialog of a new chatbot."""
        self.is_creating = bool(is_open)

    @rx.event
    async def create(self, form: dict[str, Any]) -> Any:
        """Begin a draft and go to its builder."""
        scope = await self.scope()
        chosen = [name.removeprefix("base-") for name in form if name.startswith("base-")]
        fields = {
            "name": str(form.get("name", "")),
            "knowledge_bases": [{"kb_id": str(parse_id(base_id))} for base_id in chosen],
        }
        draft = await BotDraftService(self.works, scope).create(fields)
        self.is_creating = False
        return rx.redirect(routes.chatbot_builder(str(draft.draft_id)))

    @rx.event
    async def edit(self, bot_id: str) -> Any:
        """Begin a draft of a live chatbot, or go on with the one that there is."""
        scope = await self.scope()
        draft = await BotDraftService(self.works, scope).open_for(parse_id(bot_id))
        return rx.redirect(routes.chatbot_builder(str(draft.draft_id)))

    @rx.event
    def ask_delete(self, kind: str, id: str, name: str) -> None:
        """Ask before deleting."""
        self.is_asking, self.deleting = True, {"kind": str(kind), "id": str(id), "name": str(name)}

    @rx.event
    def keep(self, is_open: bool) -> None:
        """Close the question."""
        self.is_asking = bool(is_open)

    @rx.event
    async def delete(self) -> Any:
        """Delete what was asked about."""
        scope = await self.scope()
        target, self.is_asking = dict(self.deleting), False
        if target.get("kind") == "draft":
            await BotDraftService(self.works, scope).delete(parse_id(target["id"]))
        else:
            async with self.works.open(scope) as work:
                await BotService(work).delete_bot(parse_id(target.get("id")))
        await self._list()
        return rx.toast.success(f"Deleted “{target['name']}”.")

    async def _list(self) -> None:
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            bots = (await BotService(work).list_bots(EVERYTHING, browser_url=runtime.current().browser_url)).items
            bases = (await KnowledgeService(work).list_bases(EVERYTHING)).items
        self.live = _live_rows(bots)
        self.drafts = _draft_rows(await BotDraftService(self.works, scope).list_drafts())
        self.bases = [BaseChoice(str(base.id), base.name, *base_status(base.status)) for base in bases]
        self.is_listed = True


def _live_rows(bots: Sequence[BotView]) -> list[ChatbotRow]:
    now = utc_now()
    return [
        ChatbotRow(
            id=str(bot.id),
            name=bot.name,
            href=routes.chatbot(str(bot.id)),
            version=f"Version {bot.version}",
            knowledge=say_count(len(bot.config.knowledge_bases), "knowledge base"),
            edited=f"Made {say_ago(bot.created_at, now=now)}",
            embed_code=bot.embed_code,
            public_url=bot.public_url,
        )
        for bot in bots
    ]


def _draft_rows(drafts: Sequence[BotDraftView]) -> list[ChatbotRow]:
    now = utc_now()
    return [
        ChatbotRow(
            id=str(draft.draft_id),
            name=draft.config.name or UNTITLED,
            href=routes.chatbot_builder(str(draft.draft_id)),
            version="Changes to a live chatbot" if draft.bot_id else "New",
            knowledge=say_count(len(draft.config.knowledge_bases), "knowledge base"),
            edited=f"Edited {say_ago(draft.updated_at, now=now)}",
        )
        for draft in drafts
    ]
