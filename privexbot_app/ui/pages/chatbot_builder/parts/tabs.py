"""The tabs of the form that say what the chatbot is; what visitors meet is in `visitors`."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import badge, choice, empty_state, note
from privexbot_app.ui.pages.chatbot_builder.fields import AS_SET, KNOWLEDGE, element_id
from privexbot_app.ui.pages.chatbot_builder.parts.controls import line, lines, options, select, slider
from privexbot_app.ui.pages.chatbot_builder.state import BaseRow, BuilderState

GROUNDINGS = (
    ("strict", "Strict", "Answers only what the documents say, and says so when they do not."),
    ("guided", "Guided", "Prefers the documents, and marks what comes from general knowledge."),
    ("flexible", "Flexible", "Talks freely and uses the documents where they help."),
)
MODES = (
    (AS_SET, "As each knowledge base is set"),
    ("hybrid", "By meaning and by words"),
    ("dense", "By meaning"),
    ("keyword", "By words"),
)


def general() -> rx.Component:
    return tab(
        line("Name", "name", max_length=80, help_text="Visitors see it above the chat."),
        lines("Description", "description", rows="2", help_text="For you and your team."),
        lines("Greeting", "greeting", rows="2", help_text="The first thing that the chatbot says."),
        lines(
            "Suggested questions",
            "suggested_questions",
            rows="4",
            placeholder="What are your opening hours?",
            help_text="One on each line, at most six. Visitors ask them with one click.",
        ),
    )


def instructions() -> rx.Component:
    return tab(
        lines(
            "Instructions",
            "system_prompt",
            rows="9",
            help_text="Who the chatbot is, how it talks, what it leaves alone.",
        ),
        options("How closely it keeps to the documents", "grounding", GROUNDINGS),
    )


def knowledge() -> rx.Component:
    empty = empty_state(
        "No knowledge bases yet",
        "Create one, then choose it here. This draft waits for you.",
        icon_name="library",
        actions=[rx.link(rx.button("New knowledge base", variant="soft"), href=routes.new_knowledge_base())],
    )
    chosen = rx.el.fieldset(
        rx.el.legend("Knowledge bases", class_name="pb-label"),
        rx.el.div(rx.foreach(BuilderState.bases, _base), class_name="pb-stack pb-stack-tight"),
        rx.cond(
            BuilderState.problems.contains(KNOWLEDGE),
            rx.el.p(BuilderState.problems[KNOWLEDGE], role="alert", class_name="pb-problem"),
        ),
        id=element_id(KNOWLEDGE),
        tab_index=-1,
        class_name="pb-field",
    )
    return tab(
        rx.cond(BuilderState.bases, chosen, rx.el.div(empty, id=element_id(KNOWLEDGE), tab_index=-1)),
        rx.el.div(
            line(
                "Passages for each question",
                "retrieval.limit",
                type="number",
                min=1,
                max=20,
                help_text="From 1 to 20. More costs time and tokens.",
            ),
            select("How they are found", "retrieval.mode", MODES),
            class_name="pb-grid-2",
        ),
    )


def model() -> rx.Component:
    quoting = note(
        rx.el.div(
            rx.el.div("No language model is connected", class_name="pb-strong"),
            rx.el.div(
                "Answers are put together from sentences of your documents. Connect a model in the settings of this "
                "installation to have it answer in its own words.",
                class_name="pb-soft",
            ),
        ),
        icon_name="plug-zap",
        tone="warn",
    )
    return tab(
        rx.cond(BuilderState.lacks_model, quoting),
        select("Provider", "llm.provider", BuilderState.providers),
        line(
            "Model",
            "llm.model",
            placeholder="As the provider is set",
            help_text="The model’s name as the provider spells it. Leave it empty for the provider’s default.",
        ),
        slider(
            "Temperature",
            "llm.temperature",
            help_text="Low keeps to the point, high is more varied.",
            lowest=0,
            highest=2,
            step=0.1,
        ),
        rx.el.div(
            line(
                "Longest answer in tokens",
                "llm.max_tokens",
                type="number",
                min=16,
                max=32000,
                help_text="A token is about three quarters of a word.",
            ),
            line(
                "Remembered messages",
                "memory.max_messages",
                type="number",
                min=0,
                max=100,
                help_text="How much of the conversation it reads again.",
            ),
            class_name="pb-grid-2",
        ),
    )


def access() -> rx.Component:
    return tab(
        lines(
            "Allowed websites",
            "allowed_origins",
            rows="5",
            placeholder="https://example.com\nhttps://*.example.com",
            help_text="One on each line. Only these may embed the chatbot; leave it empty to allow every website.",
        ),
        note("The chatbot’s own page stays open to everybody who has its link.", tone="neutral"),
    )


def tab(*parts: rx.Component) -> rx.Component:
    """The content of a tab."""
    return rx.el.div(*parts, class_name="pb-stack pb-stack-wide")


def _base(base: rx.Var[BaseRow]) -> rx.Component:
    return choice(
        base.name,
        base.documents,
        type="checkbox",
        name="knowledge-base",
        value=base.id,
        checked=BuilderState.chosen_bases.contains(base.id),
        on_change=lambda is_chosen: BuilderState.choose_base(base.id, is_chosen),
        side=badge(base.status, base.tone),
    )
