"""Rows of flows' states and traces."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from privexbot_app.domains.chatflows.models import FlowState, FlowTurn
from privexbot_app.kit.repository import TenantRepository

MOST_TURNS = 200


class FlowStateRepository(TenantRepository[FlowState]):
    """Where conversations stand."""

    model = FlowState
    noun = "flow state"

    async def find_of(self, conversation_id: UUID) -> FlowState | None:
        """The state of a conversation, or None before its first turn."""
        return await self.one(self.query(FlowState.conversation_id == conversation_id))


class FlowTurnRepository(TenantRepository[FlowTurn]):
    """What turns did."""

    model = FlowTurn
    noun = "flow turn"

    async def list_of(self, conversation_id: UUID) -> Sequence[FlowTurn]:
        """The latest turns of a conversation, oldest first."""
        statement = self.query(FlowTurn.conversation_id == conversation_id).order_by(FlowTurn.id.desc())
        return list(reversed(await self.all(statement.limit(MOST_TURNS))))

    async def list_runs(self, conversation_ids: Sequence[UUID]) -> list[tuple[UUID, list[dict[str, Any]]]]:
        """Conversation and traces of every turn of some conversations, in the order in which they happened."""
        statement = (
            select(FlowTurn.conversation_id, FlowTurn.runs)
            .where(FlowTurn.workspace_id == self.scope.workspace_id, FlowTurn.conversation_id.in_(conversation_ids))
            .order_by(FlowTurn.id)
        )
        return [(id, runs) for id, runs in await self.session.execute(statement)]

    async def find_of_message(self, message_id: UUID) -> FlowTurn | None:
        """The turn that gave an answer, or None."""
        return await self.one(self.query(FlowTurn.message_id == message_id))
