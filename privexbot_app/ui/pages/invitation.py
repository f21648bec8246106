"""Where an invitation's link leads: what it is for, and the button that joins. Wants an account for the address."""

from typing import Any

import reflex as rx

from privexbot_app.domains.tenancy import invitations
from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.kit.errors import PrivexError
from privexbot_app.ui import routes
from privexbot_app.ui.door import door_card
from privexbot_app.ui.layout import public_page
from privexbot_app.ui.session import ScopedState


class InvitationState(ScopedState):
    """The page behind an invitation's link."""

    organization: str = ""
    invited_email: str = ""
    problem: str = ""
    is_signed_in: bool = False
    sign_in_address: str = ""
    register_address: str = ""

    @rx.event
    async def look(self) -> None:
        """Show what the link is for."""
        self.organization = self.problem = ""
        token = self._token()
        here = routes.invitation(token)
        self.sign_in_address, self.register_address = routes.sign_in(next_path=here), routes.register(next_path=here)
        try:
            seen = await invitations.preview(self.works, token, ip_address=str(self.router.session.client_ip or ""))
        except PrivexError as error:
            self.problem = error.message
            return
        self.organization, self.invited_email = seen.organization_name, seen.email
        try:
            await self.caller()
            self.is_signed_in = True
        except PrivexError:
            self.is_signed_in = False

    @rx.event
    async def accept(self) -> Any:
        """Join, and go there."""
        caller = await self.caller()
        try:
            organization_id = await invitations.accept(self.works, caller, self._token())
        except PrivexError as error:
            self.problem = error.message
            return None
        async with self.works.open(None, read_only=True) as work:
            joined = await OrganizationService(work, caller).get(organization_id)
        if joined.workspaces:
            return await self.switch_workspace(str(joined.workspaces[0].id))
        return rx.call_script(f"window.privexbot.leave({routes.overview()!r})")

    def _token(self) -> str:
        return str(self.router.url.query_parameters.get("token", ""))[:200]


@public_page("/invitation", title="Invitation", on_load=InvitationState.look)
def invitation_page() -> rx.Component:
    ways = rx.el.div(
        rx.el.p(
            rx.el.a("Sign in", href=InvitationState.sign_in_address, class_name="pb-door-link"),
            " or ",
            rx.el.a("create an account", href=InvitationState.register_address, class_name="pb-door-link"),
            f" for {InvitationState.invited_email}, then come back to this page.",
            class_name="pb-soft",
        )
    )
    join = rx.el.button("Join", type="button", on_click=InvitationState.accept, class_name="pb-submit")
    offer = door_card(
        f"Join {InvitationState.organization}",
        f"This invitation is for {InvitationState.invited_email}.",
        rx.cond(InvitationState.problem != "", rx.el.p(InvitationState.problem, role="alert", class_name="pb-problem")),
        rx.cond(InvitationState.is_signed_in, join, ways),
    )
    dead = door_card(
        "Invitation",
        InvitationState.problem,
        rx.el.p(rx.el.a("To the first page", href=routes.overview(), class_name="pb-door-link")),
    )
    return rx.cond(InvitationState.organization != "", offer, rx.cond(InvitationState.problem != "", dead))
