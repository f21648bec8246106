"""The list of chatflows and what can be done to each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.bots.kinds import BotKind
from privexbot_app.domains.bots.schemas import BotDraftView, BotView
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.chatflows.drafts import ChatflowDraftService
from privexbot_app.domains.chatflows.service import ChatflowService
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.ui import routes
from privexbot_app.ui.formats import say_ago, say_count
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.session import ScopedState

UNTITLED = "Untitled chatflow"
EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)


@dataclass
class ChatflowRow:
    """A live chatflow or a draft, as the list shows it."""

    id: str
    name: str
    href: str
    version: str
    nodes: str
    edited: str
    embed_code: str = ""
    public_url: str = ""


class ChatflowsState(ScopedState):
    """The list and its dialogs."""

    is_listed: bool = False
    live: list[ChatflowRow] = []
    drafts: list[ChatflowRow] = []
    words: str = ""
    is_creating: bool = False
    is_asking: bool = False
    deleting: dict[str, str] = {}

    @rx.var
    def found_live(self) -> list[ChatflowRow]:
        """Live chatflows whose name has the words."""
        return [row for row in self.live if self.words.lower() in row.name.lower()]

    @rx.var
    def found_drafts(self) -> list[ChatflowRow]:
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
        """Show only chatflows whose name has these words."""
        self.words = str(words).strip()

    @rx.event
    def show_new(self, is_open: bool) -> None:
        """Open or close the dialog of a new chatflow."""
        self.is_creating = bool(is_open)

    @rx.event
    async def create(self, form: dict[str, Any]) -> Any:
        """Begin a draft and go to its editor."""
        scope = await self.scope()
        draft = await ChatflowDraftService(self.works, scope).create({"name": str(form.get("name", ""))})
        self.is_creating = False
        return rx.redirect(routes.chatflow_editor(str(draft.draft_id)))

    @rx.event
    async def edit(self, chatflow_id: str) -> Any:
        """Begin a draft of a live chatflow, or go on with the one that there is."""
        scope = await self.scope()
        draft = await ChatflowDraftService(self.works, scope).open_for(parse_id(chatflow_id))
        return rx.redirect(routes.chatflow_editor(str(draft.draft_id)))

    @rx.event
    async def show_versions(self, chatflow_id: str) -> Any:
        """Edit a live chatflow, with its versions beside the canvas."""
        scope = await self.scope()
        draft = await ChatflowDraftService(self.works, scope).open_for(parse_id(chatflow_id))
        return rx.redirect(routes.chatflow_editor(str(draft.draft_id), versions=True))

    @rx.event
    async def duplicate(self, chatflow_id: str) -> Any:
        """Begin a draft of a new chatflow that is like a live one."""
        scope = await self.scope()
        draft = await ChatflowDraftService(self.works, scope).duplicate(parse_id(chatflow_id))
        return rx.redirect(routes.chatflow_editor(str(draft.draft_id)))

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
            await ChatflowDraftService(self.works, scope).delete(parse_id(target["id"]))
        else:
            async with self.works.open(scope) as work:
                await ChatflowService(work).delete(parse_id(target.get("id")))
        await self._list()
        return rx.toast.success(f"Deleted “{target['name']}”.")

    async def _list(self) -> None:
        scope = await self.scope()
        browser_url = runtime.current().browser_url
        async with self.works.open(scope, read_only=True) as work:
            page = await BotService(work).list_bots(EVERYTHING, browser_url=browser_url, kind=BotKind.CHATFLOW)
        self.live = _live_rows(page.items)
        self.drafts = _draft_rows(await ChatflowDraftService(self.works, scope).list_drafts())
        self.is_listed = True


def _live_rows(flows: Sequence[BotView]) -> list[ChatflowRow]:
    now = utc_now()
    return [
        ChatflowRow(
            id=str(flow.id),
            name=flow.name,
            href="",
            version=f"Version {flow.version}",
            nodes=say_count(len(flow.config.graph.nodes) if flow.config.graph else 0, "node"),
            edited=f"Made {say_ago(flow.created_at, now=now)}",
            embed_code=flow.embed_code,
            public_url=flow.public_url,
        )
        for flow in flows
    ]


def _draft_rows(drafts: Sequence[BotDraftView]) -> list[ChatflowRow]:
    now = utc_now()
    return [
        ChatflowRow(
            id=str(draft.draft_id),
            name=draft.config.name or UNTITLED,
            href=routes.chatflow_editor(str(draft.draft_id)),
            version="Changes to a live chatflow" if draft.bot_id else "New",
            nodes=say_count(len(draft.config.graph.nodes) if draft.config.graph else 0, "node"),
            edited=f"Edited {say_ago(draft.updated_at, now=now)}",
        )
        for draft in drafts
    ]
