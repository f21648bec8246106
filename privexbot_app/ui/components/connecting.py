"""The dialog for a source of many items, drawn from its connector's settings, and the frame of all such dialogs.

state: one with the names of `ui.knowledge.adding.AddingSources`.
"""

from typing import Any

import reflex as rx

from privexbot_app.ui.components.basics import Text, icon
from privexbot_app.ui.components.dialogs import dialog_actions
from privexbot_app.ui.components.forms import field, select_input, switch_input
from privexbot_app.ui.components.waiting import note
from privexbot_app.ui.knowledge.connecting import SCHEDULES, WITH_TOKEN, FormField


def connect_dialog(state: Any) -> rx.Component:
    """The form for a website, a feed, a drive."""

    def drawn(shown: rx.Var[FormField]) -> rx.Component:
        return _field(state, shown)

    more = rx.el.details(
        rx.el.summary("More settings", class_name="kb-summary"),
        rx.el.div(rx.foreach(state.form_more, drawn), class_name="pb-stack kb-details"),
    )
    return source_dialog(
        state,
        "connect",
        state.connecting_title,
        state.connecting_lead,
        state.add_connected,
        rx.cond(state.connections.length() > 0, _connections(state)),
        rx.el.div(rx.foreach(state.form_basic, drawn), key=state.connecting, class_name="pb-stack"),
        rx.cond(state.form_more.length() > 0, more),
        select_input(
            "Load it again",
            id="connect-schedule",
            name="schedule",
            options=SCHEDULES,
            default_value="never",
            help_text="What is new is added, what has changed is indexed again, what is gone is deleted.",
        ),
        submit="Begin to read",
    )


def _connections(state: Any) -> rx.Component:
    """A connection in place of a token, and how to make one; that happens in another tab, so that the form stays."""
    connect = rx.button(
        rx.el.a(icon("plug", 15), "Connect", href=state.connect_address, target="_blank", rel="noopener"),
        as_child=True,
        variant="soft",
    )
    again = rx.button(
        icon("refresh-cw", 15),
        "Look again",
        type="button",
        variant="soft",
        color_scheme="gray",
        on_click=state.look_for_connections,
    )
    return rx.el.div(
        select_input(
            "Access",
            id="connect-access",
            name="connection",
            options=state.connections,
            default_value=WITH_TOKEN,
            help_text="A connected service needs no token below.",
        ),
        rx.cond(state.connect_address != "", rx.el.div(connect, again, class_name="pb-actions")),
        class_name="pb-stack",
    )


def source_dialog(
    state: Any,
    kind: str,
    title: Text,
    lead: Text,
    on_submit: Any,
    *fields: rx.Component,
    is_refused: Any = False,
    submit: str = "Add",
) -> rx.Component:
    """A dialog with a form. is_refused: that it cannot be sent as it is."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(title),
            rx.dialog.description(lead, size="2", color_scheme="gray"),
            rx.form(
                rx.el.div(*fields, trouble(state, ""), class_name="pb-stack"),
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button(submit, type="submit", loading=state.is_adding, disabled=is_refused | state.is_adding),
                ),
                no_validate=True,
                on_submit=on_submit,
                margin_top="1rem",
            ),
            max_width="34rem",
        ),
        open=state.adding == kind,
        on_open_change=state.close_adding,
    )


def trouble(state: Any, name: str) -> rx.Component:
    """What is wrong with the whole form, if anything."""
    problem = problem_of(state, name)
    return rx.cond(problem != "", note(problem, icon_name="circle-alert", tone="bad"))


def problem_of(state: Any, name: Text) -> rx.Var[str]:
    """What is wrong with a field, or an empty text."""
    return rx.cond(state.problems.contains(name), state.problems[name], "")


def _field(state: Any, shown: rx.Var[FormField]) -> rx.Component:
    same: dict[str, Any] = {"id": shown.name, "name": shown.name, "width": "100%"}
    problem = problem_of(state, shown.setting)
    control = rx.match(
        shown.kind,
        ("lines", rx.text_area(rows="3", default_value=shown.value, placeholder=shown.placeholder, **same)),
        ("secret", rx.input(type="password", auto_complete=False, **same)),
        (
            "number",
            rx.input(type="number", step="any", default_value=shown.value, **same),
        ),
        rx.input(default_value=shown.value, placeholder=shown.placeholder, **same),
    )
    return rx.cond(
        shown.kind == "switch",
        switch_input(shown.title, id=shown.name, name=shown.name, help_text=shown.help, default_checked=shown.is_on),
        field(shown.title, control, id=shown.name, help_text=shown.help, problem=problem),
    )
