"""The deployment dialog: what is missing, one button, and what to do with the result."""

import reflex as rx

from privexbot_app.ui.components import close_button, code_snippet, dialog_actions, icon, note
from privexbot_app.ui.components.going_live import checking, is_live, not_ready, problem_choice, public_link
from privexbot_app.ui.pages.chatbot_builder.deploy import DeployProblem, DeployState
from privexbot_app.ui.pages.chatbot_builder.state import BuilderState


def deploy_dialog() -> rx.Component:
    body = rx.cond(
        DeployState.public_url != "",
        _done(),
        rx.cond(
            DeployState.is_checking,
            checking("Deploy", "Checking the chatbot…"),
            rx.cond(
                DeployState.problems,
                not_ready("Put these right, then deploy.", rx.foreach(DeployState.problems, _problem)),
                _ready(),
            ),
        ),
    )
    return rx.dialog.root(
        rx.dialog.content(body, max_width="34rem"), open=DeployState.is_open, on_open_change=DeployState.close
    )


def _problem(problem: rx.Var[DeployProblem]) -> rx.Component:
    return problem_choice(problem.message, [DeployState.hide, BuilderState.go_to(problem.field)])


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
            close_button("Cancel"),
            rx.button(icon("rocket", 15), "Deploy", loading=DeployState.is_deploying, on_click=DeployState.deploy),
        ),
    )


def _done() -> rx.Component:
    return rx.fragment(
        is_live(DeployState.live_version),
        rx.el.div(
            rx.el.div(
                rx.el.div("Its own page", class_name="pb-label"),
                public_link(DeployState.public_url),
                class_name="pb-field",
            ),
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
