"""The page that makes a knowledge base: name it, fill it, choose how it is cut, and see the chunks change at once."""

import reflex as rx

from privexbot_app.ui import routes
from privexbot_app.ui.components import (
    card,
    confirm_dialog,
    empty_state,
    icon,
    note,
    page,
    page_header,
    page_skeleton,
    text_area,
    text_input,
)
from privexbot_app.ui.components.adding import source_buttons, source_dialogs
from privexbot_app.ui.components.documents import kind_icon
from privexbot_app.ui.components.file_drop import file_drop
from privexbot_app.ui.knowledge.rows import SourceRow
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.knowledge_new.preview import preview_panel
from privexbot_app.ui.pages.knowledge_new.settings import settings_card
from privexbot_app.ui.pages.knowledge_new.state import NewBaseState

BACK = ("Knowledge", routes.knowledge_bases())


@dashboard_page("/knowledge/new", title="New knowledge base", permission="kb.write", on_load=NewBaseState.load)
def new_knowledge_base_page() -> rx.Component:
    return rx.cond(NewBaseState.is_ready, rx.cond(NewBaseState.is_missing, _missing(), _wizard()), page_skeleton())


def _wizard() -> rx.Component:
    return page(
        page_header(
            rx.cond(NewBaseState.name != "", NewBaseState.name, "New knowledge base"),
            "Add what your chatbots should know, and see how it will be cut into passages.",
            back=BACK,
            actions=[rx.cond(NewBaseState.draft_id != "", rx.fragment(_saved_mark(), _discard_button()))],
        ),
        rx.cond(NewBaseState.saving == "conflict", _conflict()),
        rx.el.div(
            rx.el.div(_names(), _sources(), settings_card(), class_name="pb-stack pb-stack-wide"),
            preview_panel(),
            class_name="kb-wizard",
        ),
        _finish_bar(),
        source_dialogs(NewBaseState),
        confirm_dialog(
            "Discard this draft?",
            "Its sources and settings will be gone for good.",
            confirm="Discard",
            is_open=NewBaseState.is_discarding,
            on_open_change=NewBaseState.ask_discard,
            on_confirm=NewBaseState.discard,
        ),
        is_wide=True,
    )


def _missing() -> rx.Component:
    start = rx.el.a(rx.button("Start a new one", tab_index=-1), href=routes.new_knowledge_base())
    return page(
        page_header("New knowledge base", back=BACK),
        empty_state(
            "This draft is gone",
            "It was finished, discarded, or not touched for a day.",
            icon_name="file-x",
            actions=[start],
        ),
    )


def _saved_mark() -> rx.Component:
    return rx.cond(
        NewBaseState.saving == "saved",
        rx.el.span(icon("check", 14), "Draft saved", role="status", class_name="pb-soft kb-inline"),
    )


def _discard_button() -> rx.Component:
    return rx.button(
        icon("trash-2", 15),
        "Discard",
        variant="soft",
        color_scheme="gray",
        on_click=NewBaseState.ask_discard(True),
    )


def _conflict() -> rx.Component:
    return note(
        rx.el.strong("This draft was changed elsewhere."),
        "Nothing that you type here is saved until you choose.",
        rx.el.div(
            rx.button("Load the latest", size="1", on_click=NewBaseState.load_latest),
            rx.button("Keep mine", size="1", variant="soft", color_scheme="gray", on_click=NewBaseState.keep_mine),
            class_name="pb-actions",
        ),
        icon_name="git-compare",
        tone="warn",
    )


def _names() -> rx.Component:
    return card(
        rx.el.div(
            text_input(
                "Name",
                id="base-name",
                value=NewBaseState.name,
                on_change=NewBaseState.change_name,
                placeholder="For example: Help centre",
                max_length=120,
                dir="auto",
                auto_focus=NewBaseState.draft_id == "",
                problem=NewBaseState.name_problem,
            ),
            text_area(
                "Description",
                id="base-description",
                value=NewBaseState.description,
                on_change=NewBaseState.change_description,
                placeholder="What is in it, for your colleagues",
                max_length=2000,
                rows="2",
                dir="auto",
            ),
            class_name="pb-stack",
        ),
        title="1. Name",
    )


def _sources() -> rx.Component:
    drop = file_drop(
        endpoint=NewBaseState.endpoint,
        method="PUT",
        accepted=NewBaseState.accepted,
        max_bytes=NewBaseState.max_bytes,
        hint=NewBaseState.upload_hint,
        on_taken=NewBaseState.reload_sources,
    )
    return card(
        rx.cond(
            NewBaseState.draft_id != "",
            rx.el.div(
                drop,
                source_buttons(NewBaseState),
                rx.cond(
                    NewBaseState.sources.length() > 0,
                    rx.el.ul(
                        rx.foreach(NewBaseState.sources, _source_row), aria_label="Sources", class_name="kb-sources"
                    ),
                ),
                class_name="pb-stack",
            ),
            rx.el.p("Give it a name first; then you can add files, texts and web pages.", class_name="pb-soft"),
        ),
        title="2. Sources",
        lead="Files, pasted texts, questions with answers, web pages. What cannot be read says why.",
    )


def _source_row(row: rx.Var[SourceRow]) -> rx.Component:
    remove = rx.icon_button(
        icon("x", 15),
        size="1",
        variant="ghost",
        color_scheme="gray",
        margin="0",
        aria_label="Remove " + row.name,
        title="Remove",
        on_click=NewBaseState.remove_source(row.id),
    )
    return rx.el.li(
        rx.el.span(kind_icon(row.kind, 17), class_name="kb-kind"),
        rx.el.div(
            rx.el.div(row.name, title=row.name, dir="auto", class_name="kb-name"),
            rx.cond(
                row.problem != "",
                rx.el.div(row.problem, class_name="pb-problem"),
                rx.el.div(row.size, " · ", row.characters, class_name="pb-tiny"),
            ),
            class_name="kb-grow",
        ),
        rx.cond(
            row.problem != "",
            rx.el.span(icon("circle-alert", 16), class_name="kb-bad", title="Could not be read"),
            rx.el.span(icon("circle-check", 16), class_name="kb-good", title="Read"),
        ),
        remove,
        class_name="kb-source",
    )


def _finish_bar() -> rx.Component:
    return rx.el.div(
        rx.el.span(NewBaseState.readiness, class_name="pb-soft"),
        rx.button(
            "Create knowledge base",
            size="3",
            loading=NewBaseState.is_finishing,
            disabled=(NewBaseState.usable.length() == 0) | (NewBaseState.saving == "conflict"),
            on_click=NewBaseState.finish,
        ),
        class_name="kb-finish",
    )
