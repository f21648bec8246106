"""The organization of the current workspace: its people, the invitations on their way, its name, its end."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError

from privexbot_app import runtime
from privexbot_app.domains.tenancy import invitations
from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.domains.tenancy.permissions import MANAGES_ORGANIZATION, OrganizationRole
from privexbot_app.domains.tenancy.schemas import (
    InvitationView,
    NewInvitation,
    OrganizationMemberView,
    OrganizationView,
    TenantChange,
)
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import PrivexError
from privexbot_app.ui import routes
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.session import ScopedState

NO_WORKSPACE = "none"
QUESTIONS = {"leave", "transfer", "remove"}


@dataclass
class PersonRow:
    """A member of the organization. may_change: as the page shows it; the service decides."""

    id: str
    name: str
    email: str
    role: str
    is_me: bool
    may_change: bool


@dataclass
class InvitationRow:
    """An invitation that nobody has accepted yet."""

    id: str
    email: str
    role: str
    status: str
    tone: str


class TeamState(ScopedState):
    """What the page shows."""

    is_listed: bool = False
    own_role: str = ""
    name: str = ""
    slug: str = ""
    people: list[PersonRow] = []
    invited: list[InvitationRow] = []
    link: str = ""
    is_inviting: bool = False
    invite_role: str = "member"
    invite_inside: str = "viewer"
    invite_problem: str = ""
    settings_problem: str = ""
    asked: str = ""
    target: dict[str, str] = {}
    danger_problem: str = ""

    @rx.var
    def is_manager(self) -> bool:
        """Whether invitations and settings are shown."""
        return self.own_role in MANAGES_ORGANIZATION

    @rx.event
    async def load(self) -> None:
        """List everybody, and for owners and admins the invitations."""
        await self._list()
        self.link, self.asked, self.is_inviting = "", "", False
        self.invite_problem = self.settings_problem = self.danger_problem = ""
        self.is_listed = True

    @rx.event
    def show_invite(self, is_open: bool) -> None:
        """Open or close the dialog."""
        self.is_inviting, self.invite_problem, self.link = bool(is_open), "", ""

    @rx.event
    def choose_role(self, role: str) -> None:
        """What the invited person becomes in the organization."""
        self.invite_role = str(role)

    @rx.event
    def choose_inside(self, role: str) -> None:
        """What they become in the current workspace."""
        self.invite_inside = str(role)

    @rx.event
    async def invite(self, form: dict[str, Any]) -> Any:
        """Invite somebody. What is wrong is said in the dialog; a link that no mail carries is shown there."""
        caller, scope = await self.caller(), await self.scope()
        self.invite_problem = self.link = ""
        is_inside = self.invite_inside != NO_WORKSPACE
        values = {"email": str(form.get("email", "")).strip(), "role": self.invite_role}
        if is_inside:
            values |= {"workspace_id": str(scope.workspace_id), "workspace_role": self.invite_inside}
        installation = runtime.current()
        try:
            new = NewInvitation.model_validate(values)
            made = await invitations.invite(
                self.works, caller, scope.organization_id, new, browser_url=installation.browser_url
            )
        except ValidationError:
            self.invite_problem = "Enter an e-mail address."
            return None
        except PrivexError as error:
            self.invite_problem = message_of(error)
            return None
        return await self._tell_sent(made)

    @rx.event
    async def resend(self, invitation_id: str) -> Any:
        """Send an invitation again, with another link."""
        caller, scope = await self.caller(), await self.scope()
        made = await invitations.resend(
            self.works,
            caller,
            scope.organization_id,
            parse_id(invitation_id),
            browser_url=runtime.current().browser_url,
        )
        return await self._tell_sent(made)

    @rx.event
    async def revoke(self, invitation_id: str) -> Any:
        """End an invitation."""
        caller, scope = await self.caller(), await self.scope()
        async with self.works.open(None) as work:
            service = invitations.InvitationService(work, caller)
            await service.revoke(scope.organization_id, parse_id(invitation_id))
        await self._list()
        return rx.toast.success("The invitation is revoked.")

    @rx.event
    async def change_role(self, user_id: str, role: str) -> Any:
        """Make a member something else."""
        caller, scope = await self.caller(), await self.scope()
        to = OrganizationRole(role) if role in list(OrganizationRole) else OrganizationRole.MEMBER
        async with self.works.open(None) as work:
            service = OrganizationService(work, caller)
            await service.change_role(scope.organization_id, parse_id(user_id), to)
        await self._list()
        return rx.toast.success("Changed the role.")

    @rx.event
    async def save_settings(self, form: dict[str, Any]) -> Any:
        """Another name or short name."""
        caller, scope = await self.caller(), await self.scope()
        self.settings_problem = ""
        try:
            change = TenantChange(name=str(form.get("name", "")), slug=str(form.get("slug", "")))
            async with self.works.open(None) as work:
                await OrganizationService(work, caller).change(scope.organization_id, change)
        except ValidationError:
            self.settings_problem = "A name of up to 120 characters; a short name of a–z, 0–9 and dashes."
            return None
        except PrivexError as error:
            self.settings_problem = message_of(error)
            return None
        await self._list()
        return [TeamState.load_session, rx.toast.success("Saved.")]

    @rx.event
    def ask(self, what: str, user_id: str, name: str) -> None:
        """Ask before something is gone: remove, transfer, leave or delete."""
        self.asked, self.danger_problem = str(what), ""
        self.target = {"id": str(user_id), "name": str(name)}

    @rx.event
    def keep(self, is_open: bool) -> None:
        """Close the question."""
        if not is_open:
            self.asked = ""

    @rx.event
    async def go_on(self) -> Any:
        """Do what was asked about, except deleting, which wants the short name."""
        caller, scope = await self.caller(), await self.scope()
        asked, target, self.asked = self.asked, dict(self.target), ""
        if asked not in QUESTIONS:
            return None
        async with self.works.open(None) as work:
            service = OrganizationService(work, caller)
            if asked == "leave":
                await service.leave(scope.organization_id)
            elif asked == "transfer":
                await service.transfer(scope.organization_id, parse_id(target.get("id")))
            elif asked == "remove":
                await service.remove_member(scope.organization_id, parse_id(target.get("id")))
        if asked == "leave":
            return rx.call_script(f"window.privexbot.leave({routes.overview()!r})")
        await self._list()
        name = target.get("name", "")
        done = f"{name} owns it now." if asked == "transfer" else f"Removed {name}."
        return rx.toast.success(done)

    @rx.event
    async def delete(self, form: dict[str, Any]) -> Any:
        """Close the organization; it is deleted after the grace period."""
        caller, scope = await self.caller(), await self.scope()
        try:
            async with self.works.open(None) as work:
                service = OrganizationService(work, caller)
                await service.delete(scope.organization_id, confirm=str(form.get("confirm", "")).strip())
        except PrivexError as error:
            self.danger_problem = message_of(error)
            return None
        return rx.call_script(f"window.privexbot.leave({routes.overview()!r})")

    async def _tell_sent(self, made: InvitationView) -> Any:
        self.link = made.link
        await self._list()
        if made.link:
            self.is_inviting = True
            return None
        self.is_inviting = False
        return rx.toast.success(f"Sent an invitation to {made.email}.")

    async def _list(self) -> None:
        caller, scope = await self.caller(), await self.scope()
        async with self.works.open(None, read_only=True) as work:
            service = OrganizationService(work, caller)
            organization = await service.get(scope.organization_id)
            members = await service.list_members(scope.organization_id)
            is_manager = organization.role in MANAGES_ORGANIZATION
            open_ = await invitations.InvitationService(work, caller).list_open(organization.id) if is_manager else []
        self.own_role, self.name, self.slug = organization.role, organization.name, organization.slug
        self.people = [_person(member, organization, me=caller.user_id) for member in members]
        self.invited = [_invitation(view) for view in open_]


def _person(view: OrganizationMemberView, organization: OrganizationView, *, me: UUID) -> PersonRow:
    is_owner = organization.role is OrganizationRole.OWNER
    may = organization.role in MANAGES_ORGANIZATION and (is_owner or view.role is not OrganizationRole.OWNER)
    is_me = view.user.id == me
    return PersonRow(
        str(view.user.id), view.user.name, view.user.email, view.role.capitalize(), is_me, may and not is_me
    )


def _invitation(view: InvitationView) -> InvitationRow:
    status, tone = ("Expired", "warn") if view.expires_at <= utc_now() else ("Invited", "busy")
    if view.mail_problem:
        status, tone = "Mail failed", "bad"
    return InvitationRow(str(view.id), view.email, view.role.capitalize(), status, tone)
