"""Rows of things: lists for a few words each, tables for figures."""

from collections.abc import Sequence

import reflex as rx

from privexbot_app.ui.components.basics import Part, Text
from privexbot_app.ui.components.basics import icon as icon_of


def item_list(*items: rx.Component) -> rx.Component:
    """A framed list of `item`s; pass `rx.foreach(rows, row)` or items one by one."""
    return rx.el.ul(*items, role="list", class_name="pb-card pb-list")


def item(
    title: Text,
    *,
    href: Text = "",
    icon: rx.Component | None = None,
    status: rx.Component | None = None,
    meta: Sequence[Part] = (),
    side: Sequence[rx.Component] = (),
) -> rx.Component:
    """One row. With an address the whole row leads there, and only what is in `side` does something else."""
    is_linked = not (isinstance(href, str) and not href)
    name = rx.link(title, href=href, underline="none") if is_linked else rx.el.span(title)
    details = [rx.el.div(*(rx.el.span(part) for part in meta), class_name="pb-item-meta")] if meta else []
    return rx.el.li(
        *([rx.el.span(icon, class_name="pb-item-icon")] if icon is not None else []),
        rx.el.div(
            rx.el.div(name, *([status] if status is not None else []), class_name="pb-item-title"),
            *details,
            class_name="pb-item-body",
        ),
        *([rx.el.div(*side, class_name="pb-item-side")] if side else []),
        class_name="pb-item pb-item-linked" if is_linked else "pb-item",
    )


def actions_menu(name: Text, *items: rx.Component) -> rx.Component:
    """What can be done to one row, behind three dots. name: of the row, for screen readers."""
    trigger = rx.icon_button(
        icon_of("ellipsis", 16), variant="ghost", color_scheme="gray", margin="0", aria_label=f"Actions for {name}"
    )
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(trigger), rx.dropdown_menu.content(*items, variant="soft", align="end")
    )


def table(headings: Sequence[Text], rows: Part, *, label: str) -> rx.Component:
    """A table. rows: `rx.foreach` of `rx.el.tr`s; label: what the table is about, for screen readers."""
    head = rx.el.tr(*(rx.el.th(heading, scope="col") for heading in headings))
    grid = rx.el.table(rx.el.thead(head), rx.el.tbody(rows), aria_label=label, class_name="pb-table")
    # A wide table scrolls inside its frame; without a mouse that needs the focus.
    return rx.el.div(grid, tab_index=0, role="region", aria_label=label, class_name="pb-card pb-table-wrap")
