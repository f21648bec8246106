"""Asking for a link that sets a new password. The answer is the same for an address that nobody has."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.door import DoorState, door_card, door_done, door_field, door_form, door_switch
from privexbot_app.ui.layout import public_page


@public_page("/forgot-password", title="Forgotten password", on_load=DoorState.send_on)
def forgot_password_page() -> rx.Component:
    ask = door_card(
        "Forgot your password?",
        "You get a link by e-mail that sets a new one.",
        door_form(
            door_field("E-mail", name="email", type="email", auto_complete="username"),
            endpoint="/api/v1/auth/password/forgot",
            submit="Send the link",
            then="done",
        ),
        door_switch("Remembered it?", "Sign in", routes.sign_in()),
    )
    return door_done(
        ask, "Look into your mail", "If there is an account with this address, a link is on its way to it."
    )
