"""The list of knowledge bases and of drafts: find one, go on with one, begin one, delete one."""

import reflex as rx

from privexbot_app.domains.knowledge.drafts import KnowledgeDraftService
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.ui import routes
from privexbot_app.ui.components import (
    badge,
    confirm_dialog,
    empty_state,
    icon,
    item,
    item_list,
    list_skeleton,
    page,
    page_header,
    relative_time,
    section,
)
from privexbot_app.ui.components.documents import progress_line
from privexbot_app.ui.components.ticker import ticker
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.knowledge.losing import say_loss
from privexbot_app.ui.knowledge.rows import BaseRow, DraftRow
from privexbot_app.ui.knowledge.views import base_row, draft_row
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.session import ScopedState

PAGE_SIZE = 100


class KnowledgeState(ScopedState):
    """What the list shows."""

    bases: list[BaseRow] = []
    drafts: list[DraftRow] = []
    next_cursor: str = ""
    wanted: str = ""
    is_listed: bool = False
    deleting_id: str = ""
    deleting_name: str = ""
    deleting_loss: str = ""
    is_deleting: bool = False

    @rx.var
    def shown(self) -> list[BaseRow]:
        """The knowledge bases whose name or description holds what is searched for."""
        wanted = self.wanted.strip().casefold()
        return [row for row in self.bases if wanted in f"{row.name}\n{row.description}".casefold()]

    @rx.var
    def is_busy(self) -> bool:
        """Whether any of them is being processed."""
        return any(row.is_busy for row in self.bases)

    @rx.event
    async def load(self) -> None:
        """Read both lists."""
        scope = await self.scope()
        self.wanted = ""
        async with self.works.open(scope, read_only=True) as work:
            found = await KnowledgeService(work).list_bases(PageParams(limit=PAGE_SIZE))
        self.bases, self.next_cursor = [base_row(view) for view in found.items], found.next_cursor or ""
        drafts = await KnowledgeDraftService(self.works, scope).list_drafts()
        self.drafts = [draft_row(view) for view in drafts]
        self.is_listed = True

    @rx.event
    async def load_more(self) -> None:
        """Read the next page."""
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            found = await KnowledgeService(work).list_bases(PageParams(PAGE_SIZE, self.next_cursor or None))
        self.bases = [*self.bases, *(base_row(view) for view in found.items)]
        self.next_cursor = found.next_cursor or ""

    @rx.event
    async def refresh(self) -> None:
        """Look again at those that are being processed."""
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            found = await KnowledgeService(work).list_bases(PageParams(limit=LARGEST_PAGE_SIZE))
        fresh = {str(view.id): view for view in found.items}
        self.bases = [base_row(fresh[row.id]) if row.id in fresh else row for row in self.bases]

    @rx.event
    def search(self, wanted: str) -> None:
        """Show only what matches."""
        self.wanted = str(wanted)

    @rx.event
    async def ask_delete(self, base_id: str) -> None:
        """Say what would be lost."""
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            base = await KnowledgeService(work).get_base(parse_id(base_id))
            self.deleting_loss = await say_loss(work, base)
        self.deleting_id, self.deleting_name = str(base.id), base.name

    @rx.event
    def stop_asking(self, is_open: bool) -> None:
        """Close the question."""
        if not is_open:
            self.deleting_id = ""

    @rx.event
    async def delete(self) -> rx.event.EventSpec:
        """Delete the knowledge base that was asked about."""
        scope = await self.scope()
        base_id = parse_id(self.deleting_id)
        self.deleting_id = ""
        async with self.works.open(scope) as work:
            await KnowledgeService(work).delete_base(base_id)
        self.bases = [row for row in self.bases if row.id != str(base_id)]
        return rx.toast.success(f"Deleted “{self.deleting_name}”.")


