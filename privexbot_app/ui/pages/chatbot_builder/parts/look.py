"""A small picture of the widget as it will look."""

import reflex as rx

from privexbot_app.ui.components import icon
from privexbot_app.ui.pages.chatbot_builder.state import BuilderState


def look_preview() -> rx.Component:
    title = rx.cond(
        BuilderState.texts["appearance.title"] != "", BuilderState.texts["appearance.title"], BuilderState.texts["name"]
    )
    panel = rx.el.div(
        rx.el.div(title, class_name="pb-look-head"),
        rx.el.div(BuilderState.texts["greeting"], class_name="pb-look-bot"),
        rx.el.div("What are your opening hours?", class_name="pb-look-visitor"),
        class_name="pb-look-panel",
    )
    return rx.el.div(
        panel,
        rx.el.div(icon("message-circle", 18), class_name="pb-look-launcher"),
        aria_hidden="true",
        data_theme=BuilderState.texts["appearance.theme"],
        data_side=BuilderState.texts["appearance.position"],
        style={"--pb-bot": BuilderState.texts["appearance.color"]},
        class_name="pb-look",
    )
