"""How documents and stretches of their text are drawn."""

import reflex as rx

from privexbot_app.ui.components.basics import Text, icon


def kind_icon(kind: Text, size: int = 18) -> rx.Component:
    """A document's icon. kind: from `ui.knowledge.views.kind_of`."""
    return rx.match(
        kind,
        ("pdf", icon("file-text", size)),
        ("sheet", icon("sheet", size)),
        ("slides", icon("presentation", size)),
        ("mail", icon("mail", size)),
        ("web", icon("globe", size)),
        ("website", icon("globe", size)),
        ("data", icon("braces", size)),
        ("feed", icon("rss", size)),
        ("github", icon("git-branch", size)),
        ("notion", icon("notebook-text", size)),
        ("google_docs", icon("hard-drive", size)),
        ("qa", icon("messages-square", size)),
        ("text", icon("text", size)),
        icon("file", size),
    )


def progress_line(percent: rx.Var[int], label: Text) -> rx.Component:
    """How far something is, as a bar with its number."""
    return rx.el.div(
        rx.el.progress(value=percent, max=100, aria_label=label, class_name="kb-bar"),
        rx.el.span(percent, " %", class_name="pb-tiny kb-percent"),
        class_name="kb-progress",
    )


def stretches(parts: rx.Var) -> rx.Component:
    """Text in stretches, some of them marked. parts: a Var of `ui.knowledge.marking.Stretch`es."""
    return rx.el.span(
        rx.foreach(
            parts,
            lambda part: rx.cond(part.is_marked, rx.el.mark(part.text, class_name="kb-hit"), rx.el.span(part.text)),
        ),
        dir="auto",
        class_name="kb-text",
    )
