"""Keep what visitors leave. Only fields that the bot asks for are kept, and nothing without consent."""

from uuid import UUID

from privexbot_app.domains.bots.schemas import LiveBot
from privexbot_app.domains.leads.models import Lead
from privexbot_app.domains.leads.repository import LeadRepository
from privexbot_app.domains.leads.schemas import LeadView, NewLead
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import FieldProblem, InvalidError
from privexbot_app.kit.pagination import Page, PageParams


class LeadRefusedError(InvalidError):
    """The bot does not ask for this, or the visitor has not consented."""

    code = "lead_refused"


class LeadService:
    """The leads of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._leads = work.repository(LeadRepository)

    def capture(self, bot: LiveBot, new: NewLead, *, conversation_id: UUID | None) -> LeadView:
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
        lead = Lead(
            workspace_id=self._work.scope.workspace_id,
            bot_id=bot.id,
            conversation_id=conversation_id,
            fields=dict(new.fields),
            consented_at=utc_now(),
        )
        return LeadView.model_validate(self._leads.add(lead))

    def capture_from_flow(self, lead_id: UUID, bot_id: UUID, conversation_id: UUID, fields: dict[str, str]) -> LeadView:
        """Keep what a chatflow has asked a visitor for, with their consent; the flow decides on the fields."""
        lead = Lead(
            id=lead_id,
            workspace_id=self._work.scope.workspace_id,
            bot_id=bot_id,
            conversation_id=conversation_id,
            fields=dict(fields),
            consented_at=utc_now(),
        )
        return LeadView.model_validate(self._leads.add(lead))

    async def find(self, lead_id: UUID) -> LeadView | None:
        """A lead, or None."""
        row = await self._leads.find(lead_id)
        return LeadView.model_validate(row) if row else None

    async def list_leads(self, params: PageParams) -> Page[LeadView]:
        """The workspace's leads, newest first. Needs `conversations.read`."""
        self._work.scope.require("conversations.read")
        page = await self._leads.page(params)
        return Page(items=[LeadView.model_validate(row) for row in page.items], next_cursor=page.next_cursor)
