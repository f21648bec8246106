"""Fields for how documents are cut and how passages are found. They follow the chunkers' own settings."""

from typing import Any

import reflex as rx

from privexbot_app.ui.components.forms import choice, field, select_input, text_input
from privexbot_app.ui.knowledge.rows import Option, StrategyChoice
from privexbot_app.ui.knowledge.wording import MODE_WORDS

MODE_HELP = "Hybrid joins both, and is best for most texts."


def chunking_fields(state: Any) -> rx.Component:
    """The ways of cutting, and the numbers of the chosen one. state: with the names of `ui.knowledge.cutting`."""
    return rx.el.div(
        rx.el.fieldset(
            rx.el.legend("How documents are cut", class_name="pb-label"),
            rx.el.div(rx.foreach(state.strategies, lambda one: _strategy(state, one)), class_name="kb-strategies"),
            class_name="kb-fieldset",
        ),
        rx.el.div(rx.foreach(state.options, lambda one: _option(state, one)), class_name="pb-stack"),
        rx.cond(state.settings_problem != "", rx.el.p(state.settings_problem, role="alert", class_name="pb-problem")),
        class_name="pb-stack",
    )


def retrieval_fields(state: Any) -> rx.Component:
    """How passages are found. state: with the names of `ui.knowledge.retrieving`."""
    reranker = select_input(
        "Second look",
        id="reranker",
        options=state.rerankers,
        value=state.reranker,
        on_change=state.choose_reranker,
        help_text="Orders what was found once more, before a chatbot reads it.",
    )
    more = rx.el.details(
        rx.el.summary("More retrieval settings", class_name="kb-summary"),
        rx.el.div(
            reranker,
            _number(
                state, "expand_neighbours", "Neighbouring chunks", "How many before and after a passage are read too."
            ),
            _number(state, "diversity", "Diversity in percent", "0 ranks by fit alone; more avoids repetitions."),
            _number(
                state, "max_tokens", "Most tokens for one answer", "Limits what a chatbot reads. Empty for no limit."
            ),
            class_name="kb-retrieval kb-details",
        ),
    )
    return rx.el.div(
        rx.el.div(
            field("Find passages by", _modes(state), id="mode", help_text=MODE_HELP),
            _number(state, "limit", "Passages for one answer", "How many a chatbot reads, from 1 to 50."),
            class_name="kb-retrieval",
        ),
        more,
        class_name="pb-stack",
    )


def _number(state: Any, name: str, title: str, help_text: str) -> rx.Component:
    problems = state.retrieval_problems
    return text_input(
        title,
        id=name,
        type="number",
        value=getattr(state, name),
        on_change=lambda value: state.change_number(name, value),
        help_text=help_text,
        problem=rx.cond(problems.contains(name), problems[name], ""),
    )


def _strategy(state: Any, option: rx.Var[StrategyChoice]) -> rx.Component:
    return choice(
        option.title,
        option.description,
        name="strategy",
        value=option.name,
        checked=state.strategy == option.name,
        on_change=state.choose_strategy(option.name),
    )


def _option(state: Any, option: rx.Var[Option]) -> rx.Component:
    return field(
        option.title,
        rx.el.div(
            rx.slider(
                value=[option.value],
                min=option.minimum,
                max=option.slider_maximum,
                on_change=state.change_option(option.name).debounce(250),
                aria_label=option.title,
            ),
            rx.input(
                id=option.name,
                type="number",
                min=option.minimum,
                max=option.maximum,
                value=option.value.to_string(),
                on_change=lambda value: state.change_option(option.name, value),
                width="6.5rem",
            ),
            class_name="kb-slider",
        ),
        id=option.name,
        help_text=option.help,
        problem=option.problem,
    )


def _modes(state: Any) -> rx.Component:
    return rx.segmented_control.root(
        *(rx.segmented_control.item(word, value=mode.value) for mode, word in MODE_WORDS.items()),
        value=state.mode,
        on_change=state.choose_mode,
        id="mode",
        width="100%",
    )
