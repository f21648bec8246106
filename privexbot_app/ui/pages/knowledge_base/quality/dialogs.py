"""The dialogs that add golden questions: one by a form, many by a CSV text or file."""

from typing import Any

import reflex as rx

from privexbot_app.ui.components import dialog_actions, note, text_area, text_input
from privexbot_app.ui.components.text_file import text_file
from privexbot_app.ui.pages.knowledge_base.quality.state import LONGEST_PASTE, QualityState

EXAMPLE = "question,phrases,document\nWhat does a berth cost?,24 euros|€ 24,Fees.pdf"


def golden_dialogs() -> rx.Component:
    """Both dialogs."""
    return rx.fragment(_question_dialog(), _csv_dialog())


def _question_dialog() -> rx.Component:
    return _dialog(
        "question",
        "Add a golden question",
        "The question passes when one of the first ten passages is what you expect.",
        QualityState.add_golden,
        text_input(
            "Question",
            id="golden-question",
            name="question",
            max_length=4000,
            dir="auto",
            auto_focus=True,
            placeholder="As a visitor would ask it",
            problem=_problem("question"),
        ),
        text_area(
            "Expected phrases",
            id="golden-phrases",
            name="expected_phrases",
            rows="3",
            dir="auto",
            help_text="One per line. A passage with any of them is right; case and spaces do not matter.",
            problem=_problem("expected_phrases"),
        ),
        text_input(
            "Expected document",
            id="golden-document",
            name="expected_document",
            max_length=255,
            dir="auto",
            help_text="Its name, or a part of it. With phrases, the passage must be in this document.",
            problem=_problem("expected_document"),
        ),
        submit="Add",
    )


def _csv_dialog() -> rx.Component:
    lines = rx.el.ul(
        rx.foreach(QualityState.line_problems, rx.el.li),
        aria_label="Lines with problems",
        class_name="kb-line-problems",
    )
    return _dialog(
        "csv",
        "Import golden questions",
        "CSV with the columns question, phrases and document. Several phrases are separated by “|”.",
        QualityState.import_golden,
        text_file(
            into="golden-csv", accept=".csv,text/csv,text/plain", max_characters=LONGEST_PASTE, label="Choose a file…"
        ),
        text_area(
            "CSV",
            id="golden-csv",
            name="content",
            rows="8",
            max_length=LONGEST_PASTE,
            placeholder=EXAMPLE,
            class_name="kb-code",
            help_text="Nothing is added unless every line is right.",
            problem=_problem("content"),
        ),
        rx.cond(QualityState.line_problems.length() > 0, lines),
        submit="Import",
    )


def _dialog(kind: str, title: str, lead: str, on_submit: Any, *fields: rx.Component, submit: str) -> rx.Component:
    whole = _problem("")
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(title),
            rx.dialog.description(lead, size="2", color_scheme="gray"),
            rx.form(
                rx.el.div(
                    *fields,
                    rx.cond(whole != "", note(whole, icon_name="circle-alert", tone="bad")),
                    class_name="pb-stack",
                ),
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button(submit, type="submit"),
                ),
                no_validate=True,
                on_submit=on_submit,
                margin_top="1rem",
            ),
            max_width="34rem",
        ),
        open=QualityState.golden_dialog == kind,
        on_open_change=QualityState.close_golden_dialog,
    )


def _problem(name: str) -> rx.Var[str]:
    return rx.cond(QualityState.golden_problems.contains(name), QualityState.golden_problems[name], "")
