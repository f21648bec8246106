"""Who is here. Every event handler that touches data asks `scope()` first; nothing the browser sends is trusted.

The browser holds an httpOnly cookie; its value is looked up in the database at each event, so that signing out or
losing a role takes effect on pages that are open. Reflex freezes a websocket's headers when it connects, which is why
signing in ends in a full page load.
"""

from http.cookies import CookieError, SimpleCookie
from typing import Any

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.identity.schemas import Caller
from privexbot_app.domains.identity.service import IdentityService
from privexbot_app.domains.tenancy.schemas import MeView, NewWorkspace
from privexbot_app.domains.tenancy.service import TenancyService
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit import logging
from privexbot_app.kit.errors import NotFoundError, UnauthenticatedError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.scope import Scope
from privexbot_app.ui import routes
from privexbot_app.ui.ids import parse_id


class ScopedState(rx.State):
    """The base of every dashboard page's state: the signed-in user, their workspaces, their permissions.

    The variables are for showing only; whether something is allowed is decided by the services.
    """

    user_name: str = ""
    user_email: str = ""
    workspace_id: str = ""
    workspace_name: str = ""
    organization_name: str = ""
    workspaces: list[dict[str, str]] = []
    permissions: list[str] = []
    is_loaded: bool = False

    @rx.var
    def user_initials(self) -> str:
        """Up to two letters for the avatar."""
        return "".join(word[0] for word in self.user_name.split()[:2]).upper() or "?"

    @property
    def works(self) -> Workshop:
        """Opens units of work."""
        return runtime.current().works

    async def caller(self) -> Caller:
        """Who is calling. Raises UnauthenticatedError."""
        cookie = _cookie_value(str(self.router.headers.cookie or ""))
        if not cookie:
            raise UnauthenticatedError("Sign in first.", code="not_signed_in")
        installation = runtime.current()
        async with installation.works.open(None, read_only=True) as work:
            return await IdentityService(work, installation.keys).caller_of_cookie(cookie)

    async def scope(self) -> Scope:
        """The caller's scope in the workspace that they work in. Raises UnauthenticatedError, NotFoundError."""
        caller = await self.caller()
        async with self.works.open(None, read_only=True) as work:
            scope = await TenancyService(work).scope_of_user(caller)
        logging.unbind_all()
        logging.bind(request_id=new_id().hex, workspace_id=scope.workspace_id, user_id=caller.user_id)
        return scope

    @rx.event
    async def load_session(self) -> Any:
        """Show who is here; strangers are sent to sign in, and come back afterwards."""
        try:
            caller = await self.caller()
            scope = await self.scope()
        except UnauthenticatedError:
            return rx.call_script("window.privexbot.signIn()")
        except NotFoundError:
            return await self._go_elsewhere(caller)
        installation = runtime.current()
        async with self.works.open(None) as work:
            await IdentityService(work, installation.keys).mark_seen(caller.session_id)
            user = await IdentityService(work, installation.keys).get_user(caller.user_id)
            self._show(await TenancyService(work).describe(user, scope))
        return None

    @rx.event
    async def switch_workspace(self, workspace_id: str) -> Any:
        """Work in another workspace from now on."""
        caller = await self.caller()
        installation = runtime.current()
        async with self.works.open(None) as work:
            target = await TenancyService(work).scope_of_user(caller, workspace_id=parse_id(workspace_id))
            await IdentityService(work, installation.keys).switch(caller.session_id, target.workspace_id)
        # A full load: every page's state belongs to the workspace that was left.
        return rx.call_script(f"window.privexbot.leave({routes.overview()!r})")

    @rx.event
    async def create_workspace(self, form: dict[str, Any]) -> Any:
        """Make a workspace in the current organization and go there."""
        caller, scope = await self.caller(), await self.scope()
        async with self.works.open(None) as work:
            new = NewWorkspace(name=str(form.get("name", "")))
            made = await TenancyService(work).create_workspace(caller, new, current=scope)
        return await self.switch_workspace(str(made.id))

    @rx.event
    async def sign_out(self) -> Any:
        """End this browser's session."""
        caller = await self.caller()
        installation = runtime.current()
        async with self.works.open(None) as work:
            await IdentityService(work, installation.keys).end_session(caller.session_id)
        return rx.call_script(f"window.privexbot.leave({routes.sign_in()!r})")

    async def _go_elsewhere(self, caller: Caller) -> Any:
        """To the first workspace that is left: this one is closed, or its door is."""
        installation = runtime.current()
        async with self.works.open(None) as work:
            workspace_id = await TenancyService(work).first_workspace(caller.user_id)
            await IdentityService(work, installation.keys).switch(caller.session_id, workspace_id)
        return rx.call_script(f"window.privexbot.leave({routes.overview()!r})")

    def _show(self, me: MeView) -> None:
        self.user_name, self.user_email = me.user.name, me.user.email
        self.permissions = me.context.permissions
        self.workspaces = [
            {"id": str(workspace.id), "name": workspace.name, "organization": organization.name}
            for organization in me.organizations
            for workspace in organization.workspaces
        ]
        self.workspace_id = str(me.context.workspace_id)
        for workspace in self.workspaces:
            if workspace["id"] == self.workspace_id:
                self.workspace_name, self.organization_name = workspace["name"], workspace["organization"]
        self.is_loaded = True


def _cookie_value(header: str) -> str | None:
    """The session cookie in a Cookie header, or None."""
    try:
        jar = SimpleCookie(header)
    except CookieError:
        return None
    morsel = jar.get(runtime.current().cookie_name)
    return morsel.value if morsel else None
