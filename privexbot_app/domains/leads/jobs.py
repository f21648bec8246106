"""Contacts that chatflows leave; see `domains.chatflows.ports.leads`."""

from uuid import UUID

from privexbot_app.domains.leads.service import Capture, LeadService
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.jobs import job
from privexbot_app.kit.scope import Scope

CONSENT_IN_FLOW = "Agreed to in the conversation."


@job("leads.capture_from_flow", queue="fast", timeout_seconds=60, retries=3)
async def capture_from_flow(
    works: Workshop, scope: Scope, *, lead_id: str, bot_id: str, conversation_id: str, fields: dict[str, str]
) -> None:
    """Keep a contact. A job may run twice; the contact is kept once."""
    async with works.open(scope) as work:
        capture = Capture(UUID(lead_id), UUID(bot_id), UUID(conversation_id), fields, CONSENT_IN_FLOW)
        await LeadService(work).keep(capture)
