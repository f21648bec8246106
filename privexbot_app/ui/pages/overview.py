"""The first page."""

import reflex as rx

from privexbot_app.ui.components import page, page_header
from privexbot_app.ui.layout import dashboard_page


@dashboard_page("/", title="Overview", icon="layout-dashboard", order=10)
def overview_page() -> rx.Component:
    return page(page_header("Overview", "What this workspace knows and does."))
