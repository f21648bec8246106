"""What the dialogs share that put a draft live: checking, what is in the way, and where it is afterwards."""

from typing import Any

import reflex as rx

from privexbot_app.ui.components.basics import Text, icon
from privexbot_app.ui.components.dialogs import close_button, dialog_actions
from privexbot_app.ui.components.snippets import copy_button
from privexbot_app.ui.components.waiting import skeleton


def checking(title: str, text: str) -> rx.Component:
    """While the draft is looked at."""
    return rx.fragment(
        rx.dialog.title(title),
        rx.dialog.description(text, class_name="pb-lead"),
        rx.el.div(skeleton("80%"), skeleton("60%"), class_name="pb-stack pb-stack-tight pb-dialog-form"),
    )


def not_ready(text: str, problems: rx.Component) -> rx.Component:
    """What must be put right first. problems: `rx.foreach` of `problem_choice`s."""
    return rx.fragment(
        rx.dialog.title("Not ready yet"),
        rx.dialog.description(text, class_name="pb-lead"),
        rx.el.ul(problems, class_name="pb-stack pb-stack-tight pb-dialog-form"),
        dialog_actions(close_button("Close")),
    )


def problem_choice(message: Text, on_click: Any) -> rx.Component:
    """One problem, which leads to where it is put right."""
    return rx.el.li(
        rx.el.button(
            icon("circle-alert", 16),
            rx.el.span(message, class_name="pb-choice-body"),
            icon("arrow-right", 15),
            type="button",
            on_click=on_click,
            class_name="pb-choice pb-choice-centred",
        )
    )


def is_live(version: rx.Var[int]) -> rx.Component:
    """The head of a dialog that is done."""
    return rx.fragment(
        rx.el.div(icon("circle-check", 22), class_name="pb-disc pb-disc-good"),
        rx.dialog.title("It is live", margin_top="0.75rem"),
        rx.dialog.description(f"Version {version} answers from now on.", class_name="pb-lead"),
    )


def public_link(url: rx.Var[str]) -> rx.Component:
    """The address of a bot's own page, to open and to copy."""
    return rx.el.div(
        rx.el.a(
            url,
            icon("external-link", 14),
            href=url,
            target="_blank",
            rel="noopener",
            class_name="pb-door-link pb-link-line",
        ),
        copy_button(url, label="link"),
        class_name="pb-snippet",
    )
