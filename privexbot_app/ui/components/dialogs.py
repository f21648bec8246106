"""Dialogs that ask before something is gone."""

from typing import Any

import reflex as rx

from privexbot_app.ui.components.basics import Text


def confirm_dialog(
    title: Text,
    text: Text,
    *,
    confirm: Text,
    is_open: rx.Var[bool],
    on_open_change: Any,
    on_confirm: Any,
    is_busy: rx.Var[bool] | bool = False,
    is_dangerous: bool = True,
) -> rx.Component:
    """A question with two answers; Esc is “no”. The handler of `on_confirm` closes it."""
    return rx.alert_dialog.root(
        rx.alert_dialog.content(
            rx.alert_dialog.title(title),
            rx.alert_dialog.description(text, size="2"),
            dialog_actions(
                rx.alert_dialog.cancel(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                rx.button(
                    confirm,
                    type="button",
                    color_scheme="red" if is_dangerous else "indigo",
                    loading=is_busy,
                    on_click=on_confirm,
                ),
            ),
            max_width="26rem",
        ),
        open=is_open,
        on_open_change=on_open_change,
    )


def close_button(text: Text) -> rx.Component:
    """The quiet button that closes its dialog."""
    return rx.dialog.close(rx.button(text, type="button", variant="soft", color_scheme="gray"))


def dialog_actions(*buttons: rx.Component) -> rx.Component:
    """The row of buttons at the end of a dialog."""
    return rx.el.div(*buttons, class_name="pb-actions pb-dialog-actions")
