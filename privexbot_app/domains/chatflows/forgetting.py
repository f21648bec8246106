"""Traces and states of flows that go: kept long enough, or of a person who wants to be forgotten."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, delete, func
from sqlmodel import col

from privexbot_app.domains.chatflows.models import FlowState, FlowTurn
from privexbot_app.domains.chatflows.repository import FlowStateRepository, FlowTurnRepository
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.persons import names


class ForgettingFlows:
    """What is kept of flows in the unit's workspace, as retention and erasure see it."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._states = work.repository(FlowStateRepository)
        self._turns = work.repository(FlowTurnRepository)

    async def delete_traces_before(self, moment: datetime) -> int:
        """Delete the traces of turns before; the conversations go on. Returns how many."""
        rows = await self._turns.all(self._turns.query(col(FlowTurn.created_at) < moment))
        await self._work.session.execute(delete(FlowTurn).where(col(FlowTurn.id).in_([row.id for row in rows])))
        return len(rows)

    async def delete_traces_of(self, conversation_ids: Collection[UUID]) -> None:
        """Delete the traces of conversations that go on."""
        if conversation_ids:
            gone = delete(FlowTurn).where(col(FlowTurn.conversation_id).in_(conversation_ids))
            await self._work.session.execute(gone)

    async def list_knowing(self, email: str) -> list[UUID]:
        """Conversations whose flow remembers an address."""
        if not email:
            return []
        holds = func.lower(cast(col(FlowState.variables), Text)).contains(email, autoescape=True)
        rows = await self._states.all(self._states.query(holds))
        return [row.conversation_id for row in rows if names(str(row.variables), email)]

    async def export(self, conversation_ids: Collection[UUID]) -> dict[str, list[dict[str, Any]]]:
        """What flows remember and have traced of conversations, as plain JSON."""
        states = await self._states.all(self._states.query(col(FlowState.conversation_id).in_(conversation_ids)))
        turns = await self._turns.all(self._turns.query(col(FlowTurn.conversation_id).in_(conversation_ids)))
        return {
            "flow_states": [
                {"conversation_id": str(row.conversation_id), "variables": row.variables} for row in states
            ],
            "flow_turns": [
                {"conversation_id": str(row.conversation_id), "at": row.created_at.isoformat(), "runs": row.runs}
                for row in turns
            ],
        }
