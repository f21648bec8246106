"""The organization: its people, invitations, name, and end. Members see the people; owners and admins change things."""

import reflex as rx

from privexbot_app.ui.components import (
    actions_menu,
    badge,
    card,
    code_snippet,
    confirm_dialog,
    dialog_actions,
    icon,
    item,
    item_list,
    list_skeleton,
    note,
    page,
    page_header,
    section,
    select_input,
    text_input,
)
from privexbot_app.ui.layout import dashboard_page
from privexbot_app.ui.pages.team.closed import ClosedState, closed_section
from privexbot_app.ui.pages.team.roles import RolesState, roles_section
from privexbot_app.ui.pages.team.state import NO_WORKSPACE, InvitationRow, PersonRow, TeamState

ROLES = (("member", "Member"), ("admin", "Admin: manages people and all workspaces"), ("owner", "Owner"))
INSIDE = (
    ("viewer", "Viewer: sees everything, changes nothing"),
    ("editor", "Editor: builds and deploys"),
    ("admin", "Admin: also manages members"),
    (NO_WORKSPACE, "Not in this workspace yet"),
)
LOADS = [TeamState.load, RolesState.load_roles, ClosedState.load_closed]


@dashboard_page("/team", title="Team", icon="users", section="Workspace", order=75, on_load=LOADS)
def team_page() -> rx.Component:
    invite = rx.button(icon("user-plus", 16), "Invite", on_click=TeamState.show_invite(True))
    return page(
        page_header(
            "Team",
            f"Everybody in {TeamState.organization_name}, across its workspaces.",
            actions=[rx.cond(TeamState.is_manager, invite)],
        ),
        rx.cond(TeamState.is_listed, _lists(), list_skeleton()),
        _invite_dialog(),
        _question(),
        _delete_dialog(),
    )


def _lists() -> rx.Component:
    invited = section("Invitations", item_list(rx.foreach(TeamState.invited, _invitation_row)))
    return rx.fragment(
        section("People", item_list(rx.foreach(TeamState.people, _person_row))),
        rx.cond(TeamState.is_manager & (TeamState.invited.length() > 0), invited),
        roles_section(),
        rx.cond(TeamState.is_manager, _settings()),
        closed_section(),
        _danger(),
    )


def _person_row(row: rx.Var[PersonRow]) -> rx.Component:
    return item(
        row.name,
        icon=icon("user", 17),
        status=rx.cond(row.is_me, badge("You"), rx.fragment()),
        meta=[row.email],
        side=[rx.el.span(row.role, class_name="pb-soft"), rx.cond(row.may_change, _menu(row))],
    )


def _menu(row: rx.Var[PersonRow]) -> rx.Component:
    is_owner = TeamState.own_role == "owner"
    transfer = rx.dropdown_menu.item(
        icon("crown", 15), "Hand over ownership", on_select=TeamState.ask("transfer", row.id, row.name)
    )
    return actions_menu(
        row.name,
        rx.dropdown_menu.item("Make member", on_select=TeamState.change_role(row.id, "member")),
        rx.dropdown_menu.item("Make admin", on_select=TeamState.change_role(row.id, "admin")),
        rx.cond(is_owner, rx.dropdown_menu.item("Make owner", on_select=TeamState.change_role(row.id, "owner"))),
        rx.cond(is_owner, transfer),
        rx.dropdown_menu.separator(),
        rx.dropdown_menu.item(
            icon("user-minus", 15), "Remove", color="red", on_select=TeamState.ask("remove", row.id, row.name)
        ),
    )


def _invitation_row(row: rx.Var[InvitationRow]) -> rx.Component:
    again = rx.icon_button(
        icon("send", 16),
        variant="ghost",
        color_scheme="gray",
        margin="0",
        title="Send again",
        aria_label=f"Send the invitation to {row.email} again",
        on_click=TeamState.resend(row.id),
    )
    revoke = rx.icon_button(
        icon("x", 16),
        variant="ghost",
        color_scheme="gray",
        margin="0",
        title="Revoke",
        aria_label=f"Revoke the invitation to {row.email}",
        on_click=TeamState.revoke(row.id),
    )
    return item(
        row.email, icon=icon("mail", 17), status=badge(row.status, row.tone), meta=[row.role], side=[again, revoke]
    )


