"""The page of one knowledge base: how far it is, its documents, a try at searching it, its settings."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import (
    badge,
    card,
    confirm_dialog,
    empty_state,
    icon,
    page,
    page_header,
    page_skeleton,
    stat_tile,
    text_area,
    text_input,
)
from privexbot_app.ui.components.adding import source_dialogs
from privexbot_app.ui.components.documents import progress_line
from privexbot_app.ui.components.ticker import ticker
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.knowledge_base.documents import documents_tab
from privexbot_app.ui.pages.knowledge_base.quality.tab import quality_tab
from privexbot_app.ui.pages.knowledge_base.search import search_tab
from privexbot_app.ui.pages.knowledge_base.sources.tab import sources_tab
from privexbot_app.ui.pages.knowledge_base.state import BaseState
from privexbot_app.ui.session import ScopedState

BACK = ("Knowledge", routes.knowledge_bases())
CAN_WRITE = ScopedState.permissions.contains("kb.write")


@dashboard_page("/knowledge/[base_id]", title="Knowledge base", permission="kb.read", on_load=BaseState.load)
def knowledge_base_page() -> rx.Component:
    return rx.cond(BaseState.is_ready, rx.cond(BaseState.is_missing, _missing(), _shown()), page_skeleton())


def _missing() -> rx.Component:
    return page(
        page_header("Knowledge base", back=BACK),
        empty_state("There is no such knowledge base", "It may have been deleted.", icon_name="search-x"),
    )


def _shown() -> rx.Component:
    return page(
        page_header(
            BaseState.name, BaseState.description, back=BACK, actions=[badge(BaseState.status, BaseState.tone)]
        ),
        rx.cond(BaseState.is_busy, rx.fragment(ticker(every=2000, on_tick=BaseState.refresh), _progress())),
        _counts(),
        rx.tabs.root(
            rx.tabs.list(
                rx.tabs.trigger("Documents", value="documents"),
                rx.tabs.trigger("Sources", value="sources"),
                rx.tabs.trigger("Test retrieval", value="search"),
                rx.tabs.trigger("Quality", value="quality"),
                rx.tabs.trigger("Settings", value="settings"),
            ),
            rx.tabs.content(documents_tab(), value="documents", class_name="kb-tab"),
            rx.tabs.content(sources_tab(), value="sources", class_name="kb-tab"),
            rx.tabs.content(search_tab(), value="search", class_name="kb-tab"),
            rx.tabs.content(quality_tab(), value="quality", class_name="kb-tab"),
            rx.tabs.content(_settings(), value="settings", class_name="kb-tab"),
            value=BaseState.tab,
            on_change=BaseState.choose_tab,
        ),
        source_dialogs(BaseState),
        confirm_dialog(
            "Delete “" + BaseState.deleting_name + "”?",
            BaseState.deleting_loss,
            confirm="Delete for good",
            is_open=BaseState.deleting_id != "",
            on_open_change=BaseState.stop_asking,
            on_confirm=BaseState.delete,
        ),
    )


def _progress() -> rx.Component:
    return rx.el.div(
        rx.el.span(BaseState.progress_words, role="status", class_name="pb-soft"),
        progress_line(BaseState.percent, "Documents processed"),
        class_name="kb-busy",
    )


def _counts() -> rx.Component:
    return rx.el.div(
        stat_tile("Documents", BaseState.figures[0], icon_name="files"),
        stat_tile("Ready", BaseState.figures[1], icon_name="circle-check"),
        stat_tile("Failed", BaseState.figures[2], icon_name="circle-alert"),
        stat_tile("Chunks", BaseState.figures[3], icon_name="layers"),
        class_name="pb-grid-4",
    )


def _settings() -> rx.Component:
    names = card(
        rx.form(
            text_input(
                "Name",
                id="base-name",
                name="name",
                default_value=BaseState.name,
                max_length=120,
                dir="auto",
                problem=BaseState.name_problem,
            ),
            text_area(
                "Description",
                id="base-description",
                name="description",
                default_value=BaseState.description,
                max_length=2000,
                dir="auto",
            ),
            rx.box(rx.button("Save", type="submit")),
            on_submit=BaseState.rename,
            key=BaseState.held_id,
            class_name="pb-stack",
        ),
        title="Name and description",
    )
    fixed = card(
        rx.el.dl(
            rx.foreach(BaseState.facts, lambda row: rx.fragment(rx.el.dt(row["name"]), rx.el.dd(row["value"]))),
            class_name="pb-facts",
        ),
        title="How it was made",
        lead="These were chosen when the knowledge base was created, and hold for all its documents.",
    )
    danger = card(
        rx.button(
            icon("trash-2", 15), "Delete knowledge base", color_scheme="red", variant="soft",
            on_click=BaseState.ask_delete(""),
        ),
        title="Delete",
        lead="Its documents go with it, and chatbots no longer answer from it.",
    )  # fmt: skip
    return rx.el.div(rx.cond(CAN_WRITE, names), fixed, rx.cond(CAN_WRITE, danger), class_name="pb-stack")
