"""The door for people: the dashboard, rendered by Reflex."""

import reflex as rx

STYLESHEETS = ["/styles.css", "/knowledge.css", "/chatflows.css"]


def head_components() -> list[rx.Component]:
    """What every page has in its head: the icon, and the dashboard's own scripts."""
    return [
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.script(src="/dashboard.js", defer=True),
        rx.el.script(src="/identity.js", defer=True),
    ]
