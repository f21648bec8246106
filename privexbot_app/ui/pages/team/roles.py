"""Roles that the organization makes for itself: a name, and what it allows. Owners and admins make them."""

from dataclasses import dataclass
from typing import Any

import reflex as rx
from pydantic import ValidationError

from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.domains.tenancy.permissions import ADMIN, MANAGES_ORGANIZATION
from privexbot_app.domains.tenancy.schemas import NewRole
from privexbot_app.kit.errors import PrivexError
from privexbot_app.ui.components import (
    card,
    choice,
    confirm_dialog,
    dialog_actions,
    icon,
    item,
    item_list,
    section,
    text_input,
)
from privexbot_app.ui.formats import say_event
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.session import ScopedState

PERMISSIONS = sorted(ADMIN)
PREFIX = "allows-"


@dataclass
class RoleRow:
    """A role. summary: what it allows, in a line."""

    id: str
    name: str
    summary: str
    permissions: list[str]


class RolesState(ScopedState):
    """The roles, and the one that is being written. editing: its id; empty for a new one."""

    roles: list[RoleRow] = []
    is_role_manager: bool = False
    is_writing: bool = False
    editing: str = ""
    written_name: str = ""
    allowed: list[str] = []
    role_problem: str = ""
    is_asking_role: bool = False
    forgetting: dict[str, str] = {}

    @rx.event
    async def load_roles(self) -> None:
        """List them."""
        await self._list_roles()
        self.is_writing = self.is_asking_role = False

    @rx.event
    def show_role(self, is_open: bool) -> None:
        """Open the dialog for a new role, or close it."""
        self.is_writing = bool(is_open)
        self.editing, self.written_name, self.allowed, self.role_problem = "", "", ["workspace.read"], ""

    @rx.event
    async def edit_role(self, role_id: str) -> None:
        """Open the dialog with what a role allows now."""
        await self._list_roles()
        for row in self.roles:
            if row.id == str(role_id):
                self.is_writing, self.editing, self.role_problem = True, row.id, ""
                self.written_name, self.allowed = row.name, row.permissions

    @rx.event
    async def save_role(self, form: dict[str, Any]) -> Any:
        """Make the role, or change it for all who have it."""
        caller, scope = await self.caller(), await self.scope()
        chosen = [name for name in PERMISSIONS if form.get(f"{PREFIX}{name}")]
        try:
            new = NewRole(name=str(form.get("name", "")), permissions=chosen)
            async with self.works.open(None) as work:
                service = OrganizationService(work, caller)
                if self.editing:
                    await service.change_role_set(scope.organization_id, parse_id(self.editing), new)
                else:
                    await service.create_role(scope.organization_id, new)
        except ValidationError:
            self.role_problem = "Enter a name of up to 120 characters."
            return None
        except PrivexError as error:
            taken = "There is a role with this name already."
            self.role_problem = taken if error.code == "race_lost" else message_of(error)
            return None
        self.is_writing = False
        await self._list_roles()
        return rx.toast.success(f"Saved “{new.name}”.")

    @rx.event
    def ask_role(self, role_id: str, name: str) -> None:
        """Ask before a role is forgotten."""
        self.is_asking_role, self.forgetting = True, {"id": str(role_id), "name": str(name)}

    @rx.event
    def keep_role(self, is_open: bool) -> None:
        """Close the question."""
        self.is_asking_role = bool(is_open)

    @rx.event
    async def delete_role(self) -> Any:
        """Forget the role that was asked about; one that somebody has stays."""
        caller, scope = await self.caller(), await self.scope()
        target, self.is_asking_role = dict(self.forgetting), False
        async with self.works.open(None) as work:
            await OrganizationService(work, caller).delete_role(scope.organization_id, parse_id(target.get("id")))
        await self._list_roles()
        return rx.toast.success(f"Deleted “{target['name']}”.")

    async def _list_roles(self) -> None:
        caller, scope = await self.caller(), await self.scope()
        async with self.works.open(None, read_only=True) as work:
            service = OrganizationService(work, caller)
            self.is_role_manager = (await service.get(scope.organization_id)).role in MANAGES_ORGANIZATION
            found = await service.list_roles(scope.organization_id)
        self.roles = [
            RoleRow(str(role.id), role.name, ", ".join(say_event(name) for name in role.permissions), role.permissions)
            for role in found
        ]


def roles_section() -> rx.Component:
    """The list and its dialogs; members without a say see nothing."""
    add = rx.button(icon("plus", 15), "New role", variant="soft", on_click=RolesState.show_role(True))
    nothing = card(
        rx.el.p("Viewer, editor and admin are there always. Make a role for what lies between.", class_name="pb-help")
    )
    listed = section(
        "Own roles",
        rx.cond(RolesState.roles, item_list(rx.foreach(RolesState.roles, _role_row)), nothing),
        lead="Given to members of a workspace in place of viewer, editor or admin.",
        actions=[add],
    )
    return rx.cond(RolesState.is_role_manager, rx.fragment(listed, _role_dialog(), _question()))


def _role_row(row: rx.Var[RoleRow]) -> rx.Component:
    same = {"variant": "ghost", "color_scheme": "gray", "margin": "0"}
    edit = rx.icon_button(
        icon("pencil", 16), title="Edit", aria_label=f"Edit {row.name}", on_click=RolesState.edit_role(row.id), **same
    )
    delete = rx.icon_button(
        icon("trash-2", 16),
        title="Delete",
        aria_label=f"Delete {row.name}",
        on_click=RolesState.ask_role(row.id, row.name),
        **same,
    )
    return item(row.name, icon=icon("user-cog", 17), meta=[row.summary], side=[edit, delete])


def _role_dialog() -> rx.Component:
    form = rx.form(
        rx.el.div(
            text_input(
                "Name",
                id="role-name",
                name="name",
                default_value=RolesState.written_name,
                auto_focus=True,
                max_length=120,
                problem=RolesState.role_problem,
            ),
            rx.el.fieldset(
                rx.el.legend("It allows", class_name="pb-label"),
                *(_permission(name) for name in PERMISSIONS),
                class_name="pb-field",
            ),
            class_name="pb-stack",
        ),
        dialog_actions(
            rx.dialog.close(rx.button("Cancel", type="button", variant="soft", color_scheme="gray")),
            rx.button("Save", type="submit"),
        ),
        no_validate=True,
        on_submit=RolesState.save_role,
        class_name="pb-dialog-form",
    )
    return rx.dialog.root(
        rx.dialog.content(
            rx.dialog.title(rx.cond(RolesState.editing != "", "Change the role", "New role")),
            rx.dialog.description("A change holds at once for all who have the role.", class_name="pb-lead"),
            form,
            max_width="30rem",
        ),
        open=RolesState.is_writing,
        on_open_change=RolesState.show_role,
    )


def _permission(name: str) -> rx.Component:
    return choice(
        say_event(name),
        type="checkbox",
        name=f"{PREFIX}{name}",
        default_checked=RolesState.allowed.contains(name),
    )


def _question() -> rx.Component:
    return confirm_dialog(
        "Delete this role?",
        f"“{RolesState.forgetting['name']}” is forgotten. A role that somebody has cannot be deleted.",
        confirm="Delete",
        is_open=RolesState.is_asking_role,
        on_open_change=RolesState.keep_role,
        on_confirm=RolesState.delete_role,
    )
