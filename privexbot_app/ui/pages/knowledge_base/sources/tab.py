"""The tab itself: the list, the schedule, what the last load changed."""

import reflex as rx

from privexbot_app.ui.components import badge, confirm_dialog, empty_state, icon, list_skeleton, note, relative_time
from privexbot_app.ui.components.documents import kind_icon
from privexbot_app.ui.components.reasons import reasons
from privexbot_app.ui.components.ticker import ticker
from privexbot_app.ui.knowledge.sources import ConnectedRow
from privexbot_app.ui.pages.knowledge_base.sources.state import SourcesState
from privexbot_app.ui.session import ScopedState

CAN_WRITE = ScopedState.permissions.contains("kb.write")
SOFT = {"variant": "soft", "color_scheme": "gray"}


def sources_tab() -> rx.Component:
    """Every source of the knowledge base."""
    nothing = empty_state(
        "No sources yet",
        "Add documents, and you see here where they come from. Websites and drives can be loaded again by themselves.",
        icon_name="plug",
    )
    listed = rx.el.ul(
        rx.foreach(SourcesState.connected, _row), role="list", aria_label="Sources", class_name="pb-card pb-list"
    )
    is_paged = (SourcesState.source_next != "") | (SourcesState.source_cursors.length() > 1)
    return rx.el.div(
        rx.cond(SourcesState.is_any_syncing, ticker(every=2000, on_tick=SourcesState.watch_sources)),
        rx.cond(
            SourcesState.is_sources_shown,
            rx.cond(SourcesState.connected.length() > 0, listed, nothing),
            list_skeleton(3),
        ),
        rx.cond(is_paged, _pager()),
        confirm_dialog(
            "Delete “" + SourcesState.removing_name + "”?",
            SourcesState.removing_loss,
            confirm="Delete for good",
            is_open=SourcesState.removing_id != "",
            on_open_change=SourcesState.keep_source,
            on_confirm=SourcesState.remove_source,
        ),
        on_mount=SourcesState.open_sources,
        class_name="pb-stack",
    )


def _row(row: rx.Var[ConnectedRow]) -> rx.Component:
    synced = rx.el.span("Loaded ", relative_time(row.synced, row.synced_exactly))
    return rx.el.li(
        rx.el.div(
            rx.el.span(kind_icon(row.kind, 18), class_name="pb-item-icon"),
            rx.el.div(
                rx.el.div(
                    rx.el.span(row.name, title=row.name, dir="auto", class_name="kb-name"),
                    rx.cond(row.is_syncing, badge("Loading", "busy")),
                    class_name="pb-item-title",
                ),
                rx.el.div(
                    rx.el.span(row.type),
                    rx.el.span(row.documents),
                    rx.cond(row.can_sync & (row.synced != ""), synced),
                    rx.cond(row.changes != "", rx.el.span(row.changes)),
                    rx.cond(row.next_sync != "", rx.el.span(row.next_sync)),
                    class_name="pb-item-meta",
                ),
                class_name="pb-item-body",
            ),
            rx.cond(CAN_WRITE, _actions(row)),
            class_name="kb-source-line kb-source-wide",
        ),
        rx.cond(row.is_syncing, rx.el.progress(aria_label="Loading " + row.name, class_name="kb-bar")),
        rx.cond(row.problem != "", note(row.problem, icon_name="circle-alert", tone="bad")),
        rx.cond(row.stopped != "", rx.el.div(row.stopped, class_name="pb-tiny")),
        reasons(row.left_out, row.reasons),
        class_name="pb-item kb-source-tall",
    )


def _actions(row: rx.Var[ConnectedRow]) -> rx.Component:
    schedule = rx.select.root(
        rx.select.trigger(aria_label="How often " + row.name + " is loaded again"),
        rx.select.content(
            rx.foreach(row.schedules, lambda option: rx.select.item(option["text"], value=option["value"])),
            position="popper",
        ),
        value=row.schedule,
        on_change=lambda schedule: SourcesState.choose_schedule(row.id, schedule),
    )
    sync = rx.button(
        icon("refresh-cw", 15),
        "Sync now",
        disabled=row.is_syncing,
        on_click=SourcesState.sync_now(row.id),
        **SOFT,
    )
    delete = rx.icon_button(
        icon("trash-2", 15),
        variant="ghost",
        color_scheme="gray",
        margin="0",
        aria_label="Delete " + row.name,
        title="Delete",
        on_click=SourcesState.ask_remove(row.id),
    )
    return rx.el.div(rx.cond(row.can_sync, rx.fragment(schedule, sync)), delete, class_name="pb-row")


def _pager() -> rx.Component:
    return rx.el.div(
        rx.button(
            icon("chevron-left", 15),
            "Newer",
            disabled=SourcesState.source_cursors.length() <= 1,
            on_click=SourcesState.turn_sources(-1),
            **SOFT,
        ),
        rx.el.span(SourcesState.source_page_words, role="status", class_name="pb-soft"),
        rx.button(
            "Older",
            icon("chevron-right", 15),
            disabled=SourcesState.source_next == "",
            on_click=SourcesState.turn_sources(1),
            **SOFT,
        ),
        class_name="kb-between",
    )
