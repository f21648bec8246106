"""The builder: editors shape a draft here and talk to it at once. Nothing is public before it is deployed."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import empty_state, icon, list_skeleton, page, page_header, warning
from privexbot_app.ui.components.chat import chat_panel
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.chatbot_builder.deploy import DeployState
from privexbot_app.ui.pages.chatbot_builder.parts import tabs, visitors
from privexbot_app.ui.pages.chatbot_builder.parts.deploying import deploy_dialog
from privexbot_app.ui.pages.chatbot_builder.preview import PreviewState
from privexbot_app.ui.pages.chatbot_builder.state import BuilderState

TABS = (
    ("general", "General", tabs.general),
    ("instructions", "Instructions", tabs.instructions),
    ("knowledge", "Knowledge", tabs.knowledge),
    ("model", "Model", tabs.model),
    ("appearance", "Appearance", visitors.appearance),
    ("visitors", "Visitors", visitors.visitors),
    ("page", "Page", visitors.page),
    ("access", "Access", tabs.access),
)
BACK = ("Chatbots", routes.chatbots())


@dashboard_page(
    "/chatbots/drafts/[draft]",
    title="Chatbot builder",
    permission="bots.write",
    on_load=[BuilderState.load, PreviewState.open],
)
def chatbot_builder_page() -> rx.Component:
    missing = page(
        page_header("No such draft", back=BACK),
        empty_state(
            "This draft is not here",
            "It may have been deployed, deleted, or not touched for 24 hours.",
            icon_name="file-question",
            actions=[rx.link(rx.button("All chatbots", variant="soft"), href=routes.chatbots())],
        ),
    )
    waiting = page(page_header("Chatbot builder", back=BACK), list_skeleton())
    return rx.cond(BuilderState.is_missing, missing, rx.cond(BuilderState.is_ready, _builder(), waiting))


def _builder() -> rx.Component:
    name = rx.cond(BuilderState.texts["name"] != "", BuilderState.texts["name"], "Untitled chatbot")
    return page(
        page_header(
            name,
            actions=[
                _saving(),
                rx.button(icon("rocket", 15), "Deploy", on_click=DeployState.show),
            ],
            back=BACK,
        ),
        _trouble(),
        _panes(),
        rx.el.div(
            rx.el.div(_form(), data_autosaves="", class_name="pb-builder-form"),
            rx.el.div(_chat(), class_name="pb-builder-chat"),
            data_pane=BuilderState.pane,
            class_name="pb-builder",
        ),
        deploy_dialog(),
        is_wide=True,
    )


def _saving() -> rx.Component:
    shown = rx.match(
        BuilderState.saving,
        ("saving", rx.fragment(icon("loader-circle", 14), "Saving…")),
        ("failed", rx.fragment(icon("cloud-off", 14), "Not saved, trying again")),
        ("invalid", rx.fragment(icon("circle-alert", 14), "A field is not right")),
        ("conflict", rx.fragment(icon("git-compare", 14), "Changed elsewhere")),
        ("gone", rx.fragment(icon("file-question", 14), "Draft is gone")),
        rx.fragment(icon("check", 14), "Saved"),
    )
    return rx.el.span(
        rx.el.span(shown, class_name="pb-saving-said"),
        rx.el.span(icon("loader-circle", 14), "Saving…", class_name="pb-saving-soon"),
        rx.el.span(icon("cloud-off", 14), "Not saved yet, trying again", class_name="pb-saving-late"),
        role="status",
        data_saving=BuilderState.saving,
        data_stamp=BuilderState.stamp,
        class_name="pb-saving",
    )


def _trouble() -> rx.Component:
    return rx.match(
        BuilderState.saving,
        (
            "conflict",
            warning(
                "This draft was changed in another window.",
                "What you typed here is still on this page.",
                rx.button("Load the latest", variant="soft", size="1", on_click=BuilderState.load_latest),
                rx.button("Keep mine", variant="soft", size="1", color_scheme="amber", on_click=BuilderState.keep_mine),
            ),
        ),
        (
            "failed",
            warning(
                "Your changes are not saved yet.",
                "They are safe on this page, and saving is tried again by itself.",
                rx.button("Try now", variant="soft", size="1", on_click=BuilderState.save_now),
            ),
        ),
        (
            "gone",
            warning(
                "This draft was deployed or deleted in another window.",
                "What you typed here is still on this page.",
                rx.button("Save as a new draft", variant="soft", size="1", on_click=BuilderState.save_as_new),
            ),
        ),
        rx.fragment(),
    )


def _panes() -> rx.Component:
    return rx.el.div(
        rx.segmented_control.root(
            rx.segmented_control.item("Edit", value="edit"),
            rx.segmented_control.item("Try it", value="chat"),
            value=BuilderState.pane,
            on_change=BuilderState.choose_pane,
            width="100%",
        ),
        class_name="pb-panes",
    )


def _form() -> rx.Component:
    return rx.tabs.root(
        rx.tabs.list(*(_trigger(value, text) for value, text, _ in TABS), class_name="pb-tabs", aria_label="Settings"),
        *(rx.tabs.content(render(), value=value, class_name="pb-tab") for value, _, render in TABS),
        value=BuilderState.tab,
        on_change=BuilderState.choose_tab,
    )


def _trigger(value: str, text: str) -> rx.Component:
    dot = rx.el.span(rx.el.span("has a problem", class_name="sr-only"), class_name="pb-trouble-dot")
    return rx.tabs.trigger(text, rx.cond(BuilderState.troubled_tabs.contains(value), dot), value=value)


def _chat() -> rx.Component:
    quoting = rx.cond(
        BuilderState.lacks_model,
        rx.el.div("No language model is connected: answers quote your documents.", class_name="pb-chat-notice"),
    )
    return chat_panel(
        lines=PreviewState.lines,
        partial=PreviewState.partial,
        is_answering=PreviewState.is_answering,
        greeting=BuilderState.texts["greeting"],
        suggestions=BuilderState.questions,
        on_ask=PreviewState.ask_form,
        on_suggestion=PreviewState.ask,
        on_stop=PreviewState.stop,
        on_restart=PreviewState.restart,
        notice=quoting,
    )
