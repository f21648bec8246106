"""The user's ways in, second factor and devices. What is dangerous asks first who it is."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.identity.schemas import IdentityView, SessionView
from privexbot_app.domains.identity.second_factor import SecondFactors
from privexbot_app.domains.identity.service import IdentityService, RecentProofNeededError
from privexbot_app.domains.identity.throttle import guarded_code
from privexbot_app.domains.identity.ways import WaysIn
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import PrivexError
from privexbot_app.ui.formats import say_ago, say_exactly
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.layout import PRODUCT
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.ways import Way, list_ways

PROBLEMS = {
    "identity_taken": "That account belongs to somebody else here. Accounts are not merged.",
    "recent_sign_in_needed": "Confirm first that it is you, then link it again.",
}
NAMES = {"evm": "Ethereum wallet", "solana": "Solana wallet", "cosmos": "Cosmos wallet", "passkey": "Passkey"}


@dataclass
class WayRow:
    """A linked way in."""

    id: str
    kind: str
    label: str
    ago: str
    moment: str


@dataclass
class DeviceRow:
    """A device or program that is signed in."""

    id: str
    name: str
    details: str
    ago: str
    moment: str
    is_current: bool


class SecurityState(ScopedState):
    """The page's own variables. A secret is in them only while its dialog is open."""

    is_listed: bool = False
    email: str = ""
    is_email_verified: bool = False
    has_password: bool = False
    has_second_factor: bool = False
    codes_left: int = 0
    linked: list[WayRow] = []
    devices: list[DeviceRow] = []
    offered: list[Way] = []
    problem: str = ""
    is_proving: bool = False
    proof_problem: str = ""
    is_removing: bool = False
    removing: dict[str, str] = {}
    is_setting_up: bool = False
    secret: str = ""
    qr_svg: str = ""
    setup_problem: str = ""
    codes: list[str] = []

    @rx.event
    async def load(self) -> None:
        """Show how the user can sign in, and where they are signed in."""
        await self._list()
        code = self.router.url.query_parameters.get("problem", "")
        self.problem = PROBLEMS.get(code, "Linking did not work. Start again.") if code else ""
        self.is_proving = self.is_removing = False
        self._forget_secrets()
        self.is_listed = True

    @rx.event
    async def refresh(self) -> Any:
        """Show the lists anew: a wallet, a passkey or an account was linked by the page's script."""
        await self._list()
        return rx.toast.success("Your ways in are up to date.")

    @rx.event
    def ask_for_proof(self) -> None:
        """Ask who it is."""
        self.is_proving, self.proof_problem = True, ""

    @rx.event
    def show_proof(self, is_open: bool) -> None:
        """Open or close that question."""
        self.is_proving, self.proof_problem = bool(is_open), ""

    @rx.event
    async def prove(self, form: dict[str, Any]) -> Any:
        """Take the password, or a code, as a proof of who it is."""
        caller, installation = await self.caller(), runtime.current()
        password, code = str(form.get("password", "")), str(form.get("code", ""))
        try:
            if password:
                address = str(self.router.session.client_ip)
                async with self.works.open(None, read_only=True) as work:
                    ways = WaysIn(work, installation.keys)
                    await ways.require_password(caller.user_id, password, ip_address=address)
            else:
                async with guarded_code(self.works, caller.user_id), self.works.open(None) as work:
                    await SecondFactors(work, installation.keys).require(caller.user_id, code)
            async with self.works.open(None) as work:
                await IdentityService(work, installation.keys).mark_proved(caller)
        except PrivexError as error:
            self.proof_problem = message_of(error)
            return None
        self.is_proving = False
        return rx.toast.success("Thank you. Now go on with what you wanted to do.")

    @rx.event
    def ask_remove(self, identity_id: str, label: str) -> None:
        """Ask before a way in is removed."""
        self.is_removing, self.removing = True, {"id": str(identity_id), "label": str(label)}

    @rx.event
    def keep(self, is_open: bool) -> None:
        """Close that question."""
        self.is_removing = bool(is_open)

    @rx.event
    async def remove(self) -> Any:
        """Remove the way in that was asked about."""
        caller, installation = await self.caller(), runtime.current()
        self.is_removing = False
        try:
            async with self.works.open(None) as work:
                await WaysIn(work, installation.keys).unlink(caller, parse_id(self.removing.get("id")))
        except RecentProofNeededError:
            return SecurityState.ask_for_proof
        await self._list()
        return rx.toast.success("Removed.")

    @rx.event
    async def begin_second_factor(self) -> Any:
        """Show a secret for an authenticator app."""
        caller, installation = await self.caller(), runtime.current()
        try:
            async with self.works.open(None) as work:
                setup = await SecondFactors(work, installation.keys).begin(caller, site_name=PRODUCT)
        except RecentProofNeededError:
            return SecurityState.ask_for_proof
        self.secret, self.qr_svg, self.codes = setup.secret, setup.qr_svg, []
        self.is_setting_up, self.setup_problem = True, ""
        return None

    @rx.event
    def show_set_up(self, is_open: bool) -> None:
        """Open or close the dialog; what it showed is forgotten."""
        self.is_setting_up = bool(is_open)
        if not self.is_setting_up:
            self._forget_secrets()

    @rx.event
    async def confirm_second_factor(self, form: dict[str, Any]) -> None:
        """Turn it on by a first code, and show the recovery codes once."""
        caller, installation = await self.caller(), runtime.current()
        try:
            async with guarded_code(self.works, caller.user_id), self.works.open(None) as work:
                factors = SecondFactors(work, installation.keys)
                made = await factors.confirm(caller, str(form.get("code", "")).replace(" ", ""))
        except PrivexError as error:
            self.setup_problem = message_of(error)
            return
        self.secret = self.qr_svg = self.setup_problem = ""
        self.codes = made.codes
        await self._list()

    @rx.event
    async def renew_codes(self) -> Any:
        """New recovery codes instead of the old ones."""
        caller, installation = await self.caller(), runtime.current()
        try:
            async with self.works.open(None) as work:
                made = await SecondFactors(work, installation.keys).renew_codes(caller)
        except RecentProofNeededError:
            return SecurityState.ask_for_proof
        self.codes, self.is_setting_up = made.codes, True
        await self._list()
        return None

    @rx.event
    async def remove_second_factor(self) -> Any:
        """Do without."""
        caller, installation = await self.caller(), runtime.current()
        try:
            async with self.works.open(None) as work:
                await SecondFactors(work, installation.keys).remove(caller)
        except RecentProofNeededError:
            return SecurityState.ask_for_proof
        await self._list()
        return rx.toast.success("The second step is off.")

    @rx.event
    async def end_session(self, session_id: str) -> Any:
        """Sign a device out."""
        caller, installation = await self.caller(), runtime.current()
        async with self.works.open(None) as work:
            await IdentityService(work, installation.keys).end_own_session(caller, parse_id(session_id))
        await self._list()
        return rx.toast.success("Signed that device out.")

    @rx.event
    async def end_other_sessions(self) -> Any:
        """Sign every other device out."""
        caller, installation = await self.caller(), runtime.current()
        async with self.works.open(None) as work:
            await IdentityService(work, installation.keys).end_other_sessions(caller)
        await self._list()
        return rx.toast.success("Every other device is signed out.")

    async def _list(self) -> None:
        caller, installation = await self.caller(), runtime.current()
        async with self.works.open(None, read_only=True) as work:
            ways = await WaysIn(work, installation.keys).list_ways(caller.user_id)
            sessions = await IdentityService(work, installation.keys).list_sessions(caller)
        self.email, self.is_email_verified = ways.email, ways.is_email_verified
        self.has_password, self.has_second_factor = ways.has_password, ways.has_second_factor
        self.codes_left = ways.recovery_codes_left
        self.offered = list_ways(installation)
        labels = {way.name: way.label for way in self.offered}
        self.linked = [_way_row(identity, labels) for identity in ways.identities]
        self.devices = [_device_row(session) for session in sessions]

    def _forget_secrets(self) -> None:
        self.is_setting_up = False
        self.secret = self.qr_svg = self.setup_problem = self.proof_problem = ""
        self.codes = []


