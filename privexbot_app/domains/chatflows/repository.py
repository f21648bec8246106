"""Rows of flows' states and traces."""

from collections.abc import Sequence
from uuid import UUID

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

    async def find_of_message(self, message_id: UUID) -> FlowTurn | None:
        """The turn that gave an answer, or None."""
        return await self.one(self.query(FlowTurn.message_id == message_id))
