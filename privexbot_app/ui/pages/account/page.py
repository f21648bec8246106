"""Everybody's own page; what concerns the workspace shows according to the user's role."""

import reflex as rx
from reflex.style import color_mode, set_color_mode

from privexbot_app.ui import routes
from privexbot_app.ui.components import (
    badge,
    card,
    confirm_dialog,
    dialog_actions,
    facts,
    icon,
    item,
    item_list,
    list_skeleton,
    page,
    page_header,
    section,
    select_input,
    text_input,
)
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.account.state import AccountState, MemberRow
from privexbot_app.ui.shell import ShellState

ROLES = (
    ("viewer", "Viewer: sees everything, changes nothing"),
    ("editor", "Editor: builds and deploys"),
    ("admin", "Admin: also manages members"),
)


@dashboard_page("/account", title="Account", icon="settings", section="Workspace", order=90, on_load=AccountState.load)
def account_page() -> rx.Component:
    return page(
        page_header("Account", "You, and the workspace that you work in."),
        rx.el.div(_profile(), _look(), class_name="pb-grid-2"),
        _workspaces(),
        _members(),
        _add_member_dialog(),
        _remove_dialog(),
        _close_dialog(),
    )


def _profile() -> rx.Component:
    form = rx.form(
        rx.el.div(
            text_input(
                "Name",
                id="my-name",
                name="name",
                default_value=AccountState.user_name,
                key=AccountState.user_email,
                problem=AccountState.name_problem,
                auto_complete="name",
                max_length=120,
            ),
            facts(("E-mail", AccountState.user_email)),
            rx.el.div(
                rx.button("Save name", type="submit", variant="soft"),
                rx.link(icon("shield", 15), "Sign-in and security", href=routes.security(), class_name="pb-back"),
                rx.button(
                    icon("log-out", 15),
                    "Sign out",
                    type="button",
                    variant="ghost",
                    color_scheme="gray",
                    margin="0",
                    on_click=AccountState.sign_out,
                ),
                class_name="pb-actions",
            ),
            class_name="pb-stack",
        ),
        on_submit=AccountState.rename_me,
    )
    return card(form, title="Profile", lead="How other members see you.")


def _look() -> rx.Component:
    modes = rx.segmented_control.root(
        rx.segmented_control.item("System", value="system"),
        rx.segmented_control.item("Light", value="light"),
        rx.segmented_control.item("Dark", value="dark"),
        value=color_mode,
        on_change=set_color_mode,
        aria_label="Look of the dashboard",
    )
    return card(modes, title="Look", lead="System follows your device.")


def _workspaces() -> rx.Component:
    manages = AccountState.permissions.contains("workspace.manage")
    close = rx.button(
        "Delete this workspace",
        type="button",
        variant="soft",
        color_scheme="red",
        on_click=AccountState.show_close(True),
    )
    rename = rx.form(
        rx.el.div(
            text_input(
                "Name of this workspace",
                id="this-workspace",
                name="name",
                default_value=AccountState.workspace_name,
                key=AccountState.workspace_id,
                problem=AccountState.workspace_problem,
                max_length=120,
            ),
            text_input(
                "Short name",
                id="this-workspace-slug",
                name="slug",
                default_value=AccountState.slug,
                key=AccountState.slug,
                help_text="Lower-case letters, digits and dashes.",
                max_length=48,
            ),
            rx.el.div(
                rx.button("Save", type="submit", variant="soft"),
                rx.cond(AccountState.may_close, close),
                class_name="pb-actions",
            ),
            class_name="pb-stack",
        ),
        no_validate=True,
        on_submit=AccountState.rename_workspace,
    )
    return section(
        "Workspaces",
        item_list(rx.foreach(AccountState.workspaces, _workspace_row)),
        rx.cond(manages, card(rename)),
        lead="Each has its own chatbots, knowledge bases and members.",
        actions=[
            rx.button(icon("plus", 15), "New workspace", variant="soft", on_click=ShellState.show_new_workspace(True))
        ],
    )


