"""What the team does with leads: find, move along the pipeline, note, assign, take along.

Needs `conversations.read`, and `conversations.write` for changes.
"""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

from sqlmodel import col

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.identity.service import UserDirectory
from privexbot_app.domains.leads.contacts import check_fields, email_of
from privexbot_app.domains.leads.models import Lead, LeadActivity, LeadSettings
from privexbot_app.domains.leads.repository import ActivityRepository, LeadRepository, LeadSettingsRepository
from privexbot_app.domains.leads.schemas import (
    ActivityView,
    LeadChange,
    LeadCount,
    LeadDetail,
    LeadFilters,
    LeadSettingsView,
    LeadView,
    NewNote,
)
from privexbot_app.domains.leads.service import fill_in, load_settings
from privexbot_app.domains.tenancy.members import MemberService
from privexbot_app.domains.webhooks.service import WebhookService
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import ConflictError, FieldProblem, InvalidError
from privexbot_app.kit.pagination import Page, PageParams
from privexbot_app.kit.scope import ActorKind, Scope
from privexbot_app.kit.spreadsheets import write_csv

EXPORT_PAGE = 500
PROGRAM = "API"
COLUMNS = (
    "id",
    "created_at",
    "title",
    "email",
    "status",
    "owner_id",
    "channel",
    "bot_id",
    "consented_at",
    "consent_text",
)


class LeadInvalidError(InvalidError):
    """A change names a stage or an owner that is not there, or a value that does not fit its field."""

    code = "lead_invalid"


class EmailTakenError(ConflictError):
    """Another lead has this address."""

    code = "lead_email_taken"

    def __init__(self) -> None:
        super().__init__("Another contact has this e-mail address.")


class StageInUseError(ConflictError):
    """A stage with leads in it cannot be removed."""

    code = "lead_stage_in_use"

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"There are still contacts in: {', '.join(names)}. Move them first.")


