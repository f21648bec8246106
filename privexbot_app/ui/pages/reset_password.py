"""Where a mailed link leads that sets a new password. Its token stands behind the #, which reaches no log."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.door import door_card, door_done, door_form, door_switch, password_field
from privexbot_app.ui.layout import public_page


@public_page("/reset-password", title="New password")
def reset_password_page() -> rx.Component:
    choose = door_card(
        "Choose a new password",
        "Every device is signed out, and you sign in with the new one.",
        door_form(
            password_field(
                auto_complete="new-password",
                help_text="At least 8 characters.",
                name="new_password",
                label="New password",
            ),
            endpoint="/api/v1/auth/password/reset",
            submit="Set the password",
            then="done",
            secret="token",  # noqa: S106 - the name of a part of the address
        ),
        door_switch("The link does not work?", "Get a new one", routes.forgot_password()),
    )
    return door_done(choose, "Your password is set", "Sign in with it now.")