@dashboard_page(
    "/knowledge",
    title="Knowledge",
    icon="library",
    section="Build",
    order=20,
    permission="kb.read",
    on_load=KnowledgeState.load,
)
def knowledge_page() -> rx.Component:
    can_write = ScopedState.permissions.contains("kb.write")
    has_any = (KnowledgeState.bases.length() > 0) | (KnowledgeState.drafts.length() > 0)
    return page(
        page_header(
            "Knowledge",
            "What your chatbots answer from.",
            actions=[rx.cond(can_write & has_any, _new_button())],
        ),
        rx.cond(KnowledgeState.is_busy, ticker(every=2000, on_tick=KnowledgeState.refresh)),
        rx.cond(
            KnowledgeState.is_listed,
            rx.cond(has_any, rx.fragment(_drafts(), _bases()), _nothing(can_write)),
            list_skeleton(),
        ),
        _delete_dialog(),
    )


def _new_button() -> rx.Component:
    return rx.link(
        rx.button(icon("plus", 16), "New knowledge base", tab_index=-1),
        href=routes.new_knowledge_base(),
        underline="none",
    )


def _nothing(can_write: rx.Var[bool]) -> rx.Component:
    return empty_state(
        "No knowledge yet",
        "Add documents, texts or web pages. Your chatbots will answer from them and show where an answer stands.",
        icon_name="library",
        actions=[rx.cond(can_write, _new_button())],
    )


def _drafts() -> rx.Component:
    return rx.cond(
        KnowledgeState.drafts.length() > 0,
        section("Drafts", item_list(rx.foreach(KnowledgeState.drafts, _draft_row))),
    )


def _draft_row(row: rx.Var[DraftRow]) -> rx.Component:
    return item(
        rx.el.span(row.name, title=row.name, dir="auto"),
        href=row.href,
        icon=icon("pencil-line", 18),
        meta=[row.sources, rx.fragment("saved ", relative_time(row.saved, row.saved_exactly))],
        side=[rx.el.span("Continue", icon("arrow-right", 15), aria_hidden="true", class_name="kb-continue")],
    )


def _bases() -> rx.Component:
    box = rx.input(
        rx.input.slot(icon("search", 16)),
        value=KnowledgeState.wanted,
        on_change=KnowledgeState.search,
        placeholder="Search by name or description",
        aria_label="Search knowledge bases",
        type="search",
    )
    none = empty_state("Nothing found", "No knowledge base has this in its name.", icon_name="search-x")
    return section(
        "Knowledge bases",
        rx.cond(KnowledgeState.bases.length() > 5, rx.el.div(box, class_name="pb-toolbar")),
        rx.cond(
            KnowledgeState.shown.length() > 0,
            item_list(rx.foreach(KnowledgeState.shown, _base_row)),
            rx.cond(KnowledgeState.wanted != "", none, rx.el.p("Finish a draft to see it here.", class_name="pb-soft")),
        ),
        rx.cond(
            KnowledgeState.next_cursor != "",
            rx.button("Show more", variant="soft", color_scheme="gray", on_click=KnowledgeState.load_more),
        ),
    )


def _base_row(row: rx.Var[BaseRow]) -> rx.Component:
    delete = rx.icon_button(
        icon("trash-2", 16),
        variant="ghost",
        color_scheme="gray",
        margin="0",
        aria_label="Delete " + row.name,
        title="Delete",
        on_click=KnowledgeState.ask_delete(row.id),
    )
    return item(
        rx.el.span(row.name, title=row.name, dir="auto"),
        href=row.href,
        icon=icon("library", 18),
        status=badge(row.status, row.tone),
        meta=[
            rx.cond(row.failed != "", row.documents + ", " + row.failed, row.documents),
            row.chunks,
            relative_time(row.created, row.created_exactly),
            rx.cond(row.description != "", rx.el.span(row.description, title=row.description, dir="auto")),
        ],
        side=[
            rx.cond(row.is_busy, progress_line(row.percent, row.name)),
            rx.cond(ScopedState.permissions.contains("kb.write"), delete),
        ],
    )


def _delete_dialog() -> rx.Component:
    return confirm_dialog(
        "Delete “" + KnowledgeState.deleting_name + "”?",
        KnowledgeState.deleting_loss,
        confirm="Delete for good",
        is_open=KnowledgeState.deleting_id != "",
        on_open_change=KnowledgeState.stop_asking,
        on_confirm=KnowledgeState.delete,
    )
