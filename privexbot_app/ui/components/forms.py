"""Form fields: every one has a label, may have help, and shows its problem beside itself."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from privexbot_app.ui.components.basics import Part, Text


def field(
    label: Text, control: rx.Component, *, id: str, help_text: Text = "", problem: Text = "", hint: Part | None = None
) -> rx.Component:
    """A labelled control. id: the control's; hint: something small beside the label."""
    beside = [rx.el.span(hint, class_name="pb-tiny")] if hint is not None else []
    below = [] if isinstance(help_text, str) and not help_text else [rx.el.p(help_text, class_name="pb-help")]
    trouble = [] if isinstance(problem, str) and not problem else [_problem(id, problem)]
    return rx.el.div(
        rx.el.div(rx.el.label(label, html_for=id), *beside, class_name="pb-label"),
        control,
        *below,
        *trouble,
        class_name="pb-field",
    )


def text_input(
    label: Text, *, id: str, help_text: Text = "", problem: Text = "", hint: Part | None = None, **props: Any
) -> rx.Component:
    """One line of text. With `value` and `on_change` it tells of a change when the typing pauses."""
    return field(
        label,
        rx.input(id=id, size="2", width="100%", **_describe(id, problem), **props),
        id=id,
        help_text=help_text,
        problem=problem,
        hint=hint,
    )


def text_area(
    label: Text, *, id: str, help_text: Text = "", problem: Text = "", hint: Part | None = None, **props: Any
) -> rx.Component:
    """Several lines of text."""
    props.setdefault("rows", "4")
    return field(
        label,
        rx.text_area(id=id, size="2", width="100%", resize="vertical", **_describe(id, problem), **props),
        id=id,
        help_text=help_text,
        problem=problem,
        hint=hint,
    )


def select_input(
    label: Text,
    *,
    id: str,
    options: Sequence[tuple[str, str]] | rx.Var[list[dict[str, str]]],
    help_text: Text = "",
    problem: Text = "",
    **props: Any,
) -> rx.Component:
    """One of several. options: (value, text) pairs, or a Var of {"value", "text"}; no value may be empty."""
    if isinstance(options, rx.Var):
        items = [rx.foreach(options, lambda option: rx.select.item(option["text"], value=option["value"]))]
    else:
        items = [rx.select.item(text, value=value) for value, text in options]
    control = rx.select.root(
        rx.select.trigger(id=id, width="100%", **_describe(id, problem)),
        rx.select.content(*items, position="popper"),
        size="2",
        **props,
    )
    return field(label, control, id=id, help_text=help_text, problem=problem)


def switch_input(label: Text, *, id: str, help_text: Text = "", **props: Any) -> rx.Component:
    """Yes or no."""
    below = [] if isinstance(help_text, str) and not help_text else [rx.el.p(help_text, class_name="pb-help")]
    return rx.el.div(
        rx.switch(id=id, size="2", **props),
        rx.el.div(rx.el.label(label, html_for=id, class_name="pb-label"), *below, class_name="pb-choice-body"),
        class_name="pb-row",
        align_items="flex-start",
    )


def choice(
    title: Text, text: Text = "", *, type: str = "radio", side: Part | None = None, **props: Any
) -> rx.Component:
    """A radio button or check box as a whole card. props: name, value, checked, on_change … of the input."""
    below = [] if isinstance(text, str) and not text else [rx.el.div(text, class_name="pb-help")]
    return rx.el.label(
        rx.el.input(type=type, **props),
        rx.el.div(rx.el.div(title, class_name="pb-strong"), *below, class_name="pb-choice-body"),
        *([side] if side is not None else []),
        class_name="pb-choice",
    )


def _problem(id: str, problem: Text) -> rx.Component:
    return rx.el.p(problem, id=f"{id}-problem", role="alert", class_name="pb-problem")


def _describe(id: str, problem: Text) -> dict[str, Any]:
    if isinstance(problem, str) and not problem:
        return {}
    return {"aria_describedby": f"{id}-problem", "aria_invalid": rx.cond(problem != "", "true", "false")}
