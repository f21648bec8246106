"""Keys for programs that use the API: make one and see it once, see when it was last used, rotate it, revoke it."""

import reflex as rx

from privexbot_app.ui.components import (
    actions_menu,
    badge,
    code_snippet,
    confirm_dialog,
    dialog_actions,
    empty_state,
    icon,
    item,
    item_list,
    list_skeleton,
    note,
    page,
    page_header,
    select_input,
    text_input,
)
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.api_keys.state import ACCESS, GRACE, KINDS, LIVES, ApiKeysState, KeyRow


@dashboard_page(
    "/api-keys",
    title="API keys",
    icon="square-terminal",
    section="Workspace",
    order=82,
    permission="api_keys.manage",
    on_load=ApiKeysState.load,
)
def api_keys_page() -> rx.Component:
    return page(
        page_header(
            "API keys",
            "Let programs ask your chatbots, or build with the API. A key can never do more than its maker may.",
            actions=[_add_button()],
        ),
        rx.cond(ApiKeysState.is_listed, _list(), list_skeleton()),
        _add_dialog(),
        _key_dialog(),
        _rotate_dialog(),
        _revoke_dialog(),
    )


def _add_button() -> rx.Component:
    return rx.button(icon("plus", 16), "New key", on_click=ApiKeysState.show_add(True))


def _list() -> rx.Component:
    nothing = empty_state(
        "No API keys yet",
        "Make one for each program, so that you can revoke it alone.",
        icon_name="square-terminal",
        actions=[_add_button()],
    )
    return rx.cond(ApiKeysState.keys, item_list(rx.foreach(ApiKeysState.keys, _row)), nothing)


def _row(row: rx.Var[KeyRow]) -> rx.Component:
    return item(
        row.name,
        icon=icon("square-terminal", 17),
        status=rx.fragment(
            rx.cond(row.kind == "Test", badge("Test"), rx.fragment()),
            rx.cond(row.ends != "", badge(row.ends, row.tone), rx.fragment()),
        ),
        meta=[rx.el.code(row.hint), row.access, rx.el.span(row.used, title=row.used_at), row.made],
        side=[_menu(row)],
    )


def _menu(row: rx.Var[KeyRow]) -> rx.Component:
    rotate = rx.dropdown_menu.item(
        icon("refresh-cw", 15), "Rotate", on_select=ApiKeysState.ask_rotate(row.id, row.name)
    )
    revoke = rx.dropdown_menu.item(
        icon("trash-2", 15), "Revoke", color="red", on_select=ApiKeysState.ask_revoke(row.id, row.name)
    )
    return actions_menu(row.name, rotate, revoke)


def _add_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("New API key"),
            rx.dialog.description("Its text is shown once, right after this.", class_name="pb-lead"),
            rx.form(
                rx.el.div(
                    text_input(
                        "Name",
                        id="key-name",
                        name="name",
                        placeholder="Shop backend",
                        max_length=120,
                        auto_focus=True,
                        problem=ApiKeysState.name_problem,
                    ),
                    select_input(
                        "What it may do",
                        id="key-access",
                        options=[(name, title) for name, (title, _) in ACCESS.items()],
                        value=ApiKeysState.access,
                        on_change=ApiKeysState.choose_access,
                    ),
                    select_input(
                        "Kind",
                        id="key-kind",
                        options=list(KINDS.items()),
                        value=ApiKeysState.kind,
                        on_change=ApiKeysState.choose_kind,
                    ),
                    select_input(
                        "Expires",
                        id="key-life",
                        options=list(LIVES.items()),
                        value=ApiKeysState.life,
                        on_change=ApiKeysState.choose_life,
                    ),
                    class_name="pb-stack",
                ),
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button("Make key", type="submit"),
                ),
                no_validate=True,
                auto_complete="off",
                on_submit=ApiKeysState.create,
                class_name="pb-dialog-form",
            ),
            max_width="30rem",
        ),
        open=ApiKeysState.is_adding,
        on_open_change=ApiKeysState.show_add,
    )


def _key_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(f"The key “{ApiKeysState.shown_name}”"),
            rx.dialog.description("Copy it now and keep it like a password.", class_name="pb-lead"),
            rx.el.div(
                code_snippet(ApiKeysState.shown_key, label="API key"),
                note("It cannot be shown again. If it gets lost, rotate it.", icon_name="eye-off"),
                class_name="pb-stack",
            ),
            dialog_actions(rx.dialog.close(rx.button("Done"))),
            max_width="34rem",
        ),
        open=ApiKeysState.shown_key != "",
        on_open_change=ApiKeysState.hide_key,
    )


def _rotate_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(f"Rotate “{ApiKeysState.rotating['name']}”?"),
            rx.dialog.description(
                "The key gets a new text. Give it to every program that uses it before the old one ends.",
                class_name="pb-lead",
            ),
            select_input(
                "The old text ends",
                id="key-grace",
                options=list(GRACE.items()),
                value=ApiKeysState.grace,
                on_change=ApiKeysState.choose_grace,
            ),
            dialog_actions(
                rx.dialog.close(rx.button("Cancel", variant="soft", color_scheme="gray")),
                rx.button("Rotate", on_click=ApiKeysState.rotate),
            ),
            max_width="30rem",
        ),
        open=ApiKeysState.is_rotating,
        on_open_change=ApiKeysState.show_rotate,
    )


def _revoke_dialog() -> rx.Component:
    return confirm_dialog(
        "Revoke this key?",
        f"Programs that use “{ApiKeysState.revoking['name']}” are shut out at once. This cannot be undone.",
        confirm="Revoke",
        is_open=ApiKeysState.is_asking,
        on_open_change=ApiKeysState.keep,
        on_confirm=ApiKeysState.revoke,
    )
