"""How long a workspace keeps what visitors leave behind; and all that is known of one person, out or away.

Whose conversation is whose: one that the website vouched for under the id or the address, in which the address was left
as a contact, or whose flow remembers it. Other conversations that name the address stay, without it.
"""

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.chatflows.forgetting import ForgettingFlows
from privexbot_app.domains.conversations.forgetting import ForgettingConversations
from privexbot_app.domains.conversations.remembering import forget_turns
from privexbot_app.domains.knowledge.persons import list_naming
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.domains.leads.forgetting import ForgettingLeads
from privexbot_app.domains.leads.schemas import LeadView
from privexbot_app.domains.privacy.models import RetentionPolicy
from privexbot_app.domains.privacy.repository import PolicyRepository
from privexbot_app.domains.privacy.schemas import Erasing, Erasure, PersonExport, PersonView, Retention
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.persons import Person
from privexbot_app.kit.scope import Scope


class PrivacyService:
    """Retention and persons of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._policies = work.repository(PolicyRepository)
        self._conversations = ForgettingConversations(work)
        self._flows = ForgettingFlows(work)
        self._leads = ForgettingLeads(work)

    async def get_retention(self) -> Retention:
        """How long things are kept. Needs `workspace.read`."""
        self._work.scope.require("workspace.read")
        row = await self._policies.find_own()
        return Retention.model_validate(row) if row else Retention()

    async def set_retention(self, new: Retention) -> Retention:
        """Decide how long things are kept; what is older goes within a day. Needs `workspace.manage`."""
        self._work.scope.require("workspace.manage")
        row = await self._policies.find_own()
        if row is None:
            row = self._policies.add(RetentionPolicy(workspace_id=self._work.scope.workspace_id))
        row.sqlmodel_update(new.model_dump())
        AuditService(self._work).record("retention.changed", None, **new.model_dump())
        return new

    async def find_person(self, person: Person) -> PersonView:
        """What there is of somebody. Needs `workspace.manage`."""
        self._work.scope.require("workspace.manage")
        ids, leads = await self._theirs(person)
        mentions = await self._conversations.list_mentioning(person.email)
        return PersonView(
            conversations=len(ids),
            leads=len(leads),
            mentions=sum(message.conversation_id not in ids for message in mentions),
            documents=await list_naming(self._work, person.email),
        )

    async def export_person(self, person: Person) -> PersonExport:
        """Everything that is stored of somebody. Needs `workspace.manage`; the log tells that it was, not of whom."""
        self._work.scope.require("workspace.manage")
        ids, leads = await self._theirs(person)
        AuditService(self._work).record("person.exported", conversations=len(ids), leads=len(leads))
        return PersonExport(
            exported_at=utc_now(),
            conversations=await self._conversations.export(ids),
            **await self._flows.export(ids),
            leads=[lead.model_dump(mode="json") for lead in leads],
            documents=await list_naming(self._work, person.email),
        )

    async def erase(self, who: Erasing) -> tuple[Erasure, set[UUID]]:
        """Erase somebody; returns what went and the conversations that changed. See `erase_person`, which also clears
        copies in Redis. Needs `workspace.manage`, with documents `kb.write` too."""
        self._work.scope.require("workspace.manage")
        ids, leads = await self._theirs(who)
        await self._leads.delete([lead.id for lead in leads])
        await self._conversations.delete(ids)
        blanked = await self._conversations.list_mentioning(who.email)
        changed = await self._conversations.blank(who.email)
        await self._flows.delete_traces_of(changed)
        documents = await list_naming(self._work, who.email) if who.with_documents else []
        for document in documents:
            await KnowledgeService(self._work).delete_document(document.kb_id, document.id)
        audit = AuditService(self._work)
        # Flushed before the log is read: what this very deed records must be in it.
        entries = await audit.pseudonymise(who.email, _pseudonym(self._work, who.email)) if who.email else 0
        erasure = Erasure(
            conversations=len(ids),
            leads=len(leads),
            blanked=len(blanked),
            documents=len(documents),
            audit_entries=entries,
        )
        audit.record("person.erased", None, **erasure.model_dump())
        return erasure, ids | changed

    async def _theirs(self, person: Person) -> tuple[set[UUID], Sequence[LeadView]]:
        """The conversations and leads of somebody."""
        ids = set(await self._conversations.list_of_visitor(person))
        ids |= set(await self._flows.list_knowing(person.email))
        left = await self._leads.list_of(person, ids)
        ids |= {lead.conversation_id for lead in left if lead.conversation_id}
        return ids, await self._leads.list_of(person, ids)


async def erase_person(works: Workshop, scope: Scope, who: Erasing) -> Erasure:
    """Erase somebody from rows, vectors (by a job that leaves with the rows) and copies in Redis."""
    async with works.open(scope) as work:
        erasure, changed = await PrivacyService(work).erase(who)
    for conversation_id in changed:
        await forget_turns(works, scope, conversation_id)
    return erasure


def _pseudonym(work: Work, email: str) -> str:
    """The same for one address throughout a workspace; nobody without the installation's key finds the address."""
    key = work.plugins.keys.derive("pseudonyms") + work.scope.workspace_id.bytes
    return f"person-{hmac.digest(key, email.encode(), hashlib.sha256).hex()[:16]}"
