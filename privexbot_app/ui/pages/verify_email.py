"""Where a mailed link leads that proves an address. A button, as mail programs open links by themselves."""

import reflex as rx

from privexbot_app.ui.door import door_card, door_done, door_form
from privexbot_app.ui.layout import public_page


@public_page("/verify-email", title="Confirm your address")
def verify_email_page() -> rx.Component:
    confirm = door_card(
        "Confirm your address",
        "It is used to invite you, and to help you when you cannot sign in.",
        door_form(
            endpoint="/api/v1/auth/email/verify",
            submit="Confirm",
            then="done",
            secret="token",  # noqa: S106 - the name of a part of the address
        ),
    )
    return door_done(confirm, "Thank you", "The address is confirmed.")