def _workspace_row(workspace: rx.Var[dict[str, str]]) -> rx.Component:
    switch = rx.button(
        "Switch",
        variant="soft",
        color_scheme="gray",
        aria_label=f"Switch to {workspace['name']}",
        on_click=AccountState.switch_workspace(workspace["id"]),
    )
    return item(
        workspace["name"],
        icon=icon("layers", 17),
        meta=[workspace["organization"]],
        side=[rx.cond(workspace["id"] == AccountState.workspace_id, badge("You are here", "good"), switch)],
    )


def _members() -> rx.Component:
    add = rx.button(icon("user-plus", 15), "Add member", variant="soft", on_click=AccountState.show_add_member(True))
    return section(
        "Members of this workspace",
        rx.cond(AccountState.is_listed, item_list(rx.foreach(AccountState.members, _member_row)), list_skeleton(2)),
        actions=[rx.cond(AccountState.permissions.contains("members.manage"), add)],
    )


def _member_row(member: rx.Var[MemberRow]) -> rx.Component:
    may_remove = AccountState.permissions.contains("members.manage") & ~member.is_me
    remove = rx.icon_button(
        icon("user-minus", 16),
        variant="ghost",
        color_scheme="gray",
        margin="0",
        aria_label=f"Remove {member.name}",
        title="Remove",
        on_click=AccountState.ask_remove(member.id, member.name),
    )
    return item(
        member.name,
        icon=icon("user", 17),
        status=rx.cond(member.is_me, badge("You"), rx.fragment()),
        meta=[member.email],
        side=[
            rx.cond(may_remove & ~member.is_fixed, _roles_of(member), rx.el.span(member.role, class_name="pb-soft")),
            rx.cond(may_remove, remove),
        ],
    )


def _roles_of(member: rx.Var[MemberRow]) -> rx.Component:
    trigger = rx.button(
        member.role,
        icon("chevron-down", 14),
        variant="ghost",
        color_scheme="gray",
        margin="0",
        aria_label=f"Role of {member.name}: {member.role}",
    )
    return rx.dropdown_menu.root(
        rx.dropdown_menu.trigger(trigger),
        rx.dropdown_menu.content(
            rx.foreach(
                AccountState.roles,
                lambda role: rx.dropdown_menu.item(role.name, on_select=AccountState.change_member(member.id, role.id)),
            ),
            variant="soft",
            align="end",
        ),
    )


def _add_member_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Add a member"),
            rx.dialog.description("They need an account with this address already.", class_name="pb-lead"),
            rx.form(
                rx.el.div(
                    text_input(
                        "E-mail",
                        id="member-email",
                        name="email",
                        type="email",
                        required=True,
                        auto_focus=True,
                        problem=AccountState.member_problem,
                    ),
                    select_input(
                        "Role",
                        id="member-role",
                        options=ROLES,
                        value=AccountState.role,
                        on_change=AccountState.choose_role,
                    ),
                    class_name="pb-stack",
                ),
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button("Add", type="submit"),
                ),
                on_submit=AccountState.add_member,
                class_name="pb-dialog-form",
            ),
            max_width="28rem",
        ),
        open=AccountState.is_adding_member,
        on_open_change=AccountState.show_add_member,
    )


def _remove_dialog() -> rx.Component:
    return confirm_dialog(
        "Remove this member?",
        f"{AccountState.removing['name']} loses access to this workspace at once. What they made stays.",
        confirm="Remove",
        is_open=AccountState.is_asking,
        on_open_change=AccountState.keep,
        on_confirm=AccountState.remove,
    )


def _close_dialog() -> rx.Component:
    form = rx.form(
        text_input(
            f"Type “{AccountState.slug}” to confirm",
            id="close-confirm",
            name="confirm",
            auto_complete=False,
            problem=AccountState.close_problem,
        ),
        dialog_actions(
            rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
            rx.button("Delete", type="submit", color_scheme="red"),
        ),
        no_validate=True,
        on_submit=AccountState.close_workspace,
        class_name="pb-dialog-form",
    )
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Delete this workspace?"),
            rx.dialog.description(
                "Its chatbots stop at once. For 30 days it can be restored on the team’s page; then all is gone.",
                class_name="pb-lead",
            ),
            form,
            max_width="28rem",
        ),
        open=AccountState.is_closing,
        on_open_change=AccountState.show_close,
    )
