"""How documents are cut, and how passages are found. The form follows the chunkers' own settings."""

import reflex as rx

from privexbot_app.ui.components import card, choice, field
from privexbot_app.ui.knowledge.rows import Option, StrategyChoice
from privexbot_app.ui.knowledge.views import MODE_WORDS
from privexbot_app.ui.pages.knowledge_new.state import NewBaseState

MODE_HELP = "Hybrid joins both, and is best for most texts."


def settings_card() -> rx.Component:
    """The third part of the wizard."""
    return card(
        rx.el.div(
            rx.el.fieldset(
                rx.el.legend("How documents are cut", class_name="pb-label"),
                rx.el.div(rx.foreach(NewBaseState.strategies, _strategy), class_name="kb-strategies"),
                class_name="kb-fieldset",
            ),
            rx.el.div(rx.foreach(NewBaseState.options, _option), class_name="pb-stack"),
            rx.cond(
                NewBaseState.settings_problem != "",
                rx.el.p(NewBaseState.settings_problem, role="alert", class_name="pb-problem"),
            ),
            rx.el.hr(class_name="kb-line"),
            rx.el.div(
                field("Find passages by", _modes(), id="mode", help_text=MODE_HELP),
                field(
                    "Passages for one answer",
                    rx.input(
                        id="limit",
                        type="number",
                        min=1,
                        max=50,
                        value=NewBaseState.limit.to_string(),
                        on_change=NewBaseState.change_limit,
                        width="6rem",
                    ),
                    id="limit",
                    help_text="How many a chatbot reads, from 1 to 50.",
                ),
                class_name="kb-retrieval",
            ),
            class_name="pb-stack",
        ),
        title="3. Chunking and retrieval",
        lead="Chatbots read passages, not whole documents. The usual settings suit most documents.",
    )


def _strategy(option: rx.Var[StrategyChoice]) -> rx.Component:
    return choice(
        option.title,
        option.description,
        name="strategy",
        value=option.name,
        checked=NewBaseState.strategy == option.name,
        on_change=NewBaseState.choose_strategy(option.name),
    )


def _option(option: rx.Var[Option]) -> rx.Component:
    return field(
        option.title,
        rx.el.div(
            rx.slider(
                value=[option.value],
                min=option.minimum,
                max=option.slider_maximum,
                on_change=NewBaseState.change_option(option.name).debounce(250),
                aria_label=option.title,
            ),
            rx.input(
                id=option.name,
                type="number",
                min=option.minimum,
                max=option.maximum,
                value=option.value.to_string(),
                on_change=lambda value: NewBaseState.change_option(option.name, value),
                width="6.5rem",
            ),
            class_name="kb-slider",
        ),
        id=option.name,
        help_text=option.help,
        problem=option.problem,
    )


def _modes() -> rx.Component:
    return rx.segmented_control.root(
        *(rx.segmented_control.item(word, value=mode.value) for mode, word in MODE_WORDS.items()),
        value=NewBaseState.mode,
        on_change=NewBaseState.choose_mode,
        id="mode",
        width="100%",
    )
