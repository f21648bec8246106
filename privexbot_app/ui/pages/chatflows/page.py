"""All chatflows of the workspace: find, begin, continue, duplicate, delete. Members who may only read see them too."""

from typing import Any

import reflex as rx

from privexbot_app.ui.components import (
    actions_menu,
    badge,
    confirm_dialog,
    dialog_actions,
    empty_state,
    icon,
    item,
    item_list,
    list_skeleton,
    page,
    page_header,
    section,
    text_input,
)
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.chatflows.dialogs import import_dialog, report_dialog, template_dialog
from privexbot_app.ui.pages.chatflows.exchange import ExchangeState
from privexbot_app.ui.pages.chatflows.state import ChatflowRow, ChatflowsState


@dashboard_page(
    "/chatflows",
    title="Chatflows",
    icon="workflow",
    section="Build",
    order=35,
    permission="bots.read",
    on_load=ChatflowsState.load,
)
def chatflows_page() -> rx.Component:
    return page(
        page_header(
            "Chatflows",
            "Conversations that you draw: questions, branches, knowledge, calls to your systems, people.",
            actions=[_other_beginnings(), _new_button()],
        ),
        rx.cond(ChatflowsState.is_listed, _lists(), list_skeleton()),
        _new_dialog(),
        _delete_dialog(),
        template_dialog(),
        import_dialog(),
        report_dialog(),
    )


def _new_button() -> rx.Component:
    button = rx.button(icon("plus", 16), "New chatflow", on_click=ChatflowsState.show_new(True))
    return _only_with("bots.write", button)


def _other_beginnings() -> rx.Component:
    templates = rx.button(
        icon("layout-template", 16), "Templates", variant="soft", on_click=ExchangeState.show_templates(True)
    )
    file = rx.button(icon("file-up", 16), "Import", variant="soft", on_click=ExchangeState.show_import(True))
    return rx.fragment(_only_with("bots.write", templates), _only_with("bots.write", file))


def _lists() -> rx.Component:
    has_any = (ChatflowsState.live.length() + ChatflowsState.drafts.length()) > 0
    finds_any = (ChatflowsState.found_live.length() + ChatflowsState.found_drafts.length()) > 0
    nothing = empty_state(
        "No chatflows yet",
        "Draw what your bot does, step by step. You can try it before anybody else sees it.",
        icon_name="workflow",
        actions=[_other_beginnings(), _new_button()],
    )
    not_found = empty_state("Nothing found", "No chatflow has these words in its name.", icon_name="search-x")
    return rx.cond(
        has_any,
        rx.fragment(
            _search(),
            rx.cond(ChatflowsState.found_drafts, _drafts()),
            rx.cond(ChatflowsState.found_live, _live()),
            rx.cond(finds_any, rx.fragment(), not_found),
        ),
        nothing,
    )


def _search() -> rx.Component:
    return rx.el.div(
        rx.input(
            rx.input.slot(icon("search", 15)),
            placeholder="Search chatflows",
            aria_label="Search chatflows",
            type="search",
            on_change=ChatflowsState.search.debounce(200),
        ),
        class_name="pb-toolbar",
    )


def _drafts() -> rx.Component:
    rows = item_list(rx.foreach(ChatflowsState.found_drafts, _draft_row))
    return section("Drafts", rows, lead="Nobody sees these until you publish them. A draft is kept for 24 hours.")


def _draft_row(row: rx.Var[ChatflowRow]) -> rx.Component:
    discard = rx.fragment(rx.dropdown_menu.separator(), _delete_item("draft", row))
    return item(
        row.name,
        href=row.href,
        icon=icon("pencil-line", 17),
        status=badge("Draft"),
        meta=[row.version, row.nodes, row.edited],
        side=[actions_menu(row.name, _export_item(ExchangeState.export_draft, row), _only_with("bots.write", discard))],
    )


def _live() -> rx.Component:
    return section("Live", item_list(rx.foreach(ChatflowsState.found_live, _live_row)))


def _live_row(row: rx.Var[ChatflowRow]) -> rx.Component:
    edit = rx.button("Edit", variant="soft", aria_label=f"Edit {row.name}", on_click=ChatflowsState.edit(row.id))
    writing = rx.fragment(
        rx.dropdown_menu.item(icon("copy", 15), "Duplicate", on_select=ChatflowsState.duplicate(row.id)),
        rx.dropdown_menu.item(icon("history", 15), "Versions", on_select=ChatflowsState.show_versions(row.id)),
    )
    try_it = rx.dropdown_menu.item(
        icon("external-link", 15), "Open its page", on_select=rx.redirect(row.public_url, is_external=True)
    )
    copy = rx.dropdown_menu.item(
        icon("code", 15),
        "Copy embed code",
        on_select=[rx.set_clipboard(row.embed_code), rx.toast.success("Copied the embed code.")],
    )
    delete = rx.fragment(rx.dropdown_menu.separator(), _delete_item("bot", row))
    return item(
        row.name,
        icon=icon("workflow", 17),
        status=badge("Live", "good"),
        meta=[row.version, row.nodes, row.edited],
        side=[
            _only_with("bots.write", edit),
            actions_menu(
                row.name,
                _only_with("bots.write", writing),
                try_it,
                copy,
                _export_item(ExchangeState.export_live, row),
                _only_with("bots.deploy", delete),
            ),
        ],
    )


def _only_with(permission: str, part: rx.Component) -> rx.Component:
    return rx.cond(ChatflowsState.permissions.contains(permission), part)


def _export_item(export: Any, row: rx.Var[ChatflowRow]) -> rx.Component:
    return rx.dropdown_menu.item(icon("file-down", 15), "Export", on_select=export(row.id, row.name))


def _delete_item(kind: str, row: rx.Var[ChatflowRow]) -> rx.Component:
    return rx.dropdown_menu.item(
        icon("trash-2", 15), "Delete", color="red", on_select=ChatflowsState.ask_delete(kind, row.id, row.name)
    )


def _new_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("New chatflow"),
            rx.dialog.description("You can change all of this later.", class_name="pb-lead"),
            rx.form(
                text_input(
                    "Name",
                    id="chatflow-name",
                    name="name",
                    placeholder="Order status",
                    required=True,
                    max_length=80,
                    auto_focus=True,
                ),
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button("Create", type="submit"),
                ),
                on_submit=ChatflowsState.create,
                class_name="pb-dialog-form",
            ),
            max_width="30rem",
        ),
        open=ChatflowsState.is_creating,
        on_open_change=ChatflowsState.show_new,
    )


def _delete_dialog() -> rx.Component:
    is_draft = ChatflowsState.deleting["kind"] == "draft"
    return confirm_dialog(
        rx.cond(is_draft, "Delete this draft?", "Delete this chatflow?"),
        rx.cond(
            is_draft,
            f"“{ChatflowsState.deleting['name']}” has not been published. What you drew is lost.",
            f"“{ChatflowsState.deleting['name']}” stops answering at once, wherever it is embedded. "
            "Its versions and conversations are deleted too.",
        ),
        confirm="Delete",
        is_open=ChatflowsState.is_asking,
        on_open_change=ChatflowsState.keep,
        on_confirm=ChatflowsState.delete,
    )
