"""The keys and passwords that chatbots, channels and sources use: add, replace, try, delete. Nobody can read them."""

import reflex as rx

from privexbot_app.ui.components import (
    actions_menu,
    badge,
    confirm_dialog,
    dialog_actions,
    empty_state,
    field,
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
from privexbot_app.ui.pages.credentials.fields import TYPE_OPTIONS, CredentialField
from privexbot_app.ui.pages.credentials.state import CredentialRow, CredentialsState


@dashboard_page(
    "/credentials",
    title="Credentials",
    icon="key-round",
    section="Workspace",
    order=80,
    permission="credentials.read",
    on_load=CredentialsState.load,
)
def credentials_page() -> rx.Component:
    return page(
        page_header(
            "Credentials",
            "Keys and passwords for other services. They are kept encrypted, and nobody can read them again.",
            actions=[_add_button()],
        ),
        rx.cond(CredentialsState.is_listed, _list(), list_skeleton()),
        _form_dialog(),
        _delete_dialog(),
    )


def _add_button() -> rx.Component:
    button = rx.button(icon("plus", 16), "Add credential", on_click=CredentialsState.show_add)
    return _only_for_managers(button)


def _list() -> rx.Component:
    nothing = empty_state(
        "No credentials yet",
        "Add the key of a service once, and choose it wherever a chatbot or a channel needs it.",
        icon_name="key-round",
        actions=[_add_button()],
    )
    rows = item_list(rx.foreach(CredentialsState.credentials, _row))
    return rx.cond(CredentialsState.credentials, rows, nothing)


def _row(row: rx.Var[CredentialRow]) -> rx.Component:
    return item(
        row.name,
        icon=icon("key-round", 17),
        status=rx.cond(row.status != "", badge(row.status, row.tone), rx.fragment()),
        meta=[row.type, row.hint, row.used, rx.cond(row.uses != "", f"in use by {row.uses}", "")],
        side=[_only_for_managers(_test_button(row)), _only_for_managers(_menu(row))],
    )


def _test_button(row: rx.Var[CredentialRow]) -> rx.Component:
    button = rx.button(
        "Test",
        variant="soft",
        color_scheme="gray",
        loading=CredentialsState.testing == row.id,
        aria_label=f"Test {row.name}",
        on_click=CredentialsState.test(row.id),
    )
    return rx.cond(row.can_be_tested, button, rx.fragment())


def _menu(row: rx.Var[CredentialRow]) -> rx.Component:
    replace = rx.dropdown_menu.item(icon("refresh-cw", 15), "Replace", on_select=CredentialsState.ask_replace(row.id))
    delete = rx.dropdown_menu.item(
        icon("trash-2", 15),
        "Delete",
        color="red",
        on_select=CredentialsState.ask_delete(row.id, row.name, row.uses),
    )
    return actions_menu(row.name, replace, delete)


def _form_dialog() -> rx.Component:
    is_new = CredentialsState.dialog == "add"
    kinds = select_input(
        "Type",
        id="credential-type",
        options=[(option["value"], option["text"]) for option in TYPE_OPTIONS],
        value=CredentialsState.chosen_type,
        on_change=CredentialsState.choose_type,
        help_text=CredentialsState.chosen_lead,
    )
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(rx.cond(is_new, "Add a credential", "Replace this credential")),
            rx.dialog.description(
                rx.cond(
                    is_new,
                    "Once saved, secrets can be used and replaced, but not read.",
                    "Enter the secret anew. Whatever uses this credential uses the new one from now on.",
                ),
                class_name="pb-lead",
            ),
            rx.form(
                rx.el.div(
                    text_input(
                        "Name",
                        id="credential-name",
                        name="name",
                        default_value=rx.cond(is_new, "", CredentialsState.replacing["name"]),
                        key=CredentialsState.dialog,
                        placeholder="Shop API",
                        max_length=120,
                        auto_focus=True,
                        problem=_problem("name"),
                    ),
                    rx.cond(is_new, kinds),
                    rx.el.div(
                        rx.foreach(CredentialsState.fields, _field),
                        key=CredentialsState.chosen_type,
                        class_name="pb-stack",
                    ),
                    rx.cond(
                        _problem("") != "", note(_problem(""), icon_name="circle-alert", tone="bad"), rx.fragment()
                    ),
                    class_name="pb-stack",
                ),
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button(rx.cond(is_new, "Save", "Replace"), type="submit"),
                ),
                no_validate=True,
                auto_complete="off",
                on_submit=CredentialsState.save,
                class_name="pb-dialog-form",
            ),
            max_width="32rem",
        ),
        open=CredentialsState.dialog != "",
        on_open_change=CredentialsState.close,
    )


def _field(shown: rx.Var[CredentialField]) -> rx.Component:
    same = {"id": shown.name, "name": shown.name, "width": "100%"}
    control = rx.match(
        shown.kind,
        ("lines", rx.text_area(rows="2", default_value=shown.value, **same)),
        ("secret", rx.input(type="password", auto_complete=False, **same)),
        ("number", rx.input(type="number", default_value=shown.value, **same)),
        ("choice", rx.select(shown.options, default_value=shown.value, name=shown.name, id=shown.name, width="100%")),
        rx.input(default_value=shown.value, **same),
    )
    return field(shown.title, control, id=shown.name, help_text=shown.help, problem=_problem(shown.setting))


def _problem(name: str | rx.Var[str]) -> rx.Var[str]:
    return rx.cond(CredentialsState.problems.contains(name), CredentialsState.problems[name], "")


def _delete_dialog() -> rx.Component:
    name, uses = CredentialsState.deleting["name"], CredentialsState.deleting["uses"]
    return confirm_dialog(
        "Delete this credential?",
        rx.cond(
            uses != "",
            f"“{name}” is in use by {uses}. Those will fail until they are given another one.",
            f"“{name}” is deleted for good. Nothing refers to it now.",
        ),
        confirm="Delete",
        is_open=CredentialsState.is_asking,
        on_open_change=CredentialsState.keep,
        on_confirm=CredentialsState.delete,
    )


def _only_for_managers(part: rx.Component) -> rx.Component:
    return rx.cond(CredentialsState.permissions.contains("credentials.manage"), part)
