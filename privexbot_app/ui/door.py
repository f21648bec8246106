"""The parts of the two pages outside the dashboard: sign-in and registration."""

from typing import Any

import reflex as rx

from privexbot_app.kit.errors import UnauthenticatedError
from privexbot_app.ui.components import icon
from privexbot_app.ui.session import ScopedState


class DoorState(ScopedState):
    """Sends people on who have signed in already."""

    @rx.event
    async def send_on(self) -> Any:
        """To where they wanted to go, or to the first page."""
        try:
            await self.caller()
        except UnauthenticatedError:
            return None
        return rx.call_script("window.location.replace(window.privexbot.destination())")


def door_card(title: str, lead: str, *parts: rx.Component) -> rx.Component:
    """The one card, with the page's h1."""
    head = rx.el.div(rx.el.h1(title, class_name="pb-door-title"), rx.el.p(lead, class_name="pb-lead"))
    return rx.el.div(head, *parts, class_name="pb-card pb-door-card")


def door_form(*fields: rx.Component, endpoint: str, submit: str) -> rx.Component:
    """The form; assets/dashboard.js sends it to the endpoint and writes the problems into their places."""
    return rx.el.form(
        *fields,
        rx.el.p(data_problem_summary="", role="alert", class_name="pb-problem"),
        rx.el.button(submit, type="submit", class_name="pb-submit"),
        data_auth=endpoint,
        no_validate=True,
        method="post",
        class_name="pb-stack",
    )


def door_field(label: str, *, name: str, type: str, auto_complete: str, is_required: bool = True) -> rx.Component:
    """One line."""
    control = rx.el.input(
        id=name,
        name=name,
        type=type,
        auto_complete=auto_complete,
        required=is_required,
        aria_describedby=f"{name}-problem",
        class_name="pb-input",
    )
    return _labelled(label, name, control)


def password_field(*, auto_complete: str, help_text: str = "") -> rx.Component:
    """A password with a button that shows it."""
    control = rx.el.div(
        rx.el.input(
            id="password",
            name="password",
            type="password",
            auto_complete=auto_complete,
            required=True,
            aria_describedby="password-problem",
            class_name="pb-input",
        ),
        rx.el.button(
            rx.el.span(icon("eye", 17)),
            rx.el.span(icon("eye-off", 17)),
            type="button",
            data_reveals="password",
            aria_pressed="false",
            aria_label="Show the password",
            class_name="pb-reveal",
        ),
        class_name="pb-input-wrap",
    )
    return _labelled("Password", "password", control, help_text)


def door_switch(question: str, answer: str, address: str) -> rx.Component:
    """The way to the other page; it keeps where the visitor wanted to go."""
    link = rx.el.a(answer, href=address, data_keeps_next="", class_name="pb-door-link")
    return rx.el.p(question, " ", link, class_name="pb-soft")


def _labelled(label: str, name: str, control: rx.Component, help_text: str = "") -> rx.Component:
    return rx.el.div(
        rx.el.label(label, html_for=name, class_name="pb-label"),
        control,
        *([rx.el.p(help_text, class_name="pb-help")] if help_text else []),
        rx.el.p(data_problem=name, id=f"{name}-problem", role="alert", class_name="pb-problem"),
        class_name="pb-field",
    )
