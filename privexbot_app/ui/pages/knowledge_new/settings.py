"""How documents are cut, and how passages are found. The form follows the chunkers' own settings."""

import reflex as rx

from privexbot_app.ui.components import card, choice, field, select_input, text_input
from privexbot_app.ui.knowledge.rows import Option, StrategyChoice
from privexbot_app.ui.knowledge.wording import MODE_WORDS
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
            _retrieval(),
            class_name="pb-stack",
        ),
        title="3. Chunking and retrieval",
        lead="Chatbots read passages, not whole documents. The usual settings suit most documents.",
    )


def _retrieval() -> rx.Component:
    reranker = select_input(
        "Second look",
        id="reranker",
        options=NewBaseState.rerankers,
        value=NewBaseState.reranker,
        on_change=NewBaseState.choose_reranker,
        help_text="Orders what was found once more, before a chatbot reads it.",
    )
    more = rx.el.details(
        rx.el.summary("More retrieval settings", class_name="kb-summary"),
        rx.el.div(
            reranker,
            _number("expand_neighbours", "Neighbouring chunks", "How many before and after a passage are read too."),
            _number("diversity", "Diversity in percent", "0 ranks by fit alone; more avoids repetitions."),
            _number("max_tokens", "Most tokens for one answer", "Limits what a chatbot reads. Empty for no limit."),
            class_name="kb-retrieval kb-details",
        ),
    )
    return rx.el.div(
        rx.el.div(
            field("Find passages by", _modes(), id="mode", help_text=MODE_HELP),
            _number("limit", "Passages for one answer", "How many a chatbot reads, from 1 to 50."),
            class_name="kb-retrieval",
        ),
        more,
        class_name="pb-stack",
    )


def _number(name: str, title: str, help_text: str) -> rx.Component:
    problems = NewBaseState.retrieval_problems
    return text_input(
        title,
        id=name,
        type="number",
        value=getattr(NewBaseState, name),
        on_change=lambda value: NewBaseState.change_number(name, value),
        help_text=help_text,
        problem=rx.cond(problems.contains(name), problems[name], ""),
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
