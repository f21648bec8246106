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
from privexbot_app.ui.components.adding import source_dialogs
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.knowledge_new.preview import preview_panel
from privexbot_app.ui.pages.knowledge_new.review.dialog import review_dialog
from privexbot_app.ui.pages.knowledge_new.settings import settings_card
from privexbot_app.ui.pages.knowledge_new.sources import sources_card
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
            rx.el.div(_names(), sources_card(), settings_card(), class_name="pb-stack pb-stack-wide"),
            preview_panel(),
            class_name="kb-wizard",
        ),
        _finish_bar(),
        source_dialogs(NewBaseState),
        review_dialog(),
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


def _finish_bar() -> rx.Component:
    return rx.el.div(
        rx.el.span(NewBaseState.readiness, class_name="pb-soft"),
        rx.button(
            "Create knowledge base",
            size="3",
            loading=NewBaseState.is_finishing,
            disabled=(NewBaseState.usable.length() == 0)
            | NewBaseState.is_reading
            | (NewBaseState.saving == "conflict"),
            on_click=NewBaseState.finish,
        ),
        class_name="kb-finish",
    )
