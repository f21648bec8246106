"""Signing in. The form is sent by assets/dashboard.js, as only a plain answer can set the httpOnly cookie."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.door import DoorState, door_card, door_field, door_form, door_switch, password_field
from privexbot_app.ui.layout import public_page


@public_page("/sign-in", title="Sign in", on_load=DoorState.send_on)
def sign_in_page() -> rx.Component:
    return door_card(
        "Welcome back",
        "Sign in to your workspace.",
        door_form(
            door_field("E-mail", name="email", type="email", auto_complete="username"),
            password_field(auto_complete="current-password"),
            endpoint="/api/v1/auth/browser/login",
            submit="Sign in",
        ),
        door_switch("New here?", "Create an account", routes.register()),
    )
