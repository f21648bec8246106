"""Code to take along."""

import reflex as rx

from privexbot_app.ui.components.basics import Text, icon


def code_snippet(code: Text, *, label: str) -> rx.Component:
    """Code with a button that copies it. label: what it is, as in “Copy the embed code”."""
    return rx.el.div(rx.el.code(code), copy_button(code, label=label), class_name="pb-snippet")


def copy_button(text: Text, *, label: str) -> rx.Component:
    """Copies a text; the toast says so."""
    return rx.icon_button(
        icon("copy", 15),
        type="button",
        variant="ghost",
        color_scheme="gray",
        margin="0",
        aria_label=f"Copy the {label}",
        title=f"Copy the {label}",
        on_click=[rx.set_clipboard(text), rx.toast.success(f"Copied the {label}.")],
    )
