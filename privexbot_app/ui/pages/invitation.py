"""Where an invitation's link leads: what it is for, and the button that joins. Wants an account for the address.

The link's token stands behind the #; the browser keeps it in its tab (assets/dashboard.js) and tells it to us alone.
"""

from typing import Any

import reflex as rx

from privexbot_app.domains.tenancy import invitations
from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.kit.errors import PrivexError
from privexbot_app.ui import routes
from privexbot_app.ui.door import door_card
from privexbot_app.ui.layout import public_page
from privexbot_app.ui.session import ScopedState

LONGEST_TOKEN = 200


class InvitationState(ScopedState):
    """The page behind an invitation's link."""

    organization: str = ""
    invited_email: str = ""
    problem: str = ""
    is_signed_in: bool = False
    sign_in_address: str = ""
    register_address: str = ""
    _token: str = ""

    @rx.event
    def look(self) -> Any:
        """Ask the browser for the token."""
        self.organization = self.problem = ""
        here = routes.invitation()
        self.sign_in_address, self.register_address = routes.sign_in(next_path=here), routes.register(next_path=here)
        return rx.call_script("window.privexbot.invitation()", callback=InvitationState.show)

    @rx.event
    async def show(self, token: str) -> None:
        """Show what the link is for."""
        self._token = str(token)[:LONGEST_TOKEN]
        client_ip = str(self.router.session.client_ip or "")
        try:
            seen = await invitations.preview(self.works, self._token, ip_address=client_ip)
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
            organization_id = await invitations.accept(self.works, caller, self._token)
        except PrivexError as error:
            self.problem = error.message
            return None
        async with self.works.open(None, read_only=True) as work:
            joined = await OrganizationService(work, caller).get(organization_id)
        if joined.workspaces:
            return await self.switch_workspace(str(joined.workspaces[0].id))
        return rx.call_script(f"window.privexbot.leave({routes.overview()!r})")


@public_page("/invitation", title="Invitation", on_load=InvitationState.look)
def invitation_page() -> rx.Component:
    ways = rx.el.div(
        rx.el.p(
            rx.el.a("Sign in", href=InvitationState.sign_in_address, class_name="pb-door-link"),
            " or ",
            rx.el.a("create an account", href=InvitationState.register_address, class_name="pb-door-link"),
            f" for {InvitationState.invited_email}, which leads back to this page.",
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
