"""The tab with the documents of a knowledge base: add, find, enable, retry, delete."""

import reflex as rx

from privexbot_app.ui.components import badge, card, empty_state, icon, relative_time
from privexbot_app.ui.components.adding import source_buttons
from privexbot_app.ui.components.documents import kind_icon, progress_line
from privexbot_app.ui.components.file_drop import file_drop
from privexbot_app.ui.knowledge.rows import DocumentRow
from privexbot_app.ui.pages.knowledge_base.state import BaseState
from privexbot_app.ui.session import ScopedState

CAN_WRITE = ScopedState.permissions.contains("kb.write")
STATUSES = (
    ("all", "All"),
    ("ready", "Ready"),
    ("processing", "Processing"),
    ("failed", "Failed"),
    ("cancelled", "Cancelled"),
)


def documents_tab() -> rx.Component:
    """The way in for new documents, the toolbar, and the table."""
    return rx.el.div(
        rx.cond(CAN_WRITE & BaseState.is_uploading_shown, _upload()),
        _toolbar(),
        rx.cond(BaseState.documents.length() > 0, _table(), _nothing()),
        rx.cond((BaseState.next_cursor != "") | (BaseState.cursors.length() > 1), _pager()),
        class_name="pb-stack",
    )


def _pager() -> rx.Component:
    style = {"variant": "soft", "color_scheme": "gray"}
    return rx.el.div(
        rx.button(
            icon("chevron-left", 15),
            "Newer",
            disabled=BaseState.cursors.length() <= 1,
            on_click=BaseState.show_newer,
            **style,
        ),
        rx.el.span(BaseState.page_words, role="status", class_name="pb-soft"),
        rx.button(
            "Older",
            icon("chevron-right", 15),
            disabled=BaseState.next_cursor == "",
            on_click=BaseState.show_older,
            **style,
        ),
        class_name="kb-between",
    )


def _upload() -> rx.Component:
    return card(
        rx.el.div(
            file_drop(
                endpoint=BaseState.endpoint,
                method="POST",
                accepted=BaseState.accepted,
                max_bytes=BaseState.max_bytes,
                hint=BaseState.upload_hint,
                on_taken=BaseState.files_taken,
            ),
            source_buttons(BaseState),
            class_name="pb-stack",
        )
    )


def _toolbar() -> rx.Component:
    add = rx.cond(
        BaseState.is_uploading_shown,
        rx.button("Done adding", variant="soft", color_scheme="gray", on_click=BaseState.show_upload(False)),
        rx.button(icon("plus", 16), "Add documents", on_click=BaseState.show_upload(True)),
    )
    retry = rx.button(
        icon("rotate-cw", 15), "Retry all", variant="soft", color_scheme="gray", on_click=BaseState.retry_failed
    )
    return rx.el.div(
        rx.input(
            rx.input.slot(icon("search", 16)),
            value=BaseState.wanted_name,
            on_change=BaseState.filter_name,
            placeholder="Search by name",
            aria_label="Search documents by name",
            type="search",
        ),
        rx.select.root(
            rx.select.trigger(aria_label="Status"),
            rx.select.content(*(rx.select.item(text, value=value) for value, text in STATUSES), position="popper"),
            value=BaseState.wanted_status,
            on_change=BaseState.filter_status,
        ),
        rx.el.div(class_name="pb-spring"),
        rx.cond(CAN_WRITE & (BaseState.failed + BaseState.cancelled > 0), retry),
        rx.cond(CAN_WRITE, add),
        class_name="pb-toolbar",
    )


def _nothing() -> rx.Component:
    is_filtered = (BaseState.wanted_name != "") | (BaseState.wanted_status != "all")
    return rx.cond(
        is_filtered,
        empty_state("Nothing found", "No document fits the search and the status.", icon_name="search-x"),
        empty_state("No documents yet", "Add files, texts or web pages to fill it.", icon_name="file-plus"),
    )


def _table() -> rx.Component:
    headings = ("Name", "Status", "Chunks", "Size", "Added", "In use", "Actions")
    head = rx.el.tr(*(rx.el.th(heading, scope="col") for heading in headings))
    table = rx.el.table(
        rx.el.thead(head),
        rx.el.tbody(rx.foreach(BaseState.documents, _row)),
        aria_label="Documents",
        class_name="pb-table kb-documents",
    )
    return rx.el.div(table, class_name="pb-card pb-table-wrap")


def _row(row: rx.Var[DocumentRow]) -> rx.Component:
    name = rx.el.div(
        rx.el.span(kind_icon(row.kind, 17), class_name="kb-kind"),
        rx.el.div(
            rx.link(row.name, href=row.href, title=row.name, dir="auto", underline="hover", class_name="kb-name"),
            rx.cond(row.problem != "", rx.el.div(row.problem, class_name="pb-problem")),
            rx.cond(row.conflicts != "", rx.el.div(row.conflicts, class_name="pb-tiny")),
            class_name="kb-grow",
        ),
        class_name="pb-row kb-cell-name",
    )
    status = rx.el.div(
        badge(row.status, row.tone),
        rx.cond(~row.is_settled & (row.percent > 0), progress_line(row.percent, row.name)),
        rx.cond(row.left != "", rx.el.div(row.left, class_name="pb-tiny")),
        class_name="kb-cell-status",
    )
    switch = rx.switch(
        checked=row.is_enabled,
        disabled=~CAN_WRITE,
        aria_label="Use " + row.name,
        title="Whether chatbots and searches find it",
        on_change=lambda is_on: BaseState.set_enabled(row.id, is_on),
    )
    return rx.el.tr(
        rx.el.td(name, data_cell="name"),
        rx.el.td(status, data_cell="status"),
        rx.el.td(
            rx.el.span(row.chunks, class_name="kb-wide"),
            rx.el.span(row.chunk_words, class_name="kb-narrow"),
            data_cell="figure",
        ),
        rx.el.td(row.size, data_cell="figure"),
        rx.el.td(relative_time(row.added, row.added_exactly), data_cell="added"),
        rx.el.td(switch, data_cell="switch"),
        rx.el.td(rx.cond(CAN_WRITE, _actions(row)), data_cell="actions"),
        data_off=~row.is_enabled,
    )


def _actions(row: rx.Var[DocumentRow]) -> rx.Component:
    style = {"variant": "ghost", "color_scheme": "gray", "margin": "0"}
    retry = rx.icon_button(
        icon("rotate-cw", 15),
        aria_label="Retry " + row.name,
        title="Try again",
        on_click=BaseState.retry(row.id),
        **style,
    )
    delete = rx.icon_button(
        icon("trash-2", 15),
        aria_label="Delete " + row.name,
        title="Delete",
        on_click=BaseState.ask_delete(row.id),
        **style,
    )
    cancel = rx.icon_button(
        icon("circle-x", 15),
        aria_label="Cancel " + row.name,
        title="Cancel",
        on_click=BaseState.cancel(row.id),
        **style,
    )
    return rx.el.div(
        rx.cond(row.is_failed | row.is_cancelled, retry),
        rx.cond(~row.is_settled, cancel),
        delete,
        class_name="pb-row kb-row-end",
    )
