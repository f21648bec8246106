"""The dialog that changes a chunk, and the one that adds another."""

import reflex as rx

from privexbot_app.ui.components import dialog_actions, icon, note, switch_input, text_area
from privexbot_app.ui.pages.knowledge_document.changing import ChunkState
from privexbot_app.ui.session import ScopedState

CAN_WRITE = ScopedState.permissions.contains("kb.write")
SOFT = {"variant": "soft", "color_scheme": "gray", "type": "button"}


def chunk_dialog() -> rx.Component:
    """One dialog, for both."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.cond(ChunkState.dialog == "add", _add(), _change()),
            max_width="42rem",
            aria_describedby=rx.Var("undefined", _var_type=str),
        ),
        open=ChunkState.dialog != "",
        on_open_change=ChunkState.close_chunk,
    )


def _change() -> rx.Component:
    return rx.form(
        rx.el.div(
            rx.dialog.title("Chunk " + ChunkState.chunk_label, margin_bottom="0"),
            rx.cond(
                ChunkState.chunk_heading != "", rx.el.p(ChunkState.chunk_heading, dir="auto", class_name="pb-soft")
            ),
            rx.cond(ChunkState.is_conflict, _conflict()),
            text_area(
                "Text",
                id="chunk-text",
                name="text",
                default_value=ChunkState.chunk_text,
                rows="10",
                dir="auto",
                max_length=20_000,
                read_only=~CAN_WRITE,
                help_text="What is searched and what chatbots read. It stays when the document is indexed again.",
                problem=ChunkState.chunk_problem,
            ),
            rx.cond(ChunkState.is_edited & ~ChunkState.is_conflict, _source("What the document says")),
            rx.cond(
                CAN_WRITE,
                rx.fragment(
                    switch_input(
                        "In use",
                        id="chunk-used",
                        help_text="A chunk that is not in use is never found.",
                        checked=ChunkState.is_used,
                        on_change=ChunkState.use_chunk,
                    ),
                    _actions(),
                ),
            ),
            class_name="pb-stack",
        ),
        on_submit=ChunkState.save_chunk,
        key=ChunkState.turn.to_string(),
    )


def _actions() -> rx.Component:
    return dialog_actions(
        rx.cond(
            ChunkState.is_added,
            rx.button(icon("trash-2", 15), "Delete", on_click=ChunkState.delete_chunk, **SOFT),
        ),
        rx.cond(
            ChunkState.is_edited & ~ChunkState.is_conflict,
            rx.button(icon("undo-2", 15), "Undo the change", on_click=ChunkState.keep("source"), **SOFT),
        ),
        rx.button(icon("plus", 15), "Add one after it", on_click=ChunkState.begin_adding, **SOFT),
        rx.button("Save", type="submit"),
    )


def _conflict() -> rx.Component:
    gone = "The document no longer says anything in its place."
    return note(
        rx.el.strong("The document has changed where this chunk was changed by hand."),
        rx.cond(ChunkState.source_text != "", _source("What the document says now"), gone),
        rx.cond(
            CAN_WRITE,
            rx.el.div(
                rx.button("Keep mine", size="1", type="button", on_click=ChunkState.keep("mine")),
                rx.button(
                    rx.cond(
                        ChunkState.is_added | (ChunkState.source_text == ""), "Remove the chunk", "Take the new text"
                    ),
                    size="1",
                    on_click=ChunkState.keep("source"),
                    **SOFT,
                ),
                class_name="pb-actions",
            ),
        ),
        icon_name="git-compare",
        tone="warn",
    )


def _source(title: str) -> rx.Component:
    return rx.el.details(
        rx.el.summary(title, class_name="kb-summary"),
        rx.el.blockquote(ChunkState.source_text, dir="auto", class_name="kb-said"),
        open=True,
    )


def _add() -> rx.Component:
    return rx.form(
        rx.el.div(
            rx.dialog.title(
                rx.cond(
                    ChunkState.chunk_label != "",
                    "New chunk after chunk " + ChunkState.chunk_label,
                    "New chunk at the beginning",
                ),
                margin_bottom="0",
            ),
            text_area(
                "Text",
                id="new-chunk-text",
                name="text",
                rows="10",
                dir="auto",
                max_length=20_000,
                auto_focus=True,
                help_text="Something that the document does not say, and that chatbots should know all the same.",
                problem=ChunkState.chunk_problem,
            ),
            dialog_actions(
                rx.dialog.close(rx.button("Cancel", **SOFT)),
                rx.button("Add", type="submit"),
            ),
            class_name="pb-stack",
        ),
        on_submit=ChunkState.add_chunk,
        key="add" + ChunkState.turn.to_string(),
    )
