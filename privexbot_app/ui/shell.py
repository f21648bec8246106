"""The frame around every page: sidebar, phone's top bar and drawer, workspaces, user menu; and the door outside.

Knows who is signed in (`ScopedState`); does not know any page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import reflex as rx
from reflex.style import resolved_color_mode, toggle_color_mode

from privexbot_app.ui import routes
from privexbot_app.ui.components import dialog_actions, icon, mark, no_permission, page_skeleton, text_input
from privexbot_app.ui.session import ScopedState


@dataclass(frozen=True)
class Link:
    """An entry of the sidebar."""

    route: str
    title: str
    icon: str
    permission: str


@dataclass(frozen=True)
class Section:
    """Entries under one title; the title may be empty."""

    title: str
    links: Sequence[Link]


class ShellState(rx.State):
    """Which of the frame's own dialogs are open."""

    is_naming_workspace: bool = False

    @rx.event
    def show_new_workspace(self, is_open: bool) -> None:
        """Open or close the dialog that makes a workspace."""
        self.is_naming_workspace = bool(is_open)


def frame(content: rx.Component, *, sections: Sequence[Section], route: str, permission: str) -> rx.Component:
    """A page inside the dashboard. Until the session is known, bones stand where the page will be."""
    allowed = rx.cond(ScopedState.permissions.contains(permission), content, no_permission()) if permission else content
    current = current_route(sections, route)
    return rx.el.div(
        rx.el.a("Skip to the content", href="#content", class_name="pb-skip"),
        rx.el.aside(*_sidebar(sections, current), class_name="pb-sidebar"),
        rx.el.div(
            _topbar(sections, current),
            rx.el.main(
                rx.cond(ScopedState.is_loaded, allowed, page_skeleton()),
                id="content",
                tab_index=-1,
                class_name="pb-main",
            ),
            class_name="pb-main",
        ),
        _new_workspace_dialog(),
        class_name="pb-shell",
    )


def door(content: rx.Component) -> rx.Component:
    """A page outside the dashboard: one column in the middle."""
    brand = rx.el.div(mark(30), rx.el.span("PrivexBot"), class_name="pb-brand")
    return rx.el.main(rx.el.div(brand, content, class_name="pb-door-column"), class_name="pb-door")


def current_route(sections: Sequence[Section], route: str) -> str:
    """The sidebar's entry that a page belongs to: the longest one that the page's address begins with."""
    routes_shown = [link.route for section in sections for link in section.links]
    return max((shown for shown in routes_shown if _is_below(route, shown)), key=len, default="")


def _is_below(route: str, shown: str) -> bool:
    return route == shown or (shown != "/" and route.startswith(f"{shown}/"))


def _sidebar(sections: Sequence[Section], current: str) -> list[rx.Component]:
    return [
        rx.link(mark(24), rx.el.span("PrivexBot"), href=routes.overview(), class_name="pb-brand", underline="none"),
        _workspace_switcher(),
        rx.el.nav(*(_section(section, current) for section in sections), aria_label="Main", class_name="pb-nav"),
        rx.el.div(class_name="pb-spring"),
        _user_menu(),
    ]


def _section(section: Section, current: str) -> rx.Component:
    title = [rx.el.div(section.title, class_name="pb-nav-title")] if section.title else []
    return rx.el.div(*title, *(_link(link, is_current=link.route == current) for link in section.links))


def _link(link: Link, *, is_current: bool) -> rx.Component:
    current = {"aria_current": "page"} if is_current else {}
    shown = rx.link(
        icon(link.icon, 17), link.title, href=link.route, underline="none", class_name="pb-nav-link", **current
    )
    return rx.cond(ScopedState.permissions.contains(link.permission), shown) if link.permission else shown


