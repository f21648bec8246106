"""Keep what visitors leave, once for each address. Only what the bot asks for is kept, and nothing without consent.

What the team does with it afterwards is in `working`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from privexbot_app.domains.bots.schemas import LiveBot
from privexbot_app.domains.leads.contacts import email_of, merge, search_text_of, title_of
from privexbot_app.domains.leads.models import Lead, LeadActivity
from privexbot_app.domains.leads.repository import ActivityRepository, LeadRepository, LeadSettingsRepository
from privexbot_app.domains.leads.schemas import LeadSettingsView, LeadView, NewLead
from privexbot_app.domains.webhooks.service import WebhookService
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import FieldProblem, InvalidError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.unit_of_work import RaceLostError


class LeadRefusedError(InvalidError):
    """The bot does not ask for this, or the visitor has not consented."""

    code = "lead_refused"


@dataclass(frozen=True)
class Capture:
    """Details that somebody has left. id: the same when they come twice."""

    id: UUID
    bot_id: UUID
    conversation_id: UUID | None
    fields: Mapping[str, str]
    consent_text: str
    channel: str = "web"


class LeadService:
    """The leads of the unit's workspace, as bots add to them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._leads = work.repository(LeadRepository)
        self._activities = work.repository(ActivityRepository)

    async def capture(
        self, bot: LiveBot, new: NewLead, *, conversation_id: UUID | None, channel: str = "web"
    ) -> LeadView:
        """Keep what a visitor of `bot` leaves. Raises LeadRefusedError naming every problem."""
        asked = bot.config.lead_capture
        unknown = sorted(new.fields.keys() - set(asked.fields))
        problems = [FieldProblem(f"fields.{name}", "unknown", "This is not asked for.") for name in unknown]
        if not asked.is_enabled:
            raise LeadRefusedError("This bot does not collect contacts.")
        if not new.consent:
            problems.append(FieldProblem("consent", "missing", "Please agree that we keep your details."))
        if problems:
            raise LeadRefusedError("Your details could not be kept.", problems=problems)
        return await self.keep(
            Capture(new_id(), bot.id, conversation_id, new.fields, asked.consent_text, channel=channel)
        )

    async def keep(self, capture: Capture) -> LeadView:
        """A new lead, or more about one whose address is known; a capture that comes twice is kept once."""
        known = await self._activities.find(capture.id)
        if known is not None:
            return LeadView.model_validate(await self._leads.get(known.lead_id))
        email = email_of(capture.fields)
        lead = await self._leads.find_by_email(email) if email else None
        if lead is None:
            lead = self._leads.add(await self._new(capture, email))
            event: Any = "lead.captured"
        else:
            fill_in(lead, merge(lead.fields, capture.fields))
            event = "lead.updated"
        lead.consented_at, lead.consent_text, lead.changed_at = utc_now(), capture.consent_text, utc_now()
        await self._work.session.flush()
        self._write_down(lead, capture)
        view = LeadView.model_validate(lead)
        if not self._work.scope.is_test:
            await WebhookService(self._work).emit(event, view.model_dump(mode="json"))
        return view

    async def _new(self, capture: Capture, email: str | None) -> Lead:
        lead = Lead(
            workspace_id=self._work.scope.workspace_id,
            bot_id=capture.bot_id,
            conversation_id=capture.conversation_id,
            fields={},
            email=email,
            status=(await load_settings(self._work)).stages[0].id,
            channel=capture.channel,
        )
        fill_in(lead, dict(capture.fields))
        return lead

    def _write_down(self, lead: Lead, capture: Capture) -> None:
        facts = {
            "fields": dict(capture.fields),
            "consent_text": capture.consent_text,
            "bot_id": str(capture.bot_id),
            "conversation_id": str(capture.conversation_id) if capture.conversation_id else None,
            "channel": capture.channel,
        }
        self._activities.add(
            LeadActivity(id=capture.id, workspace_id=lead.workspace_id, lead_id=lead.id, kind="captured", facts=facts)
        )


async def keep_contact(
    works: Workshop, scope: Scope, bot: LiveBot, new: NewLead, conversation_id: UUID | None, channel: str
) -> LeadView:
    """`LeadService.capture` in a unit of work of its own; again, if the same person has left something this moment."""
    try:
        async with works.open(scope) as work:
            return await LeadService(work).capture(bot, new, conversation_id=conversation_id, channel=channel)
    except RaceLostError:
        async with works.open(scope) as work:
            return await LeadService(work).capture(bot, new, conversation_id=conversation_id, channel=channel)


async def load_settings(work: Work) -> LeadSettingsView:
    """The workspace's pipeline and fields; the usual ones, until somebody changes them."""
    row = await work.repository(LeadSettingsRepository).find_own()
    if row is None:
        return LeadSettingsView()
    return LeadSettingsView.model_validate({"stages": row.stages, "custom_fields": row.custom_fields})


def fill_in(lead: Lead, fields: dict[str, str]) -> None:
    """Give a lead fields, and what follows from them for lists and searches."""
    lead.fields, lead.title, lead.search_text = fields, title_of(fields), search_text_of(fields)
