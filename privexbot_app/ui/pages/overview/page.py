"""The first page: everybody sees it; it shows the numbers of the workspace and the way to the first chatbot."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import (
    badge,
    card,
    empty_state,
    icon,
    item,
    item_list,
    list_skeleton,
    page,
    page_header,
    section,
    stat_tile,
    tiles_skeleton,
)
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.overview.state import OverviewState, RecentRow


@dashboard_page("/", title="Overview", icon="layout-dashboard", order=10, on_load=OverviewState.load)
def overview_page() -> rx.Component:
    return page(
        page_header("Overview", "What this workspace knows, and how its chatbots are doing."),
        rx.cond(OverviewState.is_counted, _counted(), rx.fragment(tiles_skeleton(), list_skeleton())),
    )


def _counted() -> rx.Component:
    return rx.fragment(
        rx.cond(OverviewState.steps_done < 3, _first_steps()),
        rx.el.div(
            stat_tile("Knowledge bases", OverviewState.bases, icon_name="library"),
            stat_tile("Documents", OverviewState.documents, icon_name="file-text"),
            stat_tile("Live chatbots", OverviewState.bots, icon_name="bot"),
            stat_tile("Answers in 30 days", OverviewState.answers, icon_name="message-circle"),
            class_name="pb-grid-4",
        ),
        rx.el.div(_recent_bots(), _recent_bases(), class_name="pb-grid-2"),
    )


def _first_steps() -> rx.Component:
    made_base = OverviewState.bases > 0
    made_bot = OverviewState.bots + OverviewState.bot_drafts > 0
    return card(
        rx.el.ol(
            _step(
                "1",
                "Create a knowledge base",
                "Upload documents, paste text or add web pages.",
                made_base,
                _step_link("Create", routes.new_knowledge_base()),
            ),
            _step(
                "2",
                "Build a chatbot",
                "Choose what it knows and how it talks, and try it at once.",
                made_bot,
                _step_link("Build", f"{routes.chatbots()}?new=1"),
            ),
            _step(
                "3",
                "Put it on your website",
                "Deploy it, then copy one line of code or share its link.",
                OverviewState.bots > 0,
                _step_link(
                    "Continue", rx.cond(OverviewState.next_draft != "", OverviewState.next_draft, routes.chatbots())
                ),
            ),
            class_name="pb-checklist",
        ),
        title="Get started",
        lead=f"{OverviewState.steps_done} of 3 steps done",
    )


def _step(number: str, title: str, text: str, is_done: rx.Var[bool], link: rx.Component) -> rx.Component:
    return rx.el.li(
        rx.el.span(
            rx.cond(is_done, icon("check", 14), rx.el.span(number)),
            rx.el.span(rx.cond(is_done, "Done: ", "To do: "), class_name="sr-only"),
            data_done=rx.cond(is_done, "true", "false"),
            class_name="pb-check",
        ),
        rx.el.div(
            rx.el.div(title, class_name="pb-strong"), rx.el.div(text, class_name="pb-soft"), class_name="pb-item-body"
        ),
        rx.cond(is_done, rx.fragment(), link),
        class_name="pb-item pb-item-bare",
    )


def _step_link(text: str, href: rx.Var[str] | str) -> rx.Component:
    return rx.link(rx.button(text, variant="soft", size="2", tab_index=-1), href=href, underline="none")


def _recent_bots() -> rx.Component:
    empty = empty_state(
        "No chatbots yet",
        "A chatbot answers your visitors from your documents.",
        icon_name="bot",
        actions=[_step_link("New chatbot", f"{routes.chatbots()}?new=1")],
    )
    return section(
        "Chatbots",
        rx.cond(
            OverviewState.recent_bots, item_list(rx.foreach(OverviewState.recent_bots, lambda r: _row(r, "bot"))), empty
        ),
        actions=[rx.link("See all", href=routes.chatbots(), size="2")],
    )


def _recent_bases() -> rx.Component:
    empty = empty_state(
        "No knowledge bases yet",
        "A knowledge base holds the documents that chatbots read.",
        icon_name="library",
        actions=[_step_link("New knowledge base", routes.new_knowledge_base())],
    )
    rows = item_list(rx.foreach(OverviewState.recent_bases, lambda r: _row(r, "library")))
    return section(
        "Knowledge bases",
        rx.cond(OverviewState.recent_bases, rows, empty),
        actions=[rx.link("See all", href=routes.knowledge_bases(), size="2")],
    )


def _row(row: rx.Var[RecentRow], icon_name: str) -> rx.Component:
    return item(row.title, href=row.href, icon=icon(icon_name, 17), status=badge(row.status, row.tone), meta=[row.meta])
