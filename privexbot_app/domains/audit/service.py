"""Write down who did what, in the same transaction as the deed. Refuses to change or delete what is written."""

from uuid import UUID

from privexbot_app.domains.audit.models import AuditEntry, SignInEntry
from privexbot_app.domains.audit.repository import AuditRepository
from privexbot_app.domains.audit.schemas import AuditView
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.pagination import Page, PageParams


class AuditService:
    """The audit log of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def record(self, event: str, subject_id: UUID | None = None, **facts: object) -> None:
        """Add an entry. `event` is dotted past tense, e.g. `bot.deployed`; facts are plain JSON without secrets."""
        actor = self._work.scope.actor
        entry = AuditEntry(
            workspace_id=self._work.scope.workspace_id,
            actor_kind=actor.kind,
            actor_id=actor.id,
            event=event,
            subject_id=subject_id,
            facts=facts,
        )
        self._work.repository(AuditRepository).add(entry)

    def record_sign_in(self, user_id: UUID, event: str) -> None:
        """Add a sign-in, sign-out or refused attempt."""
        self._work.session.add(SignInEntry(user_id=user_id, event=event, at=utc_now()))

    async def list_entries(self, params: PageParams) -> Page[AuditView]:
        """The workspace's entries, newest first. Needs `audit.read`."""
        self._work.scope.require("audit.read")
        page = await self._work.repository(AuditRepository).page(params)
        return Page(items=[AuditView.model_validate(row) for row in page.items], next_cursor=page.next_cursor)
