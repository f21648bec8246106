"""Editors draw a chatflow here, try it beside the canvas, and publish it. Nothing is public before that."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.canvas import flow_canvas
from privexbot_app.ui.components import confirm_dialog, empty_state, icon, list_skeleton, page, page_header, warning
from privexbot_app.ui.components.chat import chat_panel
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.chatflow_editor.parts import publish_dialog, versions_panel
from privexbot_app.ui.pages.chatflow_editor.publishing import PublishState
from privexbot_app.ui.pages.chatflow_editor.state import EditorState, SeedState
from privexbot_app.ui.pages.chatflow_editor.trying import TryState
from privexbot_app.ui.pages.chatflow_editor.versions import FlowVersionsState

BACK = ("Chatflows", routes.chatflows())


@dashboard_page(
    "/chatflows/drafts/[draft]",
    title="Chatflow editor",
    permission="bots.write",
    on_load=[EditorState.load, FlowVersionsState.load, TryState.open],
)
def chatflow_editor_page() -> rx.Component:
    missing = page(
        page_header("No such draft", back=BACK),
        empty_state(
            "This draft is not here",
            "It may have been published, deleted, or not touched for 24 hours.",
            icon_name="file-question",
            actions=[rx.link(rx.button("All chatflows", variant="soft"), href=routes.chatflows())],
        ),
    )
    waiting = page(page_header("Chatflow editor", back=BACK), list_skeleton())
    # Before `load` has run, this tab's state may hold the draft of another address, or an older reading of this one.
    is_loaded = EditorState.is_ready & EditorState.is_hydrated
    return rx.cond(is_loaded, rx.cond(EditorState.is_missing, missing, _editor()), waiting)


def _editor() -> rx.Component:
    canvas = flow_canvas(
        seed=SeedState.seed,
        kinds=SeedState.kinds,
        choices=SeedState.choices,
        ack=EditorState.ack,
        refused=EditorState.refused,
        insight=EditorState.insight,
        lights=TryState.lights,
        runs=TryState.runs,
        on_commit=EditorState.commit,
        on_run_node=TryState.run_node,
    )
    return rx.el.div(
        _head(),
        _trouble(),
        rx.el.div(
            rx.el.div(canvas, class_name="pb-flow-canvas"),
            rx.match(
                EditorState.pane,
                ("try", rx.el.div(_chat(), class_name="pb-flow-side")),
                ("versions", rx.el.div(versions_panel(), class_name="pb-flow-side")),
                rx.fragment(),
            ),
            class_name="pb-flow-body",
        ),
        publish_dialog(),
        confirm_dialog(
            f"Go back to version {FlowVersionsState.going_back_to}?",
            "New conversations get it at once; those that go on stay on their version. Your draft stays as it is.",
            confirm="Go back",
            is_open=FlowVersionsState.is_going_back,
            on_open_change=FlowVersionsState.stay,
            on_confirm=FlowVersionsState.go_back,
            is_dangerous=False,
        ),
        class_name="pb-flow",
    )


def _head() -> rx.Component:
    title = rx.el.input(
        default_value=EditorState.name,
        key=EditorState.name,
        aria_label="Name of the chatflow",
        max_length=80,
        on_blur=EditorState.rename,
        class_name="pb-flow-name",
    )
    versions = rx.button(
        icon("history", 15),
        rx.el.span("Versions", class_name="pb-flow-word"),
        variant="soft",
        color_scheme="gray",
        aria_label="Versions",
        aria_pressed=EditorState.pane == "versions",
        on_click=[EditorState.choose_pane("versions"), FlowVersionsState.load],
    )
    return rx.el.header(
        rx.link(
            icon("chevron-left", 18), href=routes.chatflows(), aria_label="All chatflows", class_name="pb-flow-back"
        ),
        rx.el.h1("Chatflow editor", class_name="sr-only"),
        title,
        _saving(),
        rx.el.div(class_name="pb-spring"),
        rx.cond(EditorState.live_id != "", versions),
        rx.button(
            icon("play", 15),
            rx.el.span("Try it", class_name="pb-flow-word"),
            variant="soft",
            aria_label="Try it",
            aria_pressed=EditorState.pane == "try",
            on_click=EditorState.choose_pane("try"),
        ),
        rx.cond(
            EditorState.permissions.contains("bots.deploy"),
            rx.button(icon("rocket", 15), "Publish", on_click=PublishState.show),
        ),
        class_name="pb-flow-head",
    )


def _saving() -> rx.Component:
    shown = rx.match(
        EditorState.saving,
        ("failed", rx.fragment(icon("cloud-off", 14), "Not saved, trying again")),
        ("invalid", rx.fragment(icon("circle-alert", 14), "A field is not right")),
        ("conflict", rx.fragment(icon("git-compare", 14), "Changed elsewhere")),
        ("gone", rx.fragment(icon("file-question", 14), "Draft is gone")),
        rx.fragment(icon("check", 14), "Saved"),
    )
    return rx.el.span(
        rx.el.span(shown, class_name="pb-saving-said"),
        role="status",
        data_saving=EditorState.saving,
        class_name="pb-saving",
    )


def _trouble() -> rx.Component:
    return rx.match(
        EditorState.saving,
        (
            "conflict",
            _notice(
                "This draft was changed in another window.",
                "What you drew here is still on this page.",
                rx.button("Load the latest", variant="soft", size="1", on_click=EditorState.load_latest),
                rx.button("Keep mine", variant="soft", size="1", color_scheme="amber", on_click=EditorState.keep_mine),
            ),
        ),
        (
            "gone",
            _notice(
                "This draft was published or deleted in another window.",
                "What you drew here is still on this page.",
                rx.button("Save as a new draft", variant="soft", size="1", on_click=EditorState.save_as_new),
            ),
        ),
        ("invalid", _notice("The last change is not saved.", EditorState.refusal)),
        rx.fragment(),
    )


def _notice(title: str, text: str | rx.Var[str], *actions: rx.Component) -> rx.Component:
    return rx.el.div(warning(title, text, *actions), class_name="pb-flow-notice")


def _chat() -> rx.Component:
    return chat_panel(
        lines=TryState.lines,
        partial=TryState.partial,
        is_answering=TryState.is_answering,
        greeting=rx.Var.create(""),
        suggestions=rx.Var.create([]),
        choices=TryState.options,
        on_ask=TryState.ask_form,
        on_suggestion=TryState.ask,
        on_stop=TryState.stop,
        on_restart=TryState.restart,
    )
