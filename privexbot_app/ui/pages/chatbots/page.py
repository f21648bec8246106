"""All chatbots of the workspace: find, begin, continue, delete. Members who may only read see them too."""

import reflex as rx

from privexbot_app.ui.components import (
    actions_menu,
    badge,
    choice,
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
from privexbot_app.ui.pages.chatbots.state import BaseChoice, ChatbotRow, ChatbotsState


@dashboard_page(
    "/chatbots",
    title="Chatbots",
    icon="bot",
    section="Build",
    order=30,
    permission="bots.read",
    on_load=ChatbotsState.load,
)
def chatbots_page() -> rx.Component:
    return page(
        page_header(
            "Chatbots",
            "They answer your visitors from your documents, on your website or on their own page.",
            actions=[_new_button()],
        ),
        rx.cond(ChatbotsState.is_listed, _lists(), list_skeleton()),
        _new_dialog(),
        _delete_dialog(),
    )


def _new_button() -> rx.Component:
    button = rx.button(icon("plus", 16), "New chatbot", on_click=ChatbotsState.show_new(True))
    return _only_with("bots.write", button)


def _lists() -> rx.Component:
    has_any = (ChatbotsState.live.length() + ChatbotsState.drafts.length()) > 0
    finds_any = (ChatbotsState.found_live.length() + ChatbotsState.found_drafts.length()) > 0
    nothing = empty_state(
        "No chatbots yet",
        "Give one a name and documents to read. You can try it before anybody else sees it.",
        icon_name="bot",
        actions=[_new_button()],
    )
    not_found = empty_state("Nothing found", "No chatbot has these words in its name.", icon_name="search-x")
    return rx.cond(
        has_any,
        rx.fragment(
            _search(),
            rx.cond(ChatbotsState.found_drafts, _drafts()),
            rx.cond(ChatbotsState.found_live, _live()),
            rx.cond(finds_any, rx.fragment(), not_found),
        ),
        nothing,
    )


def _search() -> rx.Component:
    return rx.el.div(
        rx.input(
            rx.input.slot(icon("search", 15)),
            placeholder="Search chatbots",
            aria_label="Search chatbots",
            type="search",
            on_change=ChatbotsState.search.debounce(200),
        ),
        class_name="pb-toolbar",
    )


def _drafts() -> rx.Component:
    rows = item_list(rx.foreach(ChatbotsState.found_drafts, _draft_row))
    return section("Drafts", rows, lead="Nobody sees these until you deploy them. A draft is kept for 24 hours.")


def _draft_row(row: rx.Var[ChatbotRow]) -> rx.Component:
    return item(
        row.name,
        href=row.href,
        icon=icon("pencil-line", 17),
        status=badge("Draft"),
        meta=[row.version, row.knowledge, row.edited],
        side=[_only_with("bots.write", actions_menu(row.name, _delete_item("draft", row)))],
    )


def _live() -> rx.Component:
    return section("Live", item_list(rx.foreach(ChatbotsState.found_live, _live_row)))


def _live_row(row: rx.Var[ChatbotRow]) -> rx.Component:
    edit = rx.dropdown_menu.item(icon("pencil", 15), "Edit", on_select=ChatbotsState.edit(row.id))
    try_it = rx.dropdown_menu.item(
        icon("external-link", 15), "Try it", on_select=rx.redirect(row.public_url, is_external=True)
    )
    copy = rx.dropdown_menu.item(
        icon("code", 15),
        "Copy embed code",
        on_select=[rx.set_clipboard(row.embed_code), rx.toast.success("Copied the embed code.")],
    )
    delete = rx.fragment(rx.dropdown_menu.separator(), _delete_item("bot", row))
    return item(
        row.name,
        href=row.href,
        icon=icon("bot", 17),
        status=badge("Live", "good"),
        meta=[row.version, row.knowledge, row.edited],
        side=[actions_menu(row.name, _only_with("bots.write", edit), try_it, copy, _only_with("bots.deploy", delete))],
    )


def _only_with(permission: str, part: rx.Component) -> rx.Component:
    return rx.cond(ChatbotsState.permissions.contains(permission), part)


def _delete_item(kind: str, row: rx.Var[ChatbotRow]) -> rx.Component:
    return rx.dropdown_menu.item(
        icon("trash-2", 15), "Delete", color="red", on_select=ChatbotsState.ask_delete(kind, row.id, row.name)
    )


def _new_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("New chatbot"),
            rx.dialog.description("You can change all of this later.", class_name="pb-lead"),
            rx.form(
                rx.el.div(
                    text_input(
                        "Name",
                        id="chatbot-name",
                        name="name",
                        placeholder="Help desk",
                        required=True,
                        max_length=80,
                        auto_focus=True,
                    ),
                    _base_choices(),
                    class_name="pb-stack",
                ),
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button("Create", type="submit"),
                ),
                on_submit=ChatbotsState.create,
                class_name="pb-dialog-form",
            ),
            max_width="30rem",
        ),
        open=ChatbotsState.is_creating,
        on_open_change=ChatbotsState.show_new,
    )


def _base_choices() -> rx.Component:
    choices = rx.el.fieldset(
        rx.el.legend("Knowledge bases", class_name="pb-label"),
        rx.el.div(rx.foreach(ChatbotsState.bases, _base_choice), class_name="pb-stack pb-stack-tight pb-scroll"),
        class_name="pb-field",
    )
    hint = rx.el.p("There is no knowledge base yet. You can begin without one and add it later.", class_name="pb-help")
    return rx.cond(ChatbotsState.bases, choices, hint)


def _base_choice(base: rx.Var[BaseChoice]) -> rx.Component:
    return choice(base.name, type="checkbox", name=f"base-{base.id}", side=badge(base.status, base.tone))


def _delete_dialog() -> rx.Component:
    is_draft = ChatbotsState.deleting["kind"] == "draft"
    return confirm_dialog(
        rx.cond(is_draft, "Delete this draft?", "Delete this chatbot?"),
        rx.cond(
            is_draft,
            f"“{ChatbotsState.deleting['name']}” has not been deployed. What you typed is lost.",
            f"“{ChatbotsState.deleting['name']}” stops answering at once, wherever it is embedded. "
            "Its versions and conversations are deleted too.",
        ),
        confirm="Delete",
        is_open=ChatbotsState.is_asking,
        on_open_change=ChatbotsState.keep,
        on_confirm=ChatbotsState.delete,
    )