class LeadDesk:
    """The leads of the unit's workspace, as the team works with them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._leads = work.repository(LeadRepository)
        self._activities = work.repository(ActivityRepository)

    async def list_leads(self, params: PageParams, filters: LeadFilters | None = None) -> Page[LeadView]:
        """Newest first."""
        self._work.scope.require("conversations.read")
        page = await self._leads.page(params, *_conditions(filters or LeadFilters()))
        return Page(items=[LeadView.model_validate(row) for row in page.items], next_cursor=page.next_cursor)

    async def list_window(self, offset: int, limit: int, filters: LeadFilters) -> list[LeadView]:
        """Newest first, from a position on; for lists that are scrolled by a bar."""
        self._work.scope.require("conversations.read")
        rows = await self._leads.list_window(max(0, offset), limit, *_conditions(filters))
        return [LeadView.model_validate(row) for row in rows]

    async def count(self, filters: LeadFilters) -> list[LeadCount]:
        """How many there are in each stage, in the order of the pipeline."""
        self._work.scope.require("conversations.read")
        counts = await self._leads.count_by_status(*_conditions(filters))
        stages = (await load_settings(self._work)).stages
        return [LeadCount(status=stage.id, count=counts.get(stage.id, 0)) for stage in stages]

    async def get_lead(self, lead_id: UUID) -> LeadDetail:
        """A lead with its timeline. Raises NotFoundError (`lead_not_found`)."""
        self._work.scope.require("conversations.read")
        return await self._detail(await self._leads.get(lead_id))

    async def change(self, lead_id: UUID, change: LeadChange) -> LeadDetail:
        """Change fields, stage and owner. Raises LeadInvalidError, EmailTakenError, NotFoundError."""
        self._work.scope.require("conversations.write")
        row = await self._leads.get(lead_id)
        await self._check(change)
        facts = await self._apply(row, change)
        if facts:
            row.changed_at = utc_now()
            await self._write_down(row, "changed", facts=facts)
            await WebhookService(self._work).emit("lead.updated", LeadView.model_validate(row).model_dump(mode="json"))
        return await self._detail(row)

    async def add_note(self, lead_id: UUID, note: NewNote) -> LeadDetail:
        """Write something down."""
        self._work.scope.require("conversations.write")
        row = await self._leads.get(lead_id)
        await self._write_down(row, "note", text=note.text)
        return await self._detail(row)

    async def delete(self, lead_id: UUID) -> None:
        """Forget a lead with its timeline."""
        self._work.scope.require("conversations.write")
        row = await self._leads.get(lead_id)
        await self._leads.delete(row.id)
        AuditService(self._work).record("lead.deleted", row.id)

    async def get_settings(self) -> LeadSettingsView:
        """The pipeline and the fields."""
        self._work.scope.require("conversations.read")
        return await load_settings(self._work)

    async def set_settings(self, settings: LeadSettingsView) -> LeadSettingsView:
        """Replace the pipeline and the fields. Raises StageInUseError."""
        self._work.scope.require("conversations.write")
        kept = {stage.id for stage in settings.stages}
        counts = await self._leads.count_by_status()
        names = {stage.id: stage.name for stage in (await load_settings(self._work)).stages}
        if lost := [names.get(id, id) for id, count in counts.items() if count and id not in kept]:
            raise StageInUseError(lost)
        rows = self._work.repository(LeadSettingsRepository)
        plain = settings.model_dump(mode="json")
        row = await rows.find_own()
        if row is None:
            rows.add(LeadSettings(workspace_id=self._work.scope.workspace_id, **plain))
        else:
            row.stages, row.custom_fields = plain["stages"], plain["custom_fields"]
        AuditService(self._work).record("lead_settings.changed", stages=sorted(kept))
        return settings

    async def _check(self, change: LeadChange) -> None:
        settings = await load_settings(self._work)
        problems = check_fields(change.fields or {}, settings.custom_fields)
        if change.status and change.status not in {stage.id for stage in settings.stages}:
            problems.append(FieldProblem("status", "unknown", "There is no such stage."))
        if change.owner_id and change.owner_id not in await self._member_ids():
            problems.append(FieldProblem("owner_id", "unknown", "There is no such member."))
        if problems:
            raise LeadInvalidError("The contact was not changed.", problems=problems)

    async def _apply(self, row: Lead, change: LeadChange) -> dict[str, Any]:
        facts: dict[str, Any] = {}
        if change.fields:
            fields = {name: value for name, value in {**row.fields, **change.fields}.items() if value}
            if fields != row.fields:
                email = email_of(fields)
                other = await self._leads.find_by_email(email) if email else None
                if other is not None and other.id != row.id:
                    raise EmailTakenError
                row.email = email
                fill_in(row, fields)
                facts["fields"] = sorted(change.fields)
        if change.status and change.status != row.status:
            facts["status"], row.status = [row.status, change.status], change.status
        owner_id = None if change.is_unowned else change.owner_id or row.owner_id
        if owner_id != row.owner_id:
            facts["owner_id"], row.owner_id = str(owner_id) if owner_id else None, owner_id
        return facts

    async def _member_ids(self) -> set[UUID]:
        return {member.user.id for member in await MemberService(self._work).list_members()}

    async def _write_down(self, row: Lead, kind: str, *, text: str = "", facts: dict[str, Any] | None = None) -> None:
        entry = LeadActivity(
            workspace_id=row.workspace_id,
            lead_id=row.id,
            kind=kind,
            text=text,
            facts=facts or {},
            actor=await self._my_name(),
        )
        self._activities.add(entry)
        await self._work.session.flush()

    async def _my_name(self) -> str:
        actor = self._work.scope.actor
        if actor.kind is not ActorKind.USER:
            return PROGRAM
        user = (await UserDirectory(self._work).list_users([UUID(actor.id)])).get(UUID(actor.id))
        return (user.name or user.email) if user else ""

    async def _detail(self, row: Lead) -> LeadDetail:
        names = await BotService(self._work).names_of([row.bot_id])
        timeline = [ActivityView.model_validate(entry) for entry in await self._activities.list_of(row.id)]
        view = LeadView.model_validate(row).model_dump()
        return LeadDetail(**view, bot_name=names.get(row.bot_id, ""), timeline=timeline)


async def export_leads(works: Workshop, scope: Scope, filters: LeadFilters, format: str) -> AsyncIterator[str]:
    """Pieces of a CSV file or a JSON list, a page at a time. Needs `conversations.read`; the audit log tells of it."""
    async with works.open(scope) as work:
        scope.require("conversations.read")
        AuditService(work).record("leads.exported", format=format)
    async with works.open(scope, read_only=True) as work:
        custom = [field.name for field in (await load_settings(work)).custom_fields]
    yield write_csv([[*COLUMNS, *custom, "fields"]]) if format == "csv" else "["
    cursor, is_first = None, True
    while is_first or cursor:
        async with works.open(scope, read_only=True) as work:
            page = await LeadDesk(work).list_leads(PageParams(EXPORT_PAGE, cursor), filters)
        plain = [view.model_dump(mode="json") for view in page.items]
        if format == "csv":
            yield write_csv(_line(row, custom) for row in plain)
        elif plain:
            text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in plain)
            yield text if is_first else f",\n{text}"
        cursor, is_first = page.next_cursor, False
    if format == "json":
        yield "]"


def _line(row: dict[str, Any], custom: list[str]) -> list[Any]:
    values = row["fields"]
    rest = {name: value for name, value in values.items() if name not in custom}
    text = "; ".join(f"{name}: {value}" for name, value in rest.items())
    return [*(row[column] for column in COLUMNS), *(values.get(name, "") for name in custom), text]


def _conditions(filters: LeadFilters) -> list[Any]:
    conditions: list[Any] = []
    for column, value in ((Lead.status, filters.status), (Lead.channel, filters.channel)):
        if value:
            conditions.append(col(column) == value)
    for key, id in ((Lead.owner_id, filters.owner_id), (Lead.bot_id, filters.bot_id)):
        if id is not None:
            conditions.append(col(key) == id)
    if filters.since:
        conditions.append(col(Lead.created_at) >= filters.since)
    if filters.until:
        conditions.append(col(Lead.created_at) <= filters.until)
    if text := filters.text.strip().casefold():
        conditions.append(col(Lead.search_text).contains(text, autoescape=True))
    return conditions
