"""The dialogs that take a text, questions, a web page or a source of many items, and the buttons that open them."""

from typing import Any

import reflex as rx

from privexbot_app.ui.components.basics import icon
from privexbot_app.ui.components.connecting import connect_dialog, problem_of, source_dialog, trouble
from privexbot_app.ui.components.documents import kind_icon
from privexbot_app.ui.components.forms import field, switch_input, text_area, text_input
from privexbot_app.ui.knowledge.connecting import ConnectorChoice


def source_buttons(state: Any) -> rx.Component:
    """Other ways to add something than files. state: one with the names of `ui.knowledge.adding.AddingSources`."""

    def button(text: str, name: str, kind: str) -> rx.Component:
        return rx.button(
            icon(name, 15), text, type="button", variant="soft", color_scheme="gray", on_click=state.show_adding(kind)
        )

    return rx.el.div(
        button("Paste text", "text", "text"),
        button("Questions and answers", "messages-square", "qa"),
        button("Web page", "globe", "url"),
        _menu(state),
        class_name="pb-actions",
    )


def source_dialogs(state: Any) -> rx.Component:
    """The dialogs."""
    return rx.fragment(_text_dialog(state), _qa_dialog(state), _url_dialog(state), connect_dialog(state))


def _menu(state: Any) -> rx.Component:
    def entry(choice: rx.Var[ConnectorChoice]) -> rx.Component:
        return rx.dropdown_menu.item(
            kind_icon(choice.type, 15), choice.title, on_select=state.show_connecting(choice.type)
        )

    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(
            rx.button(
                icon("plug", 15),
                "Website, feed, drive…",
                icon("chevron-down", 14),
                type="button",
                variant="soft",
                color_scheme="gray",
            )
        ),
        rx.dropdown_menu.content(rx.foreach(state.connectors, entry)),
    )


def _text_dialog(state: Any) -> rx.Component:
    return source_dialog(
        state,
        "text",
        "Paste text",
        "For anything that you can copy: a policy, a list of prices, an e-mail.",
        state.add_text,
        text_input(
            "Title", id="text-title", name="title", max_length=120, auto_focus=True, problem=problem_of(state, "title")
        ),
        text_area(
            "Text",
            id="text-content",
            name="content",
            rows="12",
            dir="auto",
            help_text="Up to 200,000 characters. Upload longer texts as a file.",
            problem=problem_of(state, "content"),
            on_change=lambda value: state.note_pasted(value.length()).debounce(150),
        ),
        is_refused=state.pasted_length > 200_000,
    )


def _qa_dialog(state: Any) -> rx.Component:
    return source_dialog(
        state,
        "qa",
        "Questions and answers",
        "Each pair is found as one: best for questions that you are asked again and again.",
        state.add_pairs,
        text_input(
            "Title",
            id="qa-title",
            name="title",
            default_value="Questions and answers",
            max_length=120,
            problem=problem_of(state, "title"),
        ),
        rx.el.div(
            rx.foreach(state.pair_numbers, lambda number, index: _pair(state, number, index)), class_name="pb-stack"
        ),
        rx.button(icon("plus", 15), "Add another pair", type="button", variant="soft", on_click=state.add_pair),
        trouble(state, "pairs"),
    )


def _url_dialog(state: Any) -> rx.Component:
    return source_dialog(
        state,
        "url",
        "Web page",
        "One page, or one file on the web. Pages behind a sign-in cannot be read.",
        state.add_url,
        text_input(
            "Address",
            id="url-address",
            name="url",
            type="url",
            placeholder="https://example.com/help",
            auto_focus=True,
            problem=problem_of(state, "url"),
        ),
        rx.cond(
            state.can_render,
            switch_input(
                "Run the page’s scripts",
                id="url-rendered",
                name="is_rendered",
                help_text="In a browser, for pages that are empty without it. Takes longer.",
            ),
        ),
    )


def _pair(state: Any, number: rx.Var[int], index: rx.Var[int]) -> rx.Component:
    position = (index + 1).to_string()
    remove = rx.icon_button(
        icon("x", 15),
        type="button",
        size="1",
        variant="ghost",
        color_scheme="gray",
        margin="0",
        aria_label="Remove pair " + position,
        on_click=state.remove_pair(number),
    )
    question, answer = "question-" + number.to_string(), "answer-" + number.to_string()
    return rx.el.div(
        rx.el.div(
            rx.el.span("Pair " + position, class_name="pb-strong"),
            rx.cond(state.pair_numbers.length() > 1, remove),
            class_name="kb-between",
        ),
        field("Question", rx.input(id=question, name=question, max_length=2000, dir="auto", width="100%"), id=question),
        field(
            "Answer",
            rx.text_area(id=answer, name=answer, rows="3", dir="auto", max_length=20_000, width="100%"),
            id=answer,
        ),
        key=number.to_string(),
        class_name="pb-stack pb-stack-tight kb-pair",
    )
