"""The user's profile, and the members and the log of the workspace that they work in."""

from dataclasses import dataclass
from typing import Any

import reflex as rx
from pydantic import ValidationError

from privexbot_app import runtime
from privexbot_app.domains.audit.schemas import AuditView
from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.identity.service import IdentityService
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.domains.tenancy.members import MemberService
from privexbot_app.domains.tenancy.schemas import MemberView, NewMember, NewName
from privexbot_app.domains.tenancy.service import TenancyService
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.scope import ActorKind, Scope
from privexbot_app.ui.formats import say_ago, say_exactly
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.session import ScopedState

ENTRIES_SHOWN = PageParams(limit=50)
EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)


@dataclass
class MemberRow:
    """A member of the workspace. is_me: nobody removes themselves by accident."""

    id: str
    name: str
    email: str
    role: str
    is_me: bool


@dataclass
class EntryRow:
    """One line of the log."""

    event: str
    subject: str
    actor: str
    ago: str
    moment: str


class AccountState(ScopedState):
    """The page's own variables; who is signed in comes from ScopedState."""

    is_listed: bool = False
    members: list[MemberRow] = []
    entries: list[EntryRow] = []
    name_problem: str = ""
    workspace_problem: str = ""
    member_problem: str = ""
    is_adding_member: bool = False
    role: str = "editor"
    is_asking: bool = False
    removing: dict[str, str] = {}

    @rx.event
    async def load(self) -> None:
        """List members and, for those who may read it, the log."""
        await self._list(await self.scope())
        self.name_problem = self.workspace_problem = self.member_problem = ""
        self.is_adding_member, self.is_asking = False, False
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
        """Change the workspace's name."""
        scope = await self.scope()
        self.workspace_problem = ""
        try:
            new = NewName(name=str(form.get("name", "")))
        except ValidationError:
            self.workspace_problem = "Enter a name of up to 120 characters."
            return None
        async with self.works.open(scope) as work:
            await TenancyService(work).rename_workspace(new.name)
        return [AccountState.load_session, AccountState.load, rx.toast.success("Renamed the workspace.")]

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
            may_audit = "audit.read" in scope.permissions
            entries = (await AuditService(work).list_entries(ENTRIES_SHOWN)).items if may_audit else []
            bots = (await BotService(work).list_bots(EVERYTHING, browser_url="")).items
            bases = (await KnowledgeService(work).list_bases(EVERYTHING)).items
        self.members = [_member_row(member, me=scope.actor.id) for member in members]
        names = {row.id: row.name for row in self.members} | {str(thing.id): thing.name for thing in (*bots, *bases)}
        self.entries = [_entry_row(entry, names) for entry in entries]


def _member_row(member: MemberView, *, me: str) -> MemberRow:
    user = member.user
    return MemberRow(str(user.id), user.name, user.email, member.role.capitalize(), str(user.id) == me)


def _entry_row(entry: AuditView, names: dict[str, str]) -> EntryRow:
    event = entry.event.replace(".", " ").replace("_", " ").capitalize()
    actor = names.get(entry.actor_id, "A former member") if entry.actor_kind == ActorKind.USER else "The system"
    subject = str(entry.facts.get("name") or names.get(str(entry.subject_id), ""))
    return EntryRow(event, subject, actor, say_ago(entry.created_at, now=utc_now()), say_exactly(entry.created_at))
