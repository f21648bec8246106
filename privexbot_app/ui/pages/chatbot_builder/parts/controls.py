"""The shared components bound to fields of the draft: each saves itself and shows its own problem."""

from typing import Any

import reflex as rx

from privexbot_app.ui.components import choice, field, select_input, text_area, text_input
from privexbot_app.ui.pages.chatbot_builder.fields import element_id
from privexbot_app.ui.pages.chatbot_builder.state import BuilderState


def line(label: str, path: str, **props: Any) -> rx.Component:
    """One line of text."""
    return text_input(label, **_bound(path), **props)


def lines(label: str, path: str, **props: Any) -> rx.Component:
    """Several lines of text."""
    return text_area(label, **_bound(path), **props)


def select(label: str, path: str, options: Any, **props: Any) -> rx.Component:
    """One of several."""
    return select_input(label, options=options, **_bound(path), **props)


def slider(label: str, path: str, *, help_text: str, lowest: float, highest: float, step: float) -> rx.Component:
    """A number between two ends; it is saved where the pointer lets go."""
    control = rx.slider(
        id=element_id(path),
        default_value=[BuilderState.texts[path].to(float)],
        key=f"{path}-{BuilderState.revision}",
        min=lowest,
        max=highest,
        step=step,
        size="2",
        aria_label=label,
        on_value_commit=BuilderState.slide(path),
    )
    return field(
        label,
        control,
        id=element_id(path),
        help_text=help_text,
        problem=_problem(path),
        hint=BuilderState.texts[path],
    )


def options(label: str, path: str, choices: tuple[tuple[str, str, str], ...]) -> rx.Component:
    """A few choices that need a sentence each: (value, title, explanation)."""
    cards = [
        choice(
            title,
            text,
            name=path,
            id=element_id(path) if index == 0 else f"{element_id(path)}-{value}",
            value=value,
            checked=BuilderState.texts[path] == value,
            on_change=BuilderState.edit(path, value),
        )
        for index, (value, title, text) in enumerate(choices)
    ]
    return rx.el.fieldset(
        rx.el.legend(label, class_name="pb-label"),
        rx.el.div(*cards, class_name="pb-stack pb-stack-tight"),
        class_name="pb-field",
    )


def _bound(path: str) -> dict[str, Any]:
    return {
        "id": element_id(path),
        "value": BuilderState.texts[path],
        "on_change": BuilderState.edit(path),
        "problem": _problem(path),
    }


def _problem(path: str) -> rx.Var[str]:
    return rx.cond(BuilderState.problems.contains(path), BuilderState.problems[path], "")
