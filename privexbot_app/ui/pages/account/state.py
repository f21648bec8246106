"""The user's profile, and the members, the name and the end of the workspace that they work in."""

from dataclasses import dataclass
from typing import Any

import reflex as rx
from pydantic import ValidationError

from privexbot_app import runtime
from privexbot_app.domains.identity.service import IdentityService
from privexbot_app.domains.tenancy.closing import ClosingService
from privexbot_app.domains.tenancy.members import MemberService
from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.domains.tenancy.permissions import MANAGES_ORGANIZATION, WorkspaceRole
from privexbot_app.domains.tenancy.schemas import MemberView, NewMember, NewName, TenantChange, WorkspaceRoleChange
from privexbot_app.domains.tenancy.service import SlugTakenError, TenancyService
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.scope import Scope
from privexbot_app.ui import routes
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.session import ScopedState


@dataclass
class MemberRow:
    """A member of the workspace. is_me: nobody removes themselves by accident. is_fixed: the organization decides."""

    id: str
    name: str
    email: str
    role: str
    is_me: bool
    is_fixed: bool


@dataclass
class RoleChoice:
    """A role that can be given. id: its name, or the id of one of the organization's own."""

    id: str
    name: str


class AccountState(ScopedState):
    """The page's own variables; who is signed in comes from ScopedState."""

    is_listed: bool = False
    members: list[MemberRow] = []
    roles: list[RoleChoice] = []
    slug: str = ""
    may_close: bool = False
    is_closing: bool = False
    close_problem: str = ""
    name_problem: str = ""
    workspace_problem: str = ""
    member_problem: str = ""
    is_adding_member: bool = False
    role: str = "editor"
    is_asking: bool = False
    removing: dict[str, str] = {}

    @rx.event
    async def load(self) -> None:
        """List members, and what can be done with the workspace."""
        await self._list(await self.scope())
        self.name_problem = self.workspace_problem = self.member_problem = self.close_problem = ""
        self.is_adding_member = self.is_asking = self.is_closing = False
        self.is_listed = True

    @rx.event
    async def rename_me(self, form: dict[str, Any]) -> Any:
        """Change the user's name."""
        caller = await self.caller()
        self.name_problem = ""
        try:
            new = NewName(name=str(form.get("name", "")))
        except ValidationError:
            self.name_problem = "Enter a name of up to 120 characters."
            return None
        installation = runtime.current()
        async with self.works.open(None) as work:
            self.user_name = (await IdentityService(work, installation.keys).rename(caller.user_id, new.name)).name
        return rx.toast.success("Saved your name.")

    @rx.event
    async def rename_workspace(self, form: dict[str, Any]) -> Any:
        """Change the workspace's name and short name."""
        scope = await self.scope()
        self.workspace_problem = ""
        try:
            change = TenantChange(name=str(form.get("name", "")), slug=str(form.get("slug", "")) or None)
            async with self.works.open(scope) as work:
                await TenancyService(work).change_workspace(change)
        except ValidationError:
            self.workspace_problem = "A name of up to 120 characters; a short name of a–z, 0–9 and dashes."
            return None
        except SlugTakenError as error:
            self.workspace_problem = error.message
            return None
        return [AccountState.load_session, AccountState.load, rx.toast.success("Saved.")]

    @rx.event
    def show_close(self, is_open: bool) -> None:
        """Open or close the dialog that deletes the workspace."""
        self.is_closing, self.close_problem = bool(is_open), ""

    @rx.event
    async def close_workspace(self, form: dict[str, Any]) -> Any:
        """Close the workspace; it is deleted after the grace period, and restored from the team's page until then."""
        caller, scope = await self.caller(), await self.scope()
        try:
            async with self.works.open(None) as work:
                service = ClosingService(work, caller)
                await service.delete_workspace(scope.workspace_id, confirm=str(form.get("confirm", "")).strip())
        except PrivexError as error:
            self.close_problem = message_of(error)
            return None
        return rx.call_script(f"window.privexbot.leave({routes.overview()!r})")

    @rx.event
    async def change_member(self, user_id: str, role: str) -> Any:
        """Give a member another role, or one of the organization's own."""
        scope = await self.scope()
        if role in list(WorkspaceRole):
            change = WorkspaceRoleChange(role=WorkspaceRole(role))
        else:
            change = WorkspaceRoleChange(custom_role_id=parse_id(role))
        async with self.works.open(scope) as work:
            changed = await MemberService(work).change_member(parse_id(user_id), change)
        await self._list(scope)
        return rx.toast.success(f"Changed the role of {changed.user.name}.")

    @rx.event
    def show_add_member(self, is_open: bool) -> None:
        """Open or close the dialog that adds a member."""
        self.is_adding_member, self.member_problem = bool(is_open), ""

    @rx.event
    def choose_role(self, role: str) -> None:
        """The role of the member to add."""
        self.role = str(role)

    @rx.event
    async def add_member(self, form: dict[str, Any]) -> Any:
        """Let a registered user in. What is wrong is said in the dialog, which stays open."""
        scope = await self.scope()
        try:
            new = NewMember.model_validate({"email": str(form.get("email", "")).strip(), "role": self.role})
            async with self.works.open(scope) as work:
                added = await MemberService(work).add_member(new)
        except ValidationError:
            self.member_problem = "Enter an e-mail address and choose a role."
            return None
        except PrivexError as error:
            self.member_problem = message_of(error)
            return None
        self.is_adding_member, self.member_problem = False, ""
        await self._list(scope)
        return rx.toast.success(f"Added {added.user.name}.")

    @rx.event
    def ask_remove(self, user_id: str, name: str) -> None:
        """Ask before removing somebody."""
        self.is_asking, self.removing = True, {"id": str(user_id), "name": str(name)}

    @rx.event
    def keep(self, is_open: bool) -> None:
        """Close the question."""
        self.is_asking = bool(is_open)

    @rx.event
    async def remove(self) -> Any:
        """Take the role of the one who was asked about away."""
        scope = await self.scope()
        target, self.is_asking = dict(self.removing), False
        async with self.works.open(scope) as work:
            await MemberService(work).remove_member(parse_id(target.get("id")))
        await self._list(scope)
        return rx.toast.success(f"Removed {target['name']}.")

    async def _list(self, scope: Scope) -> None:
        async with self.works.open(scope, read_only=True) as work:
            members = await MemberService(work).list_members()
            own = await MemberService(work).list_roles()
        caller = await self.caller()
        async with self.works.open(None, read_only=True) as work:
            organization = await OrganizationService(work, caller).get(scope.organization_id)
        self.members = [_member_row(member, me=scope.actor.id) for member in members]
        self.roles = [
            *(RoleChoice(role, role.capitalize()) for role in WorkspaceRole),
            *(RoleChoice(str(role.id), role.name) for role in own),
        ]
        self.slug = next(view.slug for view in organization.workspaces if view.id == scope.workspace_id)
        self.may_close = organization.role in MANAGES_ORGANIZATION and len(organization.workspaces) > 1


def _member_row(member: MemberView, *, me: str) -> MemberRow:
    user = member.user
    role = member.custom_role.name if member.custom_role else member.role.capitalize()
    return MemberRow(str(user.id), user.name, user.email, role, str(user.id) == me, member.manages_organization)
