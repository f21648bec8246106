"""Contacts for nodes. The room of leads is above this one, so a job carries them there."""

from collections.abc import Mapping
from uuid import UUID

from privexbot_app.domains.chatflows.ports.setting import Setting
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.errors import InvalidError
from privexbot_app.kit.ids import new_id

CAPTURE_JOB = "leads.capture_from_flow"
MOST_FIELDS = 50
LONGEST_FIELD = 2000


class NoConsentError(InvalidError):
    """A contact cannot be kept without the visitor's consent."""

    code = "lead_without_consent"

    def __init__(self) -> None:
        super().__init__("The visitor has not agreed that the details are kept.")


class WorkspaceLeads:
    """Keeps contacts of this conversation."""

    def __init__(self, works: Workshop, setting: Setting) -> None:
        self._works, self._setting = works, setting

    async def capture(self, fields: Mapping[str, str], *, consent: bool) -> str:
        """Have a contact kept; returns its id at once. Raises NoConsentError."""
        if not consent:
            raise NoConsentError
        lead_id: UUID = new_id()
        kept = {name: value[:LONGEST_FIELD] for name, value in list(fields.items())[:MOST_FIELDS] if value}
        if kept and not self._setting.is_trial:
            async with self._works.open(self._setting.scope) as work:
                work.record_job(
                    CAPTURE_JOB,
                    lead_id=str(lead_id),
                    bot_id=str(self._setting.bot_id),
                    conversation_id=str(self._setting.conversation_id),
                    fields=kept,
                )
        return str(lead_id)