def _way_row(identity: IdentityView, labels: dict[str, str]) -> WayRow:
    kind = NAMES.get(identity.strategy) or labels.get(identity.strategy, identity.strategy)
    used = identity.last_used_at or identity.created_at
    return WayRow(str(identity.id), kind, identity.label, say_ago(used, now=utc_now()), say_exactly(used))


def _device_row(session: SessionView) -> DeviceRow:
    details = " · ".join(part for part in (session.network, f"by {session.method}") if part)
    seen = session.last_seen_at
    return DeviceRow(
        id=str(session.id),
        name=_name_of(session.device),
        details=details,
        ago=say_ago(seen, now=utc_now()),
        moment=say_exactly(seen),
        is_current=session.is_current,
    )


def _name_of(agent: str) -> str:
    """What people call the program that a user agent names.

    >>> _name_of("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36")
    'Chrome on Linux'
    """
    browsers = {"Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {
        "Android": "Android",
        "iPhone": "iPhone",
        "iPad": "iPad",
        "Windows": "Windows",
        "Mac OS": "Mac",
        "Linux": "Linux",
    }
    browser = next((name for mark, name in browsers.items() if mark in agent), "")
    system = next((name for mark, name in systems.items() if mark in agent), "")
    if browser:
        return f"{browser} on {system}" if system else browser
    return agent.split("/")[0].split(" ")[0] or "A program"
