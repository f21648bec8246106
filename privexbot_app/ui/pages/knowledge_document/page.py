"""The page of one document: its text with the chunks that it was cut into. Citations open here, at their passage."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import badge, empty_state, icon, note, page, page_header, page_skeleton
from privexbot_app.ui.components.documents import kind_icon, progress_line
from privexbot_app.ui.components.ticker import ticker
from privexbot_app.ui.knowledge.marking import Piece
from privexbot_app.ui.knowledge.rows import ChunkLine
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.knowledge_document.changing import ChunkState
from privexbot_app.ui.pages.knowledge_document.dialog import chunk_dialog
from privexbot_app.ui.pages.knowledge_document.state import DocumentState
from privexbot_app.ui.session import ScopedState

CAN_WRITE = ScopedState.permissions.contains("kb.write")
GHOST = {"size": "1", "variant": "ghost", "color_scheme": "gray", "margin": "0", "type": "button"}
DOCUMENT = DocumentState.document
SMOOTHLY = "{block: 'center', behavior: 'smooth'}"


@dashboard_page(
    "/knowledge/[base_id]/documents/[document_id]",
    title="Document",
    permission="kb.read",
    on_load=DocumentState.load,
)
def document_page() -> rx.Component:
    return rx.cond(DocumentState.is_ready, rx.cond(DocumentState.is_missing, _missing(), _shown()), page_skeleton())


def _missing() -> rx.Component:
    return page(
        page_header("Document", back=("Knowledge", routes.knowledge_bases())),
        empty_state("There is no such document", "It may have been deleted.", icon_name="search-x"),
    )


def _shown() -> rx.Component:
    back = rx.link(
        icon("chevron-left", 14),
        DocumentState.base_name,
        href="/knowledge/" + DocumentState.base_id_held,
        underline="hover",
        class_name="pb-back",
    )
    return page(
        rx.el.header(
            back,
            rx.el.div(
                rx.el.span(kind_icon(DOCUMENT.kind, 20), class_name="pb-item-icon"),
                rx.el.h1(DOCUMENT.name, dir="auto", class_name="pb-title kb-grow"),
                badge(DOCUMENT.status, DOCUMENT.tone),
                class_name="pb-row kb-document-title",
            ),
            _facts(),
            class_name="pb-header-text",
        ),
        rx.cond(DocumentState.is_busy, _working()),
        rx.cond(DOCUMENT.is_failed, _failed()),
        rx.cond(DOCUMENT.is_cancelled, _cancelled()),
        rx.cond(DocumentState.conflicts > 0, _conflicts()),
        rx.cond(
            DocumentState.pieces.length() > 0,
            rx.el.div(_chunk_list(), _text(), class_name="kb-reader"),
            rx.cond(~DOCUMENT.is_failed & ~DocumentState.is_busy, note(DocumentState.text_problem, icon_name="info")),
        ),
        chunk_dialog(),
    )


def _facts() -> rx.Component:
    return rx.el.div(
        rx.el.span(DOCUMENT.size),
        rx.cond(DocumentState.counts != "", rx.el.span(DocumentState.counts)),
        rx.el.span("added ", DOCUMENT.added, title=DOCUMENT.added_exactly),
        rx.cond(
            DocumentState.url != "",
            rx.el.span(
                rx.link(
                    "Open the page",
                    icon("external-link", 13),
                    href=DocumentState.url,
                    is_external=True,
                    class_name="kb-inline",
                )
            ),
        ),
        rx.cond(~DOCUMENT.is_enabled, rx.el.span("not in use")),
        class_name="pb-item-meta",
    )


def _working() -> rx.Component:
    return rx.el.div(
        ticker(every=2000, on_tick=DocumentState.refresh),
        rx.el.span(DOCUMENT.status, "… ", DOCUMENT.left, role="status", class_name="pb-soft"),
        progress_line(DOCUMENT.percent, "Document processed"),
        rx.cond(
            CAN_WRITE,
            rx.button("Cancel", size="1", variant="soft", color_scheme="gray", on_click=DocumentState.cancel),
        ),
        class_name="kb-busy",
    )


def _failed() -> rx.Component:
    retry = rx.button(icon("rotate-cw", 15), "Try again", size="1", variant="soft", on_click=DocumentState.retry)
    return note(
        rx.el.strong("This document could not be indexed."),
        DOCUMENT.problem,
        rx.cond(ScopedState.permissions.contains("kb.write"), rx.box(retry)),
        icon_name="circle-alert",
        tone="bad",
    )


def _cancelled() -> rx.Component:
    retry = rx.button(icon("rotate-cw", 15), "Index it", size="1", variant="soft", on_click=DocumentState.retry)
    return note(
        rx.el.strong("Indexing this document was cancelled."),
        "No search finds it.",
        rx.cond(CAN_WRITE, rx.box(retry)),
        icon_name="circle-slash",
    )


def _conflicts() -> rx.Component:
    return note(
        rx.el.strong(DocumentState.conflict_words),
        "The document has changed where chunks were changed by hand. Your words are in use until you decide.",
        rx.box(rx.button("Look at it", size="1", variant="soft", on_click=ChunkState.open_conflict)),
        icon_name="git-compare",
        tone="warn",
    )


def _chunk_list() -> rx.Component:
    return rx.cond(
        DocumentState.chunks.length() > 0,
        rx.el.nav(
            rx.el.div(
                rx.el.span("Chunks in this part", class_name="pb-nav-title"),
                rx.cond(
                    CAN_WRITE,
                    rx.icon_button(
                        icon("plus", 15),
                        aria_label="Add a chunk at the beginning",
                        title="Add a chunk at the beginning",
                        on_click=ChunkState.begin_adding_first,
                        **GHOST,
                    ),
                ),
                class_name="kb-between",
            ),
            rx.el.ol(rx.foreach(DocumentState.chunks, _chunk_link), class_name="kb-chunk-list"),
            aria_label="Chunks",
            class_name="kb-chunk-nav",
        ),
    )


def _chunk_link(line: rx.Var[ChunkLine]) -> rx.Component:
    go = f"document.querySelector('[data-chunk=\"{line.number}\"]')?.scrollIntoView({SMOOTHLY})"
    return rx.el.li(
        rx.el.button(
            rx.el.span(
                rx.el.span(line.label, class_name="pb-tiny"),
                rx.cond(line.mark != "", badge(line.mark, line.tone)),
                class_name="kb-inline",
            ),
            rx.el.span(line.opening, dir="auto", class_name="kb-name"),
            type="button",
            title=line.heading,
            on_click=rx.call_script(rx.Var.create(go)),
            data_off=~line.is_enabled,
            class_name="kb-chunk-link",
        ),
        rx.icon_button(
            icon("pencil", 14),
            aria_label="Open chunk " + line.label,
            title="Edit, switch off, add one after it",
            on_click=ChunkState.open_chunk(line.id),
            **GHOST,
        ),
        class_name="kb-chunk-item",
    )


def _text() -> rx.Component:
    return rx.el.div(
        rx.el.span(id="text-top"),
        _pager(),
        rx.el.div(rx.foreach(DocumentState.pieces, _piece), dir="auto", class_name="pb-card kb-document-text"),
        _pager(),
        class_name="pb-stack pb-stack-tight",
    )


NO_TAB_INDEX = rx.Var("undefined", _var_type=int)
"""React leaves the attribute out; only the cited piece takes the focus, by script."""


def _piece(piece: rx.Var[Piece]) -> rx.Component:
    return rx.el.span(
        piece.text,
        id=rx.cond(piece.anchor != "", piece.anchor, None),
        tab_index=rx.cond(piece.anchor == "cited", -1, NO_TAB_INDEX),
        data_look=piece.look,
        data_label=rx.cond(piece.label != "", piece.label, None),
        data_chunk=rx.cond(piece.chunk != "", piece.chunk, None),
        data_cited=piece.is_cited,
        class_name="kb-piece",
    )


def _pager() -> rx.Component:
    style = {"variant": "soft", "color_scheme": "gray", "size": "2"}
    part = DocumentState.part
    return rx.cond(
        DocumentState.parts > 1,
        rx.el.div(
            rx.button(
                icon("chevron-left", 15), "Back", on_click=DocumentState.turn_to(part - 1), disabled=part <= 1, **style
            ),
            rx.el.span(DocumentState.part_words, class_name="pb-soft"),
            rx.button(
                "Next",
                icon("chevron-right", 15),
                on_click=DocumentState.turn_to(part + 1),
                disabled=part >= DocumentState.parts,
                **style,
            ),
            class_name="kb-between",
        ),
    )