def _workspace_switcher() -> rx.Component:
    trigger = rx.el.button(
        rx.el.span(ScopedState.workspace_name[0], aria_hidden="true", class_name="pb-avatar"),
        rx.el.span(
            rx.el.span(ScopedState.workspace_name, class_name="pb-strong"),
            rx.el.span(ScopedState.organization_name, class_name="pb-tiny"),
            class_name="pb-two-lines",
        ),
        icon("chevrons-up-down", 15),
        type="button",
        aria_label="Switch workspace",
        class_name="pb-switch pb-switch-framed",
    )
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(trigger),
        rx.dropdown_menu.content(
            rx.el.div("Workspaces", class_name="pb-nav-title"),
            rx.foreach(ScopedState.workspaces, _workspace_item),
            rx.dropdown_menu.separator(),
            rx.dropdown_menu.item(
                icon("plus", 15), "New workspace", on_select=ShellState.show_new_workspace(True), color_scheme="gray"
            ),
            width="14rem",
            variant="soft",
        ),
    )


def _workspace_item(workspace: rx.Var[dict[str, str]]) -> rx.Component:
    return rx.dropdown_menu.item(
        rx.el.span(
            rx.el.span(workspace["name"]),
            rx.el.span(workspace["organization"], class_name="pb-tiny"),
            class_name="pb-two-lines",
        ),
        rx.cond(workspace["id"] == ScopedState.workspace_id, icon("check", 15)),
        on_select=ScopedState.switch_workspace(workspace["id"]),
        class_name="pb-menu-tall",
    )


def _user_menu() -> rx.Component:
    trigger = rx.el.button(
        rx.el.span(ScopedState.user_initials, aria_hidden="true", class_name="pb-avatar pb-avatar-round"),
        rx.el.span(
            rx.el.span(ScopedState.user_name, class_name="pb-strong"),
            rx.el.span(ScopedState.user_email, class_name="pb-tiny"),
            class_name="pb-two-lines",
        ),
        icon("ellipsis", 16),
        type="button",
        aria_label="Your account",
        class_name="pb-switch",
    )
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(trigger),
        rx.dropdown_menu.content(
            rx.dropdown_menu.item(icon("user", 15), "Account", on_select=rx.redirect(routes.account())),
            rx.dropdown_menu.item(
                rx.cond(resolved_color_mode == "dark", icon("sun", 15), icon("moon", 15)),
                rx.cond(resolved_color_mode == "dark", "Light mode", "Dark mode"),
                on_select=toggle_color_mode,
            ),
            rx.dropdown_menu.separator(),
            rx.dropdown_menu.item(icon("log-out", 15), "Sign out", on_select=ScopedState.sign_out),
            width="14rem",
            variant="soft",
        ),
    )


def _topbar(sections: Sequence[Section], current: str) -> rx.Component:
    drawer = rx.dialog.root(
        rx.dialog.trigger(
            rx.icon_button(icon("menu", 18), variant="ghost", color_scheme="gray", aria_label="Open the menu")
        ),
        rx.dialog.content(
            rx.dialog.title("Menu", class_name="sr-only"),
            rx.dialog.description("The pages of the dashboard.", class_name="sr-only"),
            rx.el.div(*_sidebar(sections, current), class_name="pb-sidebar"),
            class_name="pb-drawer",
        ),
    )
    brand = rx.link(mark(22), rx.el.span("PrivexBot"), href=routes.overview(), class_name="pb-brand", underline="none")
    return rx.el.header(drawer, brand, class_name="pb-topbar")


def _new_workspace_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("New workspace"),
            rx.dialog.description(
                "A workspace has its own chatbots, knowledge bases and members.", class_name="pb-lead"
            ),
            rx.form(
                text_input("Name", id="workspace-name", name="name", required=True, max_length=120, auto_focus=True),
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button("Create workspace", type="submit"),
                ),
                on_submit=[ShellState.show_new_workspace(False), ScopedState.create_workspace],
                class_name="pb-dialog-form",
            ),
            max_width="26rem",
        ),
        open=ShellState.is_naming_workspace,
        on_open_change=ShellState.show_new_workspace,
    )
