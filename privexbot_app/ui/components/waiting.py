"""What stands where there is nothing yet, nothing at all, or nothing allowed."""

from collections.abc import Sequence

import reflex as rx

from privexbot_app.ui.components.basics import Part, Text, icon


def empty_state(
    title: Text, text: Text, *, icon_name: str, actions: Sequence[rx.Component] = (), is_framed: bool = True
) -> rx.Component:
    """Says what will be here, and offers the first step."""
    return rx.el.div(
        rx.el.div(icon(icon_name, 28), class_name="pb-empty-art"),
        rx.el.h2(title, class_name="pb-empty-title"),
        rx.el.p(text, class_name="pb-empty-text"),
        rx.el.div(*actions, class_name="pb-actions"),
        class_name="pb-empty pb-card" if is_framed else "pb-empty",
    )


def no_permission() -> rx.Component:
    """For members whose role does not reach this page."""
    return rx.el.div(
        empty_state(
            "You cannot see this page",
            "Your role in this workspace does not include it. Ask an admin of the workspace.",
            icon_name="lock",
        ),
        class_name="pb-page",
    )


def note(*parts: Part, icon_name: str = "info", tone: str = "neutral") -> rx.Component:
    """A remark inside a page. tone: neutral, info, warn or bad."""
    role = {"role": "alert"} if tone == "bad" else {}
    return rx.el.div(
        icon(icon_name, 16), rx.el.div(*parts, class_name="pb-note-body"), data_tone=tone, class_name="pb-note", **role
    )


def warning(title: Text, text: Text, *actions: rx.Component) -> rx.Component:
    """Something that needs a decision: what happened, what is safe, and what can be done."""
    return note(
        rx.el.div(rx.el.div(title, class_name="pb-strong"), rx.el.div(text, class_name="pb-soft")),
        rx.el.div(*actions, class_name="pb-actions"),
        icon_name="triangle-alert",
        tone="warn",
    )


def skeleton(width: str = "100%", height: str = "0.75rem") -> rx.Component:
    """One breathing bone."""
    return rx.el.span(class_name="pb-bone", style={"width": width, "height": height, "max_width": "100%"})


def list_skeleton(rows: int = 4) -> rx.Component:
    """Bones of a list."""
    row = rx.el.div(
        skeleton("2.25rem", "2.25rem"),
        rx.el.div(skeleton("38%"), skeleton("22%", "0.625rem"), class_name="pb-stack pb-stack-tight pb-item-body"),
        class_name="pb-item",
    )
    return rx.el.div(*[row] * rows, role="status", aria_label="Loading", class_name="pb-card pb-list")


def tiles_skeleton(tiles: int = 4) -> rx.Component:
    """Bones of a row of numbers."""
    tile = rx.el.div(skeleton("55%"), skeleton("30%", "1.5rem"), class_name="pb-card pb-tile")
    return rx.el.div(*[tile] * tiles, aria_hidden="true", class_name="pb-grid-4")


def page_skeleton() -> rx.Component:
    """Bones of a whole page."""
    head = rx.el.div(skeleton("11rem", "1.5rem"), skeleton("22rem"), class_name="pb-stack pb-stack-tight")
    return rx.el.div(head, list_skeleton(5), class_name="pb-page")
