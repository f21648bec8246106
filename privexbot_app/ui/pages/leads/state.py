"""The list of leads, of which the page holds the part in sight, and the one that is read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import reflex as rx

from privexbot_app.domains.leads.schemas import ActivityView, LeadChange, LeadDetail, LeadFilters, LeadView, NewNote
from privexbot_app.domains.leads.working import LeadDesk
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.formats import say_ago, say_exactly
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.session import ScopedState

WINDOW = 120
EVERYTHING = "all"
TONES = {"open": "busy", "won": "good", "lost": "neutral"}
KINDS = {"captured": "Left details", "changed": "Changed", "note": "Note"}


@dataclass
class Entry:
    """A line of the timeline."""

    what: str
    text: str
    exactly: str


class LeadsState(ScopedState):
    """What the page shows. offset: the position of the first row that is here; lead: the one that is read."""

    is_listed: bool = False
    rows: list[dict[str, str]] = []
    offset: int = 0
    total: int = 0
    words: str = ""
    status: str = EVERYTHING
    stages: list[dict[str, str]] = []
    lead: dict[str, str] = {}
    fields: list[dict[str, str]] = []
    timeline: list[Entry] = []

    @rx.event
    async def load(self) -> None:
        """List from the newest on."""
        scope = await self.scope()
        self.lead, self.fields, self.timeline = {}, [], []
        await self._list(scope, 0)
        self.is_listed = True

    @rx.event
    async def show_window(self, offset: int) -> None:
        """The rows that were scrolled to."""
        await self._list(await self.scope(), max(0, int(offset)))

    @rx.event
    async def search(self, words: str) -> None:
        """Those with the words in any field."""
        scope = await self.scope()
        self.words = str(words)[:200]
        await self._list(scope, 0)

    @rx.event
    async def choose_status(self, status: str) -> None:
        """Those in a stage."""
        scope = await self.scope()
        known = {stage["value"] for stage in self.stages}
        self.status = status if status in known else EVERYTHING
        await self._list(scope, 0)

    @rx.event
    async def read(self, lead_id: str) -> None:
        """Show a lead."""
        async with self.works.open(await self.scope(), read_only=True) as work:
            self._show(await LeadDesk(work).get_lead(parse_id(lead_id)))

    @rx.event
    async def move(self, status: str) -> None:
        """Put the lead that is read into another stage."""
        await self._change(await self.scope(), LeadChange(status=str(status)))

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Keep the values that were typed."""
        values = {str(name): str(value) for name, value in form.items() if name in {f["name"] for f in self.fields}}
        await self._change(await self.scope(), LeadChange(fields=values))
        return rx.toast.success("Saved.")

    @rx.event
    async def note(self, form: dict[str, Any]) -> None:
        """Write something down."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            note = NewNote(text=str(form.get("text", "")))
            self._show(await LeadDesk(work).add_note(parse_id(self.lead.get("id")), note))

    async def _change(self, scope: Scope, change: LeadChange) -> None:
        async with self.works.open(scope) as work:
            self._show(await LeadDesk(work).change(parse_id(self.lead.get("id")), change))
        await self._list(scope, self.offset)

    async def _list(self, scope: Scope, offset: int) -> None:
        filters = LeadFilters(text=self.words, status="" if self.status == EVERYTHING else self.status)
        async with self.works.open(scope, read_only=True) as work:
            desk = LeadDesk(work)
            stages = {stage.id: stage for stage in (await desk.get_settings()).stages}
            self.total = sum(one.count for one in await desk.count(filters))
            views = await desk.list_window(offset, WINDOW, filters)
        self.stages = [{"value": stage.id, "text": stage.name} for stage in stages.values()]
        now = utc_now()
        self.offset = offset
        self.rows = [
            _row(view, stages[view.status].name, TONES[stages[view.status].outcome], now)
            if view.status in stages
            else _row(view, view.status, "neutral", now)
            for view in views
        ]

    def _show(self, lead: LeadDetail) -> None:
        self.lead = {
            "id": str(lead.id),
            "title": lead.title,
            "status": lead.status,
            "source": f"{lead.bot_name}, {lead.channel}",
            "consent": f"{lead.consent_text} ({say_exactly(lead.consented_at)})" if lead.consented_at else "None",
        }
        self.fields = [{"name": name, "value": value} for name, value in lead.fields.items()]
        self.timeline = [_entry(entry) for entry in lead.timeline]


def _row(view: LeadView, status: str, tone: str, now: datetime) -> dict[str, str]:
    return {
        "id": str(view.id),
        "title": view.title,
        "detail": view.email or "",
        "status": status,
        "tone": tone,
        "ago": say_ago(view.created_at, now=now),
        "exactly": say_exactly(view.created_at),
    }


def _entry(entry: ActivityView) -> Entry:
    facts = {name: value for name, value in entry.facts.items() if name in {"fields", "status", "owner_id"}}
    text = entry.text or "; ".join(f"{name}: {_plain(value)}" for name, value in facts.items())
    what = f"{KINDS[entry.kind]} · {entry.actor}" if entry.actor else KINDS[entry.kind]
    return Entry(what, text, say_exactly(entry.created_at))


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return " → ".join(map(str, value)) if isinstance(value, list) else str(value)
