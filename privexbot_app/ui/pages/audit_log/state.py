"""The log of the workspace, or of its organization: filtered, page by page, as a file, and checked for its chain."""

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

import reflex as rx

from privexbot_app.domains.audit.schemas import AuditFilters, AuditView, ChainView
from privexbot_app.domains.audit.service import AuditService, write_entries
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.domains.tenancy.members import MemberService
from privexbot_app.domains.tenancy.organizations import OrganizationService
from privexbot_app.domains.tenancy.permissions import MANAGES_ORGANIZATION
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.scope import ActorKind, Scope
from privexbot_app.ui.formats import say_ago, say_count, say_event, say_exactly
from privexbot_app.ui.session import ScopedState

PAGE = 50
EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)
ANY = "any"
WORKSPACE, ORGANIZATION = "workspace", "organization"
KINDS = (
    (ANY, "Everything"),
    ("member.", "Members"),
    ("role.", "Roles"),
    ("invitation.", "Invitations"),
    ("bot.", "Chatbots"),
    ("knowledge_base.", "Knowledge bases"),
    ("credential.", "Credentials"),
    ("api_key.", "API keys"),
    ("workspace.", "Workspaces"),
    ("organization.", "Organization"),
    ("staff.", "Staff of this installation"),
)
FORMATS = ("csv", "json")


@dataclass
class EntryRow:
    """One line of the log."""

    event: str
    subject: str
    actor: str
    ago: str
    moment: str


class AuditLogState(ScopedState):
    """What the page shows. which: whose log. verdict: what the check of the chain said."""

    is_listed: bool = False
    which: str = WORKSPACE
    has_organization: bool = False
    kind: str = ANY
    person: str = ANY
    people: list[dict[str, str]] = []
    since: str = ""
    until: str = ""
    filter_problem: str = ""
    entries: list[EntryRow] = []
    cursor: str = ""
    verdict: str = ""
    is_whole: bool = True
    _names: dict[str, str] = {}

    @rx.event
    async def load(self) -> None:
        """Begin with everything in the workspace."""
        scope = await self.scope()
        self.which, self.kind, self.person, self.since, self.until = WORKSPACE, ANY, ANY, "", ""
        await self._name(scope)
        await self._list(scope)
        self.is_listed = True

    @rx.event
    async def choose_log(self, which: str | list[str]) -> None:
        """Whose log: the workspace's, or the organization's."""
        self.which = ORGANIZATION if which == ORGANIZATION and self.has_organization else WORKSPACE
        await self._list(await self.scope())

    @rx.event
    async def choose_kind(self, kind: str) -> None:
        """Only what is about one thing."""
        self.kind = str(kind)
        await self._list(await self.scope())

    @rx.event
    async def choose_person(self, person: str) -> None:
        """Only what one person did."""
        self.person = str(person)
        await self._list(await self.scope())

    @rx.event
    async def choose_since(self, day: str) -> None:
        """Nothing before a day."""
        self.since = str(day)
        await self._list(await self.scope())

    @rx.event
    async def choose_until(self, day: str) -> None:
        """Nothing after a day."""
        self.until = str(day)
        await self._list(await self.scope())

    @rx.event
    async def show_more(self) -> None:
        """The next page below this one."""
        await self._list(await self.scope(), goes_on=True)

    @rx.event
    async def export(self, format: str) -> Any:
        """The entries that the filters leave, as a file. That it was exported is an entry of the workspace, too."""
        scope, caller = await self.scope(), await self.caller()
        format = format if format in FORMATS else FORMATS[0]
        filters = self._filters()
        if self.which == ORGANIZATION:
            async with self.works.open(None, read_only=True) as work:
                found = await OrganizationService(work, caller).list_log(scope.organization_id, filters)
            text = write_entries(found, format)
        else:
            async with self.works.open(scope) as work:
                text = await AuditService(work).export(format, filters)
            await self._list(scope)
        return rx.download(data=text.encode(), filename=f"audit-log-{self.which}.{format}")

    @rx.event
    async def verify(self) -> None:
        """Whether the log hangs together from its first entry to its last."""
        scope, caller = await self.scope(), await self.caller()
        if self.which == ORGANIZATION:
            async with self.works.open(None, read_only=True) as work:
                found = await OrganizationService(work, caller).verify_log(scope.organization_id)
        else:
            async with self.works.open(scope, read_only=True) as work:
                found = await AuditService(work).verify()
        self.is_whole, self.verdict = found.is_whole, _verdict(found)

    async def _list(self, scope: Scope, *, goes_on: bool = False) -> None:
        self.filter_problem, self.verdict = "", ""
        filters, cursor = self._filters(), self.cursor if goes_on else ""
        if self.which == ORGANIZATION:
            caller = await self.caller()
            async with self.works.open(None, read_only=True) as work:
                found, cursor = await OrganizationService(work, caller).list_log(scope.organization_id, filters), ""
        else:
            async with self.works.open(scope, read_only=True) as work:
                page = await AuditService(work).list_entries(PageParams(limit=PAGE, cursor=cursor or None), filters)
            found, cursor = list(page.items), page.next_cursor or ""
        rows = [_entry_row(entry, self._names) for entry in found]
        self.entries, self.cursor = [*self.entries, *rows] if goes_on else rows, cursor

    async def _name(self, scope: Scope) -> None:
        caller = await self.caller()
        async with self.works.open(scope, read_only=True) as work:
            members = await MemberService(work).list_members()
            bots = (await BotService(work).list_bots(EVERYTHING, browser_url="")).items
            bases = (await KnowledgeService(work).list_bases(EVERYTHING)).items
        async with self.works.open(None, read_only=True) as work:
            organization = await OrganizationService(work, caller).get(scope.organization_id)
            others = await OrganizationService(work, caller).list_members(scope.organization_id)
        self.has_organization = organization.role in MANAGES_ORGANIZATION
        people = {str(member.user.id): member.user.name for member in (*members, *others)}
        self.people = [{"value": ANY, "text": "Everybody"}] + [
            {"value": id, "text": name} for id, name in people.items()
        ]
        self._names = people | {str(thing.id): thing.name for thing in (*bots, *bases)}

    def _filters(self) -> AuditFilters:
        return AuditFilters(
            event="" if self.kind == ANY else self.kind[:100],
            actor_id="" if self.person == ANY else self.person[:100],
            since=self._moment(self.since, time.min),
            until=self._moment(self.until, time.max),
        )

    def _moment(self, day: str, at: time) -> datetime | None:
        if not day:
            return None
        try:
            return datetime.combine(datetime.strptime(day, "%Y-%m-%d").date(), at, UTC)
        except ValueError:
            self.filter_problem = "A day looks like 2030-05-20."
            return None


def _entry_row(entry: AuditView, names: dict[str, str]) -> EntryRow:
    actor = "The system"
    if entry.actor_kind == ActorKind.USER:
        actor = names.get(entry.actor_id, "A former member")
    elif entry.actor_kind == ActorKind.STAFF:
        actor = f"Staff: {entry.facts.get('staff', '')}"
    subject = str(entry.facts.get("name") or entry.facts.get("email") or names.get(str(entry.subject_id), ""))
    ago = say_ago(entry.created_at, now=utc_now())
    return EntryRow(say_event(entry.event), subject, actor, ago, say_exactly(entry.created_at))


def _verdict(found: ChainView) -> str:
    if found.is_whole:
        end = f" Its end is {found.last_hash[:16]}…" if found.last_hash else ""
        return f"{say_count(found.entries, 'entry', 'entries')}, none changed, missing or inserted.{end}"
    return f"The log does not hold at entry {found.broken_at}: {found.reason}."
