"""Who holds a conversation instead of the bot. The database is the truth; a copy in Redis spares messages a query."""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

from privexbot_app.domains.conversations.asking import Asking
from privexbot_app.domains.conversations.repository import ConversationRepository
from privexbot_app.domains.conversations.schemas import ChatAnswer, ChatEvent, UsageView
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.scope import Scope

KEPT_SECONDS = 1800


@dataclass(frozen=True)
class Holder:
    """A teammate who answers instead of the bot. name: as the visitor sees it."""

    id: UUID
    name: str


async def find_holder(works: Workshop, scope: Scope, conversation_id: UUID) -> Holder | None:
    """Who holds it, or None. Costs one look into Redis, and a query every half an hour."""
    kept = await works.redis.get(_key(scope, conversation_id))
    if kept is not None:
        return _read(kept)
    async with works.open(scope, read_only=True) as work:
        row = await work.repository(ConversationRepository).find(conversation_id)
    holder = Holder(row.agent_id, row.agent_name) if row is not None and row.agent_id else None
    # Whoever takes over in this very moment writes over it; what we have read may not write over that.
    await works.redis.set(_key(scope, conversation_id), _written(holder), ex=KEPT_SECONDS, nx=True)
    return holder


async def remember_holder(works: Workshop, scope: Scope, conversation_id: UUID, holder: Holder | None) -> None:
    """Copy what was written to the database."""
    await works.redis.set(_key(scope, conversation_id), _written(holder), ex=KEPT_SECONDS)


async def held_events(asking: Asking, holder: Holder) -> AsyncGenerator[ChatEvent]:
    """What a visitor hears whose message waits for a person: who will answer, and no words."""
    yield ChatEvent("run.started", {"session_id": asking.session_token, "message_id": str(asking.message_id)})
    yield ChatEvent("handoff", {"reason": "", "is_waiting": False, "agent": {"name": holder.name}})
    whole = ChatAnswer(
        session_id=asking.session_token,
        message_id=asking.message_id,
        response="",
        citations=[],
        usage=UsageView(),
        latency_ms=round((perf_counter() - asking.started) * 1000),
    )
    yield ChatEvent("run.finished", whole.model_dump(mode="json"))


def _key(scope: Scope, conversation_id: UUID) -> str:
    return scope.key("held", conversation_id.hex)


def _written(holder: Holder | None) -> str:
    return json.dumps([str(holder.id), holder.name]) if holder else ""


def _read(kept: str) -> Holder | None:
    if not kept:
        return None
    id, name = json.loads(kept)
    return Holder(UUID(id), name)
