"""The second part of the wizard: what goes in, and how far each source is read."""

import reflex as rx

from privexbot_app.ui.components import card, icon
from privexbot_app.ui.components.adding import source_buttons
from privexbot_app.ui.components.documents import kind_icon
from privexbot_app.ui.components.file_drop import file_drop
from privexbot_app.ui.components.reasons import reasons
from privexbot_app.ui.components.ticker import ticker
from privexbot_app.ui.knowledge.sources import SourceRow
from privexbot_app.ui.pages.knowledge_new.review.state import ReviewState
from privexbot_app.ui.pages.knowledge_new.state import NewBaseState


def sources_card() -> rx.Component:
    """Where files are dropped, the buttons for other sources, and the list."""
    drop = file_drop(
        endpoint=NewBaseState.endpoint,
        method="PUT",
        accepted=NewBaseState.accepted,
        max_bytes=NewBaseState.max_bytes,
        hint=NewBaseState.upload_hint,
        on_taken=NewBaseState.reload_sources,
    )
    listed = rx.el.ul(rx.foreach(NewBaseState.sources, _row), aria_label="Sources", class_name="kb-sources")
    return card(
        rx.cond(NewBaseState.is_reading, ticker(every=1000, on_tick=NewBaseState.reload_sources)),
        rx.cond(
            NewBaseState.draft_id != "",
            rx.el.div(
                drop,
                source_buttons(NewBaseState),
                rx.cond(NewBaseState.sources.length() > 0, listed),
                class_name="pb-stack",
            ),
            rx.el.p("Give it a name first; then you can add files, texts and websites.", class_name="pb-soft"),
        ),
        title="2. Sources",
        lead="Files, pasted texts, questions with answers, websites and more. What cannot be read says why.",
    )


def _row(row: rx.Var[SourceRow]) -> rx.Component:
    remove = rx.icon_button(
        icon("x", 15),
        size="1",
        variant="ghost",
        color_scheme="gray",
        margin="0",
        aria_label=rx.cond(row.is_pending, "Cancel ", "Remove ") + row.name,
        title=rx.cond(row.is_pending, "Cancel", "Remove"),
        on_click=NewBaseState.remove_source(row.id),
    )
    review = rx.button(
        icon("list-checks", 15),
        "Review pages",
        size="1",
        variant="soft",
        on_click=ReviewState.open_review(row.id),
        class_name="kb-review-pages",
    )
    return rx.el.li(
        rx.el.div(
            rx.el.span(kind_icon(row.kind, 17), class_name="kb-kind"),
            rx.el.div(
                rx.el.div(row.name, title=row.name, dir="auto", class_name="kb-name"),
                rx.cond(
                    row.problem != "",
                    rx.el.div(row.problem, class_name="pb-problem"),
                    rx.el.div(row.details, role=rx.cond(row.is_pending, "status", "none"), class_name="pb-tiny"),
                ),
                class_name="kb-grow",
            ),
            rx.cond(row.has_pages & ~row.is_pending & (row.problem == ""), review),
            _mark(row),
            remove,
            class_name="kb-source-line kb-source-wide",
        ),
        rx.cond(row.is_pending, rx.el.progress(aria_label="Reading " + row.name, class_name="kb-bar")),
        rx.cond(row.stopped != "", rx.el.div(row.stopped, class_name="pb-tiny")),
        reasons(row.left_out, row.reasons),
        class_name="kb-source kb-source-tall",
    )


def _mark(row: rx.Var[SourceRow]) -> rx.Component:
    bad = rx.el.span(icon("circle-alert", 16), class_name="kb-bad", title="Could not be read")
    good = rx.el.span(icon("circle-check", 16), class_name="kb-good", title="Read")
    return rx.cond(row.is_pending, rx.spinner(size="1"), rx.cond(row.problem != "", bad, good))
