"""What stands at an address that has no page."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import empty_state
from privexbot_app.ui.layout import public_page


@public_page("/404", title="Page not found")
def missing_page() -> rx.Component:
    home = rx.link(rx.button("To the overview", tab_index=-1), href=routes.overview(), underline="none")
    return empty_state(
        "There is no such page",
        "The address may be mistyped, or what was here is gone.",
        icon_name="compass",
        actions=[home],
    )
