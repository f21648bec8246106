"""The page of one knowledge base: how far it is, its documents, a try at searching it, its settings."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import (
    badge,
    confirm_dialog,
    empty_state,
    note,
    page,
    page_header,
    page_skeleton,
    stat_tile,
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
from privexbot_app.ui.pages.knowledge_base.tuning import settings_tab
from privexbot_app.ui.session import ScopedState

BACK = ("Knowledge", routes.knowledge_bases())
SMALL = {"size": "1", "variant": "soft", "color_scheme": "gray"}
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
        rx.cond(BaseState.is_busy | BaseState.is_reindexing, ticker(every=2000, on_tick=BaseState.refresh)),
        rx.cond(BaseState.is_busy, _progress()),
        rx.cond(BaseState.is_reindexing, _reindexing()),
        rx.cond(BaseState.reindex_problem != "", _reindex_failed()),
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
            rx.tabs.content(settings_tab(), value="settings", class_name="kb-tab"),
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
        rx.cond(CAN_WRITE, rx.button("Cancel all", on_click=BaseState.cancel_all, **SMALL)),
        class_name="kb-busy",
    )


def _reindexing() -> rx.Component:
    return rx.el.div(
        rx.el.span(BaseState.reindex_words, role="status", class_name="pb-soft"),
        progress_line(BaseState.reindex_percent, "Documents indexed again"),
        rx.cond(CAN_WRITE, rx.button("Cancel", on_click=BaseState.stop_reindex, **SMALL)),
        class_name="kb-busy",
    )


def _reindex_failed() -> rx.Component:
    return note(
        rx.el.strong("Indexing again did not work. Everything is as it was."),
        BaseState.reindex_problem,
        rx.cond(CAN_WRITE, rx.box(rx.button("Close", on_click=BaseState.stop_reindex, **SMALL))),
        icon_name="circle-alert",
        tone="bad",
    )


def _counts() -> rx.Component:
    return rx.el.div(
        stat_tile("Documents", BaseState.figures[0], icon_name="files"),
        stat_tile("Ready", BaseState.figures[1], icon_name="circle-check"),
        stat_tile("Failed", BaseState.figures[2], icon_name="circle-alert"),
        stat_tile("Chunks", BaseState.figures[3], icon_name="layers"),
        class_name="pb-grid-4",
    )
