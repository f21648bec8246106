"""Signing in. The form is sent by assets/dashboard.js, as only a plain answer can set the httpOnly cookie.

Who has a second factor is asked for a code in the same card; the ticket of the first step stays in the script.
"""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.door import (
    DoorState,
    door_card,
    door_field,
    door_form,
    door_switch,
    door_ways,
    password_field,
)
from privexbot_app.ui.layout import public_page


@public_page("/sign-in", title="Sign in", on_load=DoorState.send_on)
def sign_in_page() -> rx.Component:
    return rx.el.div(_first_step(), _second_step(), data_step="first", class_name="pb-steps")


def _first_step() -> rx.Component:
    return rx.el.div(
        door_card(
            "Welcome back",
            "Sign in to your workspace.",
            rx.cond(DoorState.problem, rx.el.p(DoorState.problem, role="alert", class_name="pb-problem")),
            door_form(
                door_field("E-mail", name="email", type="email", auto_complete="username"),
                password_field(auto_complete="current-password"),
                endpoint="/api/v1/auth/browser/login",
                submit="Sign in",
            ),
            door_ways(),
            rx.cond(DoorState.has_mail, door_switch("Forgot your password?", "Get a link", routes.forgot_password())),
            door_switch("New here?", "Create an account", routes.register()),
        ),
        data_shown_in="first",
    )


def _second_step() -> rx.Component:
    return rx.el.div(
        door_card(
            "One more step",
            "Enter the code of your authenticator app, or a recovery code.",
            door_form(
                door_field("Code", name="code", type="text", auto_complete="one-time-code"),
                endpoint="/api/v1/auth/browser/second-factor",
                submit="Continue",
            ),
            rx.el.p(rx.el.a("Start again", href=routes.sign_in(), class_name="pb-door-link"), class_name="pb-soft"),
        ),
        data_shown_in="second",
    )
