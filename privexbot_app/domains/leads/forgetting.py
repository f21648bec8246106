"""Contacts that go: kept long enough, or of a person who wants to be forgotten. Whoever calls asks for permission."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, delete, func, or_
from sqlmodel import col

from privexbot_app.domains.leads.models import Lead
from privexbot_app.domains.leads.repository import LeadRepository
from privexbot_app.domains.leads.schemas import LeadView
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.persons import Person, names


class ForgettingLeads:
    """The leads of the unit's workspace, as retention and erasure see them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._leads = work.repository(LeadRepository)

    async def delete_before(self, moment: datetime) -> int:
        """Delete what was left before; returns how many."""
        rows = await self._leads.all(self._leads.query(col(Lead.created_at) < moment))
        await self.delete([row.id for row in rows])
        return len(rows)

    async def delete(self, ids: Collection[UUID]) -> None:
        """Delete leads."""
        if ids:
            await self._work.session.execute(delete(Lead).where(col(Lead.id).in_(ids)))

    async def list_of(self, person: Person, conversation_ids: Collection[UUID]) -> Sequence[LeadView]:
        """What somebody has left: with their address in it, or in one of their conversations."""
        is_theirs: list[ColumnElement[bool]] = [col(Lead.conversation_id).in_(conversation_ids)]
        if person.email:
            is_theirs.append(func.lower(cast(col(Lead.fields), Text)).contains(person.email, autoescape=True))
        rows = await self._leads.all(self._leads.query(or_(*is_theirs)))
        known = set(conversation_ids)
        return [
            LeadView.model_validate(row)
            for row in rows
            if row.conversation_id in known or any(names(str(value), person.email) for value in row.fields.values())
        ]
