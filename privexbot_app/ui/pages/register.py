"""Making an account: the user, their organization and its first workspace."""

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


@public_page("/register", title="Create an account", on_load=DoorState.send_on)
def register_page() -> rx.Component:
    return door_card(
        "Create your account",
        "Build chatbots that answer from your own documents.",
        door_form(
            door_field("Name", name="name", type="text", auto_complete="name", is_required=False),
            door_field("E-mail", name="email", type="email", auto_complete="username"),
            password_field(
                auto_complete="new-password", help_text="At least 8 characters, and none of the well-known ones."
            ),
            endpoint="/api/v1/auth/browser/register",
            submit="Create account",
        ),
        door_ways(),
        door_switch("Have an account already?", "Sign in", routes.sign_in()),
    )
