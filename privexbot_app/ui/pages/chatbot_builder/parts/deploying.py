"""The deployment dialog: what is missing, one button, and what to do with the result."""

import reflex as rx

from privexbot_app.ui.components import code_snippet, copy_button, dialog_actions, icon, note, skeleton
from privexbot_app.ui.pages.chatbot_builder.deploy import DeployProblem, DeployState
from privexbot_app.ui.pages.chatbot_builder.state import BuilderState


def deploy_dialog() -> rx.Component:
    body = rx.cond(
        DeployState.public_url != "",
        _done(),
        rx.cond(DeployState.is_checking, _checking(), rx.cond(DeployState.problems, _not_yet(), _ready())),
    )
    return rx.dialog.root(
        rx.dialog.content(body, max_width="34rem"), open=DeployState.is_open, on_open_change=DeployState.close
    )


def _checking() -> rx.Component:
    return rx.fragment(
        rx.dialog.title("Deploy"),
        rx.dialog.description("Checking the chatbot…", class_name="pb-lead"),
        rx.el.div(skeleton("80%"), skeleton("60%"), class_name="pb-stack pb-stack-tight pb-dialog-form"),
    )


def _not_yet() -> rx.Component:
    return rx.fragment(
        rx.dialog.title("Not ready yet"),
        rx.dialog.description("Put these right, then deploy.", class_name="pb-lead"),
        rx.el.ul(rx.foreach(DeployState.problems, _problem), class_name="pb-stack pb-stack-tight pb-dialog-form"),
        dialog_actions(_close("Close")),
    )


def _problem(problem: rx.Var[DeployProblem]) -> rx.Component:
    return rx.el.li(
        rx.el.button(
            icon("circle-alert", 16),
            rx.el.span(problem.message, class_name="pb-choice-body"),
            icon("arrow-right", 15),
            type="button",
            on_click=[DeployState.hide, BuilderState.go_to(problem.field)],
            class_name="pb-choice pb-choice-centred",
        )
    )


def _ready() -> rx.Component:
    is_update = BuilderState.live_id != ""
    return rx.fragment(
        rx.dialog.title(rx.cond(is_update, "Deploy the changes", "Deploy the chatbot")),
        rx.dialog.description(
            rx.cond(
                is_update,
                "Visitors get this version at once. You can go back to an earlier one at any time.",
                "It gets its own page and a line of code for your website.",
            ),
            class_name="pb-lead",
        ),
        rx.cond(DeployState.refusal != "", note(DeployState.refusal, icon_name="circle-alert", tone="bad")),
        rx.cond(
            BuilderState.saving != "saved",
            note("The latest changes are not saved yet; they would not go live.", icon_name="cloud-off", tone="warn"),
        ),
        dialog_actions(
            _close("Cancel"),
            rx.button(icon("rocket", 15), "Deploy", loading=DeployState.is_deploying, on_click=DeployState.deploy),
        ),
    )


def _done() -> rx.Component:
    link = rx.el.div(
        rx.el.a(
            DeployState.public_url,
            icon("external-link", 14),
            href=DeployState.public_url,
            target="_blank",
            rel="noopener",
            class_name="pb-door-link pb-link-line",
        ),
        copy_button(DeployState.public_url, label="link"),
        class_name="pb-snippet",
    )
    return rx.fragment(
        rx.el.div(icon("circle-check", 22), class_name="pb-disc pb-disc-good"),
        rx.dialog.title("It is live", margin_top="0.75rem"),
        rx.dialog.description(f"Version {DeployState.live_version} answers from now on.", class_name="pb-lead"),
        rx.el.div(
            rx.el.div(rx.el.div("Its own page", class_name="pb-label"), link, class_name="pb-field"),
            rx.el.div(
                rx.el.div("On your website", class_name="pb-label"),
                code_snippet(DeployState.embed_code, label="embed code"),
                rx.el.p(
                    "Paste this line into your pages, just before the end of the body. It works with every website "
                    "builder that lets you add HTML.",
                    class_name="pb-help",
                ),
                class_name="pb-field",
            ),
            class_name="pb-stack pb-dialog-form",
        ),
        dialog_actions(rx.button("Go to the chatbot", on_click=DeployState.close(False))),
    )


def _close(text: str) -> rx.Component:
    return rx.dialog.close(rx.button(text, type="button", variant="soft", color_scheme="gray"))
