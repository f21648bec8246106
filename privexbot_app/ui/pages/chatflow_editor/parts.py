"""Parts of the editor's page: the publishing dialog and the list of versions."""

import reflex as rx

from privexbot_app.ui.components import (
    badge,
    code_snippet,
    copy_button,
    dialog_actions,
    empty_state,
    icon,
    note,
    relative_time,
    skeleton,
    text_area,
)
from privexbot_app.ui.pages.chatflow_editor.publishing import PublishProblem, PublishState
from privexbot_app.ui.pages.chatflow_editor.state import EditorState
from privexbot_app.ui.pages.chatflow_editor.versions import FlowVersion, FlowVersionsState


def publish_dialog() -> rx.Component:
    """What is in the way, or a note and a button; then where the chatflow is."""
    body = rx.cond(
        PublishState.public_url != "",
        _done(),
        rx.cond(PublishState.is_checking, _checking(), rx.cond(PublishState.problems, _not_yet(), _ready())),
    )
    return rx.dialog.root(
        rx.dialog.content(body, max_width="34rem"), open=PublishState.is_open, on_open_change=PublishState.close
    )


def _checking() -> rx.Component:
    return rx.fragment(
        rx.dialog.title("Publish"),
        rx.dialog.description("Checking the chatflow…", class_name="pb-lead"),
        rx.el.div(skeleton("80%"), skeleton("60%"), class_name="pb-stack pb-stack-tight pb-dialog-form"),
    )


def _not_yet() -> rx.Component:
    return rx.fragment(
        rx.dialog.title("Not ready yet"),
        rx.dialog.description("Put these right, then publish.", class_name="pb-lead"),
        rx.el.ul(rx.foreach(PublishState.problems, _problem), class_name="pb-stack pb-stack-tight pb-dialog-form"),
        dialog_actions(_close("Close")),
    )


def _problem(problem: rx.Var[PublishProblem]) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            icon("circle-alert", 16),
            rx.el.span(problem.message, class_name="pb-choice-body"),
            icon("arrow-right", 15),
            type="button",
            on_click=PublishState.go_to(problem.node_id),
            class_name="pb-choice pb-choice-centred",
        )
    )


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
                _close("Cancel"),
                rx.button(icon("rocket", 15), "Publish", type="submit", loading=PublishState.is_publishing),
            ),
            on_submit=PublishState.publish,
            class_name="pb-dialog-form",
        ),
    )


def _done() -> rx.Component:
    link = rx.el.div(
        rx.el.a(
            PublishState.public_url,
            icon("external-link", 14),
            href=PublishState.public_url,
            target="_blank",
            rel="noopener",
            class_name="pb-door-link pb-link-line",
        ),
        copy_button(PublishState.public_url, label="link"),
        class_name="pb-snippet",
    )
    return rx.fragment(
        rx.el.div(icon("circle-check", 22), class_name="pb-disc pb-disc-good"),
        rx.dialog.title("It is live", margin_top="0.75rem"),
        rx.dialog.description(f"Version {PublishState.live_version} answers from now on.", class_name="pb-lead"),
        rx.el.div(
            rx.el.div("Its page", class_name="pb-label"),
            link,
            rx.el.div("On your website", class_name="pb-label"),
            code_snippet(PublishState.embed_code, label="embed code"),
            class_name="pb-stack pb-dialog-form",
        ),
        dialog_actions(_close("Done")),
    )


def _close(text: str) -> rx.Component:
    return rx.dialog.close(rx.button(text, type="button", variant="soft", color_scheme="gray"))


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