def _settings() -> rx.Component:
    form = rx.form(
        rx.el.div(
            text_input("Name", id="organization-name", name="name", default_value=TeamState.name, key=TeamState.name),
            text_input(
                "Short name",
                id="organization-slug",
                name="slug",
                default_value=TeamState.slug,
                key=TeamState.slug,
                help_text="Lower-case letters, digits and dashes.",
                problem=TeamState.settings_problem,
            ),
            rx.el.div(rx.button("Save", type="submit", variant="soft"), class_name="pb-actions"),
            class_name="pb-stack",
        ),
        no_validate=True,
        on_submit=TeamState.save_settings,
    )
    return section("Organization", card(form))


def _danger() -> rx.Component:
    leave = rx.button("Leave", variant="soft", color_scheme="red", on_click=TeamState.ask("leave", "", TeamState.name))
    delete = rx.button(
        "Delete organization", variant="soft", color_scheme="red", on_click=TeamState.ask("delete", "", TeamState.name)
    )
    text = rx.el.p(
        "Who leaves loses access to all its workspaces. A deleted organization is closed at once, and can be restored "
        "by an owner for 30 days.",
        class_name="pb-help",
    )
    buttons = rx.el.div(leave, rx.cond(TeamState.own_role == "owner", delete), class_name="pb-actions")
    return section("Danger zone", card(rx.el.div(text, buttons, class_name="pb-stack")))


def _invite_dialog() -> rx.Component:
    form = rx.form(
        rx.el.div(
            text_input(
                "E-mail",
                id="invite-email",
                name="email",
                type="email",
                auto_focus=True,
                problem=TeamState.invite_problem,
            ),
            select_input(
                "In the organization",
                id="invite-role",
                options=ROLES,
                value=TeamState.invite_role,
                on_change=TeamState.choose_role,
            ),
            select_input(
                "In this workspace",
                id="invite-inside",
                options=INSIDE,
                value=TeamState.invite_inside,
                on_change=TeamState.choose_inside,
            ),
            class_name="pb-stack",
        ),
        dialog_actions(
            rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
            rx.button("Invite", type="submit"),
        ),
        no_validate=True,
        on_submit=TeamState.invite,
        class_name="pb-dialog-form",
    )
    shown = rx.el.div(
        note("No mail was sent. Pass this link on yourself; it is shown only now, and works once.", icon_name="info"),
        code_snippet(TeamState.link, label="invitation link"),
        dialog_actions(rx.dialog.close(rx.button("Done", type="button"))),
        class_name="pb-stack pb-dialog-form",
    )
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Invite somebody"),
            rx.dialog.description("They need an account for this address, or make one.", class_name="pb-lead"),
            rx.cond(TeamState.link != "", shown, form),
            max_width="30rem",
        ),
        open=TeamState.is_inviting,
        on_open_change=TeamState.show_invite,
    )


def _question() -> rx.Component:
    name = TeamState.target["name"]
    title = rx.match(
        TeamState.asked,
        ("transfer", "Hand over ownership?"),
        ("leave", "Leave this organization?"),
        "Remove this person?",
    )
    text = rx.match(
        TeamState.asked,
        ("transfer", f"{name} becomes an owner, and you become an admin."),
        ("leave", f"You lose access to all workspaces of {name} at once."),
        f"{name} loses access to all workspaces of this organization at once. What they made stays.",
    )
    return confirm_dialog(
        title,
        text,
        confirm=rx.match(TeamState.asked, ("transfer", "Hand over"), ("leave", "Leave"), "Remove"),
        is_open=(TeamState.asked != "") & (TeamState.asked != "delete"),
        on_open_change=TeamState.keep,
        on_confirm=TeamState.go_on,
    )


def _delete_dialog() -> rx.Component:
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title("Delete this organization?"),
            rx.dialog.description(
                "All its chatbots stop at once. For 30 days an owner can restore it; then everything is gone.",
                class_name="pb-lead",
            ),
            rx.form(
                text_input(
                    f"Type “{TeamState.slug}” to confirm",
                    id="delete-confirm",
                    name="confirm",
                    auto_complete=False,
                    problem=TeamState.danger_problem,
                ),
                dialog_actions(
                    rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
                    rx.button("Delete", type="submit", color_scheme="red"),
                ),
                no_validate=True,
                on_submit=TeamState.delete,
                class_name="pb-dialog-form",
            ),
            max_width="28rem",
        ),
        open=TeamState.asked == "delete",
        on_open_change=TeamState.keep,
    )
