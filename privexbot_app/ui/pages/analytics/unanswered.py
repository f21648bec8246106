"""What bots could not answer, and the answers that people write for it."""

import reflex as rx

from privexbot_app.ui.components import (
    dialog_actions,
    empty_state,
    icon,
    item,
    item_list,
    note,
    section,
    select_input,
    text_area,
    text_input,
)
from privexbot_app.ui.pages.analytics.rows import AnswerRow, GroupRow
from privexbot_app.ui.pages.analytics.state import AnalyticsState


def unanswered() -> rx.Component:
    """Questions of one meaning each, those most asked first."""
    nothing = empty_state(
        "Nothing unanswered",
        "Questions that a bot refuses, or answers with a thumb down, gather here by their meaning.",
        icon_name="circle-check",
    )
    rows = item_list(rx.foreach(AnalyticsState.groups, _group))
    return section(
        "Unanswered questions",
        rx.cond(AnalyticsState.trouble != "", note(AnalyticsState.trouble, tone="warn")),
        rx.cond(AnalyticsState.groups, rows, nothing),
        lead="Put together on this server; nothing is sent anywhere.",
    )


def _group(row: rx.Var[GroupRow]) -> rx.Component:
    return item(
        row.question,
        icon=icon("circle-help", 17),
        meta=[row.count, row.reason, rx.foreach(row.examples, lambda text: rx.el.span(f"“{text}” "))],
        side=[
            rx.button("Write the answer", size="1", variant="soft", on_click=AnalyticsState.write(row.number)),
            rx.button(
                "Dismiss", size="1", variant="ghost", color_scheme="gray", on_click=AnalyticsState.dismiss(row.number)
            ),
        ],
    )


def waiting_answers() -> rx.Component:
    """Answers that wait for somebody who may change the knowledge base."""
    rows = item_list(rx.foreach(AnalyticsState.waiting, _waiting))
    return rx.cond(AnalyticsState.waiting, section("Answers to review", rows))


def _waiting(row: rx.Var[AnswerRow]) -> rx.Component:
    return item(
        row.question,
        icon=icon("pencil-line", 17),
        meta=[row.answer],
        side=[
            rx.button("Accept", size="1", variant="soft", on_click=AnalyticsState.accept(row.id)),
            rx.button("Reject", size="1", variant="ghost", color_scheme="gray", on_click=AnalyticsState.reject(row.id)),
        ],
    )


def writing_dialog() -> rx.Component:
    """Write what a bot should have said."""
    fields = rx.el.div(
        text_input(
            "Question", id="answer-question", name="question", default_value=AnalyticsState.question, max_length=2000
        ),
        text_area("Answer", id="answer-text", name="answer", problem=AnalyticsState.problem, auto_focus=True),
        select_input(
            "Knowledge base",
            id="answer-base",
            options=AnalyticsState.bases,
            value=AnalyticsState.base,
            on_change=AnalyticsState.choose_base,
        ),
        class_name="pb-stack",
    )
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Write the answer"),
            rx.dialog.description(
                "It waits for review and then becomes part of the knowledge base.", class_name="pb-lead"
            ),
            rx.form(
                fields,
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button("Send to review", type="submit"),
                ),
                no_validate=True,
                on_submit=AnalyticsState.propose,
                class_name="pb-dialog-form",
            ),
            max_width="34rem",
        ),
        open=AnalyticsState.is_writing,
        on_open_change=AnalyticsState.show_writing,
    )
