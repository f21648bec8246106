"""The parts of the pages outside the dashboard: sign-in, registration, and what mailed links lead to."""

from typing import Any

import reflex as rx

from privexbot_app import runtime
from privexbot_app.kit.errors import UnauthenticatedError
from privexbot_app.ui import routes
from privexbot_app.ui.components import icon
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.ways import Way, list_ways, ways_in

PROBLEMS = {
    "account_exists": (
        "There is already an account with this e-mail address. Sign in as you did before, then link this way in under "
        "“Sign-in and security”."
    ),
    "identity_taken": "This way in belongs to another account, and accounts are not merged.",
    "challenge_unknown": "This sign-in took too long, or was started in another browser. Start again.",
    "proof_refused": "The other service did not confirm who you are. Start again.",
    "rate_limited": "Too many attempts. Please wait a moment.",
}
"""What went wrong at another service, by the code in the address."""


class DoorState(ScopedState):
    """Sends people on who have signed in already. ways: besides the password. problem: of the service one came from."""

    ways: list[Way] = []
    problem: str = ""
    has_mail: bool = False

    @rx.event
    async def send_on(self) -> Any:
        """To where they wanted to go, or to the first page."""
        installation = runtime.current()
        self.ways = list_ways(installation)
        self.has_mail = installation.works.plugins.mailer is not None
        code = self.router.url.query_parameters.get("problem", "")
        self.problem = PROBLEMS.get(code, "Signing in did not work. Start again.") if code else ""
        try:
            await self.caller()
        except UnauthenticatedError:
            return None
        return rx.call_script("window.location.replace(window.privexbot.destination())")


def door_card(title: str, lead: str, *parts: rx.Component) -> rx.Component:
    """The one card, with the page's h1."""
    head = rx.el.div(rx.el.h1(title, class_name="pb-door-title"), rx.el.p(lead, class_name="pb-lead"))
    return rx.el.div(head, *parts, class_name="pb-card pb-door-card")


def door_done(first: rx.Component, title: str, text: str) -> rx.Component:
    """A card, and the one that takes its place when its form was sent."""
    done = door_card(title, text, rx.el.p(rx.el.a("Sign in", href=routes.sign_in(), class_name="pb-door-link")))
    return rx.el.div(
        rx.el.div(first, data_shown_in="first"),
        rx.el.div(done, role="status", data_shown_in="done"),
        data_step="first",
        class_name="pb-steps",
    )


def door_ways() -> rx.Component:
    """The ways in besides the password, below a line."""
    return rx.cond(
        DoorState.ways,
        rx.el.div(rx.el.div("or", class_name="pb-or"), ways_in(DoorState.ways, use="enter"), class_name="pb-stack"),
    )


def door_form(*fields: rx.Component, endpoint: str, submit: str, then: str = "enter", secret: str = "") -> rx.Component:
    """The form; assets/dashboard.js sends it to the endpoint and writes the problems into their places.

    then: enter, done (show the step of that name) or reload. secret: goes along from behind the # of the address.
    """
    return rx.el.form(
        *fields,
        rx.el.p(data_problem_summary="", role="alert", class_name="pb-problem"),
        rx.el.button(submit, type="submit", class_name="pb-submit"),
        data_auth=endpoint,
        data_then=then,
        data_secret=secret,
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


def password_field(
    *, auto_complete: str, help_text: str = "", name: str = "password", label: str = "Password"
) -> rx.Component:
    """A password with a button that shows it."""
    control = rx.el.div(
        rx.el.input(
            id=name,
            name=name,
            type="password",
            auto_complete=auto_complete,
            required=True,
            aria_describedby=f"{name}-problem",
            class_name="pb-input",
        ),
        rx.el.button(
            rx.el.span(icon("eye", 17)),
            rx.el.span(icon("eye-off", 17)),
            type="button",
            data_reveals=name,
            aria_pressed="false",
            aria_label="Show the password",
            class_name="pb-reveal",
        ),
        class_name="pb-input-wrap",
    )
    return _labelled(label, name, control, help_text)


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
