"""The dialog: the list of pages with what was left out, or one page with its text."""

import reflex as rx

from privexbot_app.ui.components import (
    badge,
    dialog_actions,
    icon,
    note,
    text_area,
    text_input,
)
from privexbot_app.ui.components.reasons import reasons
from privexbot_app.ui.knowledge.sources import PageRow
from privexbot_app.ui.pages.knowledge_new.review.state import ReviewState

SOFT = {"variant": "soft", "color_scheme": "gray"}


def review_dialog() -> rx.Component:
    """The dialog; `ReviewState.open_review` opens it."""
    return rx.dialog.root(
        rx.dialog.content(
            rx.cond(ReviewState.open_number >= 0, _one(), _list()),
            max_width="60rem",
            class_name="kb-review",
        ),
        open=ReviewState.reviewed != "",
        on_open_change=ReviewState.close_review,
    )


def _list() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.dialog.title("Pages", margin_bottom="0.25rem"),
            rx.dialog.description(ReviewState.review_name, size="2", color_scheme="gray", class_name="kb-wrap"),
        ),
        rx.el.div(
            rx.input(
                rx.input.slot(icon("search", 16)),
                value=ReviewState.wanted_page,
                on_change=ReviewState.find_page,
                placeholder="Search titles and addresses",
                aria_label="Search pages",
                type="search",
            ),
            rx.el.div(class_name="pb-spring"),
            rx.button("Include all", on_click=ReviewState.include_matches(True), **SOFT),
            rx.button("Exclude all", on_click=ReviewState.include_matches(False), **SOFT),
            class_name="pb-toolbar",
        ),
        rx.el.span(ReviewState.page_words, role="status", class_name="pb-soft"),
        rx.cond(
            ReviewState.pages.length() > 0,
            rx.el.ul(rx.foreach(ReviewState.pages, _page), aria_label="Pages", class_name="kb-sources kb-pages"),
            rx.el.p("No page fits the search.", class_name="pb-soft"),
        ),
        rx.cond(ReviewState.page_parts > 1, _pager()),
        rx.cond(ReviewState.left_source.stopped != "", note(ReviewState.left_source.stopped, tone="info")),
        reasons(ReviewState.left_source.left_out, ReviewState.left_source.reasons),
        dialog_actions(rx.dialog.close(rx.button("Done", type="button"))),
        class_name="pb-stack",
    )


def _page(page: rx.Var[PageRow]) -> rx.Component:
    switch = rx.switch(
        checked=page.is_included,
        disabled=page.problem != "",
        aria_label="Take in " + page.name,
        on_change=lambda is_on: ReviewState.include_page(page.number, is_on),
    )
    open_button = rx.el.button(
        page.name,
        type="button",
        dir="auto",
        title=page.name,
        disabled=page.problem != "",
        on_click=ReviewState.open_one(page.number),
        class_name="kb-open kb-name",
    )
    return rx.el.li(
        switch,
        rx.el.div(
            rx.el.div(open_button, rx.cond(page.is_edited, badge("Edited", "neutral")), class_name="pb-row"),
            rx.cond(
                page.problem != "",
                rx.el.div(page.problem, class_name="pb-problem"),
                rx.el.div(page.address, title=page.address, class_name="pb-tiny kb-name"),
            ),
            class_name="kb-grow",
        ),
        rx.el.span(page.characters, class_name="pb-tiny kb-figure"),
        class_name="kb-source",
    )


def _pager() -> rx.Component:
    return rx.el.div(
        rx.button(
            icon("chevron-left", 15),
            "Back",
            disabled=ReviewState.page_part <= 1,
            on_click=ReviewState.turn_pages(-1),
            **SOFT,
        ),
        rx.el.span(ReviewState.page_part_words, role="status", class_name="pb-soft"),
        rx.button(
            "Next",
            icon("chevron-right", 15),
            disabled=ReviewState.page_part >= ReviewState.page_parts,
            on_click=ReviewState.turn_pages(1),
            **SOFT,
        ),
        class_name="kb-between",
    )


def _one() -> rx.Component:
    page = ReviewState.open_page
    visit = rx.link(page.address, href=page.address, is_external=True, size="2", class_name="kb-wrap")
    return rx.form(
        rx.el.div(
            rx.el.div(
                rx.dialog.title("Edit page", margin_bottom="0.25rem"),
                rx.dialog.description(
                    rx.cond(page.address.startswith("http"), visit, page.address), size="2", color_scheme="gray"
                ),
            ),
            text_input("Title", id="page-name", name="name", default_value=page.name, max_length=120, dir="auto"),
            rx.cond(
                ReviewState.is_open_too_long,
                note("This page is too long to be edited here. Its beginning is shown.", tone="info"),
            ),
            text_area(
                "Text",
                id="page-text",
                name="text",
                default_value=ReviewState.open_text,
                rows="18",
                dir="auto",
                read_only=ReviewState.is_open_too_long,
                help_text="What chatbots will read. An edited page stays as it is when the source is loaded again.",
                problem=ReviewState.open_problem,
            ),
            dialog_actions(
                rx.button("Back to the list", type="button", on_click=ReviewState.close_one, **SOFT),
                rx.button("Save and take in", type="submit"),
            ),
            class_name="pb-stack",
        ),
        no_validate=True,
        on_submit=ReviewState.save_page,
        key=ReviewState.open_number.to_string(),
    )
