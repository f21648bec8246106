"""A conversation with a chatbot, as the dashboard shows it. Answers are Markdown from a model: never raw HTML."""

from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from privexbot_app.ui.components.basics import Part, icon


@dataclass
class ChatSource:
    """A passage that supports an answer. place: page or section, if known.

    url: where a visitor can read it. passage: where it is shown in its document, in this dashboard.
    """

    number: int
    title: str
    snippet: str
    place: str = ""
    url: str = ""
    passage: str = ""


@dataclass
class ChatLine:
    """One message. role: visitor, bot, note or problem."""

    role: str
    text: str
    sources: list[ChatSource] = field(default_factory=list)


def chat_panel(
    *,
    lines: rx.Var[list[ChatLine]],
    partial: rx.Var[str],
    is_answering: rx.Var[bool],
    greeting: rx.Var[str],
    suggestions: rx.Var[list[str]],
    on_ask: Any,
    on_suggestion: Any,
    on_stop: Any,
    on_restart: Any,
    notice: Part | None = None,
    choices: rx.Var[list[str]] | None = None,
) -> rx.Component:
    """The whole chat. on_ask gets the form with `question`; on_suggestion gets the text, also of one of the choices
    that the last message offers."""
    return rx.el.section(
        _head(on_restart, rx.cond(lines, False, True)),
        *([notice] if notice is not None else []),
        rx.auto_scroll(
            rx.cond(greeting != "", _bubble("bot", greeting)),
            rx.cond(lines, rx.fragment(), _suggestions(suggestions, on_suggestion)),
            rx.foreach(lines, _line),
            rx.cond(is_answering, _answering(partial)),
            *(
                [rx.cond(is_answering, rx.fragment(), _suggestions(choices, on_suggestion))]
                if choices is not None
                else []
            ),
            class_name="pb-chat-lines",
            role="log",
            aria_live="polite",
            aria_label="Conversation",
            tab_index=0,
        ),
        _composer(is_answering, on_ask, on_stop),
        aria_label="Try the chatbot",
        class_name="pb-card pb-chat",
    )


def _head(on_restart: Any, is_fresh: rx.Var[bool]) -> rx.Component:
    restart = rx.icon_button(
        icon("rotate-ccw", 15),
        type="button",
        variant="ghost",
        color_scheme="gray",
        margin="0",
        disabled=is_fresh,
        aria_label="Start the conversation over",
        title="Start over",
        on_click=on_restart,
    )
    return rx.el.header(
        rx.el.div(
            rx.el.h2("Try it", class_name="pb-section-title"),
            rx.el.p("Answers as the draft would, with your documents. Nothing is kept.", class_name="pb-tiny"),
        ),
        restart,
        class_name="pb-chat-head",
    )


def _suggestions(suggestions: rx.Var[list[str]], on_suggestion: Any) -> rx.Component:
    def suggestion(text: rx.Var[str]) -> rx.Component:
        return rx.el.button(text, type="button", on_click=on_suggestion(text), class_name="pb-chip")

    return rx.el.div(rx.foreach(suggestions, suggestion), class_name="pb-chips")


def _line(line: rx.Var[ChatLine]) -> rx.Component:
    return rx.match(
        line.role,
        ("visitor", _bubble("visitor", line.text)),
        ("note", rx.el.div(line.text, class_name="pb-tiny")),
        ("problem", rx.el.div(icon("circle-alert", 15), line.text, role="alert", class_name="pb-chat-problem")),
        rx.el.div(
            rx.el.div(_markdown(line.text), class_name="pb-bubble", data_role="bot"),
            rx.cond(line.sources, _sources(line.sources)),
            class_name="pb-chat-answer",
        ),
    )


def _bubble(role: str, text: rx.Var[str]) -> rx.Component:
    return rx.el.div(text, class_name="pb-bubble pb-plain", data_role=role)


def _answering(partial: rx.Var[str]) -> rx.Component:
    dots = rx.el.div(
        rx.el.span("The chatbot is answering", class_name="sr-only"),
        *(rx.el.span(class_name="pb-dot") for _ in range(3)),
        class_name="pb-bubble pb-dots",
        data_role="bot",
    )
    return rx.cond(partial != "", rx.el.div(_markdown(partial), class_name="pb-bubble", data_role="bot"), dots)


def _markdown(text: rx.Var[str]) -> rx.Component:
    return rx.markdown(text, use_raw=False, use_katex=False, class_name="pb-prose")


def _sources(sources: rx.Var[list[ChatSource]]) -> rx.Component:
    return rx.el.div(rx.foreach(sources, _source), class_name="pb-chips")


def _source(source: rx.Var[ChatSource]) -> rx.Component:
    chip = rx.el.button(
        rx.el.span(source.number, class_name="pb-chip-number"),
        rx.el.span(source.title, class_name="pb-chip-text"),
        type="button",
        aria_label=f"Source {source.number}: {source.title}",
        class_name="pb-chip",
    )
    link = rx.el.a(
        "Open the page", href=source.url, target="_blank", rel="noopener noreferrer", class_name="pb-door-link pb-tiny"
    )
    passage = rx.el.a(
        "Show it in the document", href=source.passage, target="_blank", class_name="pb-door-link pb-tiny"
    )
    return rx.popover.root(
        rx.popover.trigger(chip),
        rx.popover.content(
            rx.el.div(source.title, class_name="pb-strong"),
            rx.cond(source.place != "", rx.el.div(source.place, class_name="pb-tiny")),
            rx.el.blockquote(source.snippet, class_name="pb-quote"),
            rx.el.div(rx.cond(source.passage != "", passage), rx.cond(source.url != "", link), class_name="pb-actions"),
            max_width="min(24rem, 90vw)",
            size="2",
        ),
    )


def _composer(is_answering: rx.Var[bool], on_ask: Any, on_stop: Any) -> rx.Component:
    stop = rx.icon_button(
        icon("square", 14), type="button", aria_label="Stop the answer", title="Stop", on_click=on_stop
    )
    send = rx.icon_button(icon("arrow-up", 17), type="submit", aria_label="Send", title="Send")
    return rx.form(
        rx.text_area(
            name="question",
            id="chat-question",
            placeholder="Ask something",
            aria_label="Your question",
            rows="1",
            auto_height=True,
            enter_key_submit=True,
            max_length=8000,
            class_name="pb-chat-input",
        ),
        rx.cond(is_answering, stop, send),
        on_submit=on_ask,
        reset_on_submit=True,
        class_name="pb-chat-composer",
    )
