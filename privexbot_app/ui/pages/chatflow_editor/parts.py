"""Parts of the editor's page: the publishing dialog and the list of versions."""

import reflex as rx

from privexbot_app.ui.components import (
    badge,
    close_button,
    code_snippet,
    dialog_actions,
    empty_state,
    icon,
    note,
    relative_time,
    text_area,
)
from privexbot_app.ui.components.going_live import checking, is_live, not_ready, problem_choice, public_link
from privexbot_app.ui.pages.chatflow_editor.publishing import PublishProblem, PublishState
from privexbot_app.ui.pages.chatflow_editor.state import EditorState
from privexbot_app.ui.pages.chatflow_editor.versions import FlowVersion, FlowVersionsState


def publish_dialog() -> rx.Component:
    """What is in the way, or a note and a button; then where the chatflow is."""
    body = rx.cond(
        PublishState.public_url != "",
        _done(),
        rx.cond(
            PublishState.is_checking,
            checking("Publish", "Checking the chatflow…"),
            rx.cond(
                PublishState.problems,
                not_ready("Put these right, then publish.", rx.foreach(PublishState.problems, _problem)),
                _ready(),
            ),
        ),
    )
    return rx.dialog.root(
        rx.dialog.content(body, max_width="34rem"), open=PublishState.is_open, on_open_change=PublishState.close
    )


def _problem(problem: rx.Var[PublishProblem]) -> rx.Component:
    return problem_choice(problem.message, PublishState.go_to(problem.node_id))


def _ready() -> rx.Component:
    is_update = EditorState.live_id != ""
    return rx.fragment(
        rx.dialog.title(rx.cond(is_update, "Publish the changes", "Publish the chatflow")),
        rx.dialog.description(
            rx.cond(
                is_update,
                "New conversations get this version; those that go on stay on theirs.",
                "It gets its own page and a line of code for your website.",
            ),
            class_name="pb-lead",
        ),
        rx.cond(PublishState.refusal != "", note(PublishState.refusal, icon_name="circle-alert", tone="bad")),
        rx.cond(
            EditorState.saving != "saved",
            note("The latest changes are not saved yet; they would not go live.", icon_name="cloud-off", tone="warn"),
        ),
        rx.form(
            text_area(
                "What is new",
                id="publish-note",
                name="note",
                max_length=1000,
                rows="2",
                help_text="For your team; visitors do not see it.",
            ),
            dialog_actions(
                close_button("Cancel"),
                rx.button(icon("rocket", 15), "Publish", type="submit", loading=PublishState.is_publishing),
            ),
            on_submit=PublishState.publish,
            class_name="pb-dialog-form",
        ),
    )


def _done() -> rx.Component:
    return rx.fragment(
        is_live(PublishState.live_version),
        rx.el.div(
            rx.el.div("Its page", class_name="pb-label"),
            public_link(PublishState.public_url),
            rx.el.div("On your website", class_name="pb-label"),
            code_snippet(PublishState.embed_code, label="embed code"),
            class_name="pb-stack pb-dialog-form",
        ),
        dialog_actions(close_button("Done")),
    )


def versions_panel() -> rx.Component:
    """All versions, newest first; each says on demand what it changed."""
    none = empty_state("No versions yet", "Each time that you publish, a version is kept.", icon_name="history")
    return rx.el.section(
        rx.el.header(rx.el.h2("Versions", class_name="pb-section-title"), class_name="pb-chat-head"),
        rx.cond(
            FlowVersionsState.versions,
            rx.el.ol(rx.foreach(FlowVersionsState.versions, _version), class_name="pb-flow-versions"),
            none,
        ),
        aria_label="Versions",
        class_name="pb-card pb-flow-panel",
    )


def _version(row: rx.Var[FlowVersion]) -> rx.Component:
    go_back = rx.button(
        "Go back to this",
        variant="soft",
        color_scheme="gray",
        size="1",
        aria_label=f"Go back to version {row.number}",
        on_click=FlowVersionsState.ask_go_back(row.number),
    )
    may_go_back = FlowVersionsState.permissions.contains("bots.deploy") & ~row.is_live
    compare = rx.button(
        "What changed",
        variant="ghost",
        size="1",
        aria_expanded=FlowVersionsState.shown == row.number,
        aria_label=f"What changed in version {row.number}",
        on_click=FlowVersionsState.compare(row.number),
    )
    return rx.el.li(
        rx.el.div(
            rx.el.span(f"Version {row.number}", class_name="pb-strong"),
            rx.cond(row.is_live, badge("Live", "good"), rx.fragment()),
            class_name="pb-actions",
        ),
        rx.el.div("By ", row.author, " ", relative_time(row.ago, row.moment), class_name="pb-tiny"),
        rx.cond(row.note != "", rx.el.p(row.note, class_name="pb-soft")),
        rx.cond(
            FlowVersionsState.shown == row.number,
            rx.el.ul(rx.foreach(row.changes, lambda line: rx.el.li(line)), class_name="pb-flow-changes"),
        ),
        rx.el.div(compare, rx.cond(may_go_back, go_back), class_name="pb-actions"),
    )
