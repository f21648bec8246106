"""Write down who did what, in the same transaction as the deed. Refuses to change or delete what is written.

Three logs: of each workspace, of each organization, and of all sign-ins. Entries are linked into their chains right
before the commit, when the unit of work waits for nothing else.
"""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col

from privexbot_app.domains.audit.chain import find_break
from privexbot_app.domains.audit.models import AuditEntry, OrganizationEntry, SignInEntry
from privexbot_app.domains.audit.repository import (
    AuditRepository,
    Entry,
    append,
    link_anew,
    list_log,
    list_organization_entries,
    said_by,
)
from privexbot_app.domains.audit.schemas import AuditFilters, AuditView, ChainView
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.pagination import Page, PageParams
from privexbot_app.kit.persons import names, without_in
from privexbot_app.kit.scope import Actor

MOST_EXPORTED = 100_000
COLUMNS = (
    "position", "created_at", "actor_kind", "actor_id", "event", "subject_id", "facts", "id", "previous_hash", "hash",
)  # fmt: skip
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class AuditService:
    """The logs, as one unit of work adds to them and reads them."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def record(self, event: str, subject_id: UUID | None = None, **facts: object) -> None:
        """Add an entry. `event` is dotted past tense, e.g. `bot.deployed`; facts are plain JSON without secrets."""
        scope = self._work.scope
        self._stage(
            AuditEntry(
                workspace_id=scope.workspace_id,
                actor_kind=scope.actor.kind,
                actor_id=scope.actor.id,
                event=event,
                subject_id=subject_id,
                facts=_plain(facts),
            )
        )

    def record_in_organization(
        self, organization_id: UUID, actor: Actor, event: str, subject_id: UUID | None = None, **facts: object
    ) -> None:
        """Add an entry to an organization's own log."""
        self._stage(
            OrganizationEntry(
                organization_id=organization_id,
                actor_kind=actor.kind,
                actor_id=actor.id,
                event=event,
                subject_id=subject_id,
                facts=_plain(facts),
            )
        )

    def record_sign_in(self, user_id: UUID, event: str, **facts: object) -> None:
        """Add a sign-in, sign-out or refused attempt."""
        self._stage(SignInEntry(user_id=user_id, event=event, at=utc_now(), facts=_plain(facts)))

    async def list_entries(self, params: PageParams, filters: AuditFilters | None = None) -> Page[AuditView]:
        """The workspace's entries, newest first. Needs `audit.read`."""
        self._work.scope.require("audit.read")
        conditions = _conditions(AuditEntry, filters or AuditFilters())
        page = await self._work.repository(AuditRepository).page(params, *conditions)
        return Page(items=[AuditView.model_validate(row) for row in page.items], next_cursor=page.next_cursor)

    async def export(self, format: str, filters: AuditFilters) -> str:
        """The workspace's entries, newest first, as `csv` or `json`. Needs `audit.read`."""
        self._work.scope.require("audit.read")
        rows = self._work.repository(AuditRepository)
        query = rows.query(*_conditions(AuditEntry, filters)).order_by(col(AuditEntry.id).desc()).limit(MOST_EXPORTED)
        AuditService(self._work).record("audit_log.exported", format=format)
        return write_entries([AuditView.model_validate(row) for row in await rows.all(query)], format)

    async def verify(self) -> ChainView:
        """Whether the workspace's log holds together. Needs `audit.read`."""
        self._work.scope.require("audit.read")
        return _chain_view(await list_log(self._work.session, AuditEntry))

    async def list_organization_entries(
        self, organization_id: UUID, filters: AuditFilters, *, limit: int = 200
    ) -> Sequence[AuditView]:
        """An organization's own entries, newest first. `tenancy` decides who may read them."""
        conditions = _conditions(OrganizationEntry, filters)
        rows = await list_organization_entries(self._work.session, organization_id, *conditions, limit=limit)
        return [AuditView.model_validate(row) for row in rows]

    async def pseudonymise(self, email: str, pseudonym: str) -> int:
        """Replace an address in the workspace's entries, and link them anew from the first one that held it.

        The one change that a written log allows, as the law asks for it. The hash of the old end is recorded, so that
        whoever kept it can see that nothing else happened. Returns how many entries held the address.
        """
        rows = await list_log(self._work.session, AuditEntry)
        old_end = rows[-1].hash if rows else ""
        held = [row for row in rows if names(json.dumps(row.facts, ensure_ascii=False), email)]
        for row in held:
            row.facts = without_in(row.facts, email, pseudonym)
        if held:
            link_anew(rows, first=held[0].position)
            self.record("audit_log.pseudonymised", entries=len(held), previous_end=old_end)
        return len(held)

    async def verify_organization(self, organization_id: UUID) -> ChainView:
        """Whether an organization's log holds together. `tenancy` decides who may ask."""
        condition = OrganizationEntry.organization_id == organization_id
        return _chain_view(await list_log(self._work.session, OrganizationEntry, condition))

    async def verify_sign_ins(self) -> ChainView:
        """Whether the log of sign-ins holds together; for the operator."""
        return _chain_view(await list_log(self._work.session, SignInEntry))

    def _stage(self, entry: Entry) -> None:
        # Rows that their defaults fill in are complete now, so that the hash covers what is stored.
        staged = self._work.before_commit(_link)
        staged.append(entry)


async def _link(work: Work, staged: list[Entry]) -> None:
    await append(work.session, staged)


def write_entries(entries: Sequence[AuditView], format: str) -> str:
    """Entries as CSV or JSON. A cell that a spreadsheet would calculate is written as text."""
    plain = [entry.model_dump(mode="json") for entry in entries]
    if format == "json":
        return json.dumps(plain, ensure_ascii=False, indent=1)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row in plain:
        row["facts"] = json.dumps(row["facts"], ensure_ascii=False)
        writer.writerow([_cell(row[column]) for column in COLUMNS])
    return file.getvalue()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _plain(facts: dict[str, object]) -> dict[str, Any]:
    # As it will be read back: enumerations as their words, tuples as lists.
    return json.loads(json.dumps(facts))


def _conditions(model: type[AuditEntry] | type[OrganizationEntry], filters: AuditFilters) -> list[Any]:
    conditions: list[Any] = []
    if filters.event:
        conditions.append(col(model.event).startswith(filters.event, autoescape=True))
    if filters.actor_id:
        conditions.append(model.actor_id == filters.actor_id)
    if filters.since:
        conditions.append(model.created_at >= filters.since)
    if filters.until:
        conditions.append(model.created_at <= filters.until)
    return conditions


def _chain_view(rows: Sequence[Entry]) -> ChainView:
    found = find_break((row.position, row.previous_hash, row.hash, said_by(row)) for row in rows)
    return ChainView(
        is_whole=found is None,
        entries=len(rows),
        broken_at=found.position if found else None,
        reason=found.reason if found else "",
        last_hash=rows[-1].hash if rows else "",
    )
