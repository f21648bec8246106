"""The chunks of a source as the settings would cut them."""

import reflex as rx

from privexbot_app.ui.components import badge, icon, note, skeleton
from privexbot_app.ui.knowledge.rows import ChunkCard
from privexbot_app.ui.pages.knowledge_new.state import NewBaseState


def preview_panel() -> rx.Component:
    """The column beside the form; it stays in sight while the form scrolls."""
    return rx.el.section(
        rx.el.div(
            rx.el.h2("Preview", class_name="pb-section-title"),
            rx.cond(
                NewBaseState.is_previewing,
                rx.el.span(rx.spinner(size="1"), "Cutting…", role="status", class_name="pb-soft kb-inline"),
                rx.cond(NewBaseState.chunk_total > 0, badge(NewBaseState.chunk_count, "neutral")),
            ),
            class_name="kb-between",
        ),
        rx.cond(NewBaseState.usable.length() > 0, _shown(), _nothing()),
        aria_label="Preview of chunks",
        class_name="kb-preview",
    )


def _nothing() -> rx.Component:
    return rx.el.div(
        icon("scissors", 22),
        rx.el.p("Add a source to see the passages that your chatbots will read.", class_name="pb-soft"),
        class_name="kb-preview-empty",
    )


def _shown() -> rx.Component:
    source = rx.select.root(
        rx.select.trigger(width="100%", aria_label="Source to preview"),
        rx.select.content(
            rx.foreach(NewBaseState.usable, lambda option: rx.select.item(option["text"], value=option["value"])),
            position="popper",
        ),
        value=NewBaseState.preview_source,
        on_change=NewBaseState.show_preview_of,
    )
    return rx.fragment(
        source,
        rx.cond(
            NewBaseState.preview_problem != "",
            note(NewBaseState.preview_problem, icon_name="circle-alert", tone="warn"),
            rx.cond(
                NewBaseState.chunks.length() > 0,
                rx.el.ol(
                    rx.foreach(NewBaseState.chunks, _chunk),
                    data_stale=NewBaseState.is_previewing,
                    class_name="kb-chunks",
                ),
                rx.cond(NewBaseState.is_previewing, rx.el.div(*[skeleton(height="6rem")] * 3, class_name="pb-stack")),
            ),
        ),
        rx.cond(
            NewBaseState.can_show_more,
            rx.button("Show more", variant="soft", color_scheme="gray", on_click=NewBaseState.show_more_chunks),
        ),
    )


def _chunk(chunk: rx.Var[ChunkCard]) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.span("Chunk " + chunk.number, class_name="pb-strong"),
            rx.el.span(chunk.tokens),
            rx.cond(chunk.page != "", rx.el.span(chunk.page)),
            class_name="pb-item-meta",
        ),
        rx.cond(
            chunk.heading != "", rx.el.div(chunk.heading, title=chunk.heading, dir="auto", class_name="kb-heading")
        ),
        rx.cond(
            chunk.context != "",
            rx.el.div(
                chunk.context, dir="auto", title="Repeated so that the chunk makes sense", class_name="kb-context"
            ),
        ),
        rx.el.div(
            rx.cond(
                chunk.repeated != "",
                rx.el.span(chunk.repeated, title="Also at the end of the chunk before", class_name="kb-overlap"),
            ),
            chunk.text,
            rx.cond(chunk.clipped != "", rx.el.span(chunk.clipped, class_name="pb-tiny")),
            dir="auto",
            class_name="kb-text",
        ),
        class_name="kb-chunk",
    )
