"""The latest turns of conversations that are going on, in Redis: what a model is told of a talk, without a query.

The database is the truth; this is a copy of its end, made when a conversation begins or is first read, added to by each
exchange, and forgotten half an hour after the last. Whoever changes messages by another way calls `forget_turns`.
"""

import json
from collections.abc import Awaitable, Sequence
from typing import Any, cast
from uuid import UUID

from privexbot_app.domains.conversations.schemas import Turn
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.scope import Scope

MOST_KEPT = 40
KEPT_SECONDS = 1800


async def recall_turns(works: Workshop, scope: Scope, conversation_id: UUID, limit: int) -> list[Turn] | None:
    """The latest turns, at most `limit`, oldest first; None when they are not kept here."""
    if limit > MOST_KEPT:
        return None
    raw = await cast(Awaitable[list[str]], works.redis.lrange(_key(scope, conversation_id), -limit, -1))
    return [Turn(*json.loads(one)) for one in raw] or None


async def keep_turns(
    works: Workshop, scope: Scope, conversation_id: UUID, turns: Sequence[Turn], *, is_beginning: bool
) -> None:
    """Add turns to what is kept; without a beginning that is kept, nothing is."""
    key = _key(scope, conversation_id)
    raw: list[Any] = [json.dumps([turn.role, turn.content]) for turn in turns if turn.content]
    if not raw:
        return
    pipe = works.redis.pipeline(transaction=is_beginning)
    if is_beginning:
        pipe.delete(key)  # two readers at the same moment must not keep everything twice
        pipe.rpush(key, *raw)
    else:
        pipe.rpushx(key, *raw)
    pipe.ltrim(key, -MOST_KEPT, -1)
    pipe.expire(key, KEPT_SECONDS)
    await pipe.execute()


async def forget_turns(works: Workshop, scope: Scope, conversation_id: UUID) -> None:
    """Have the turns read from the database again."""
    await works.redis.delete(_key(scope, conversation_id))


def _key(scope: Scope, conversation_id: UUID) -> str:
    return scope.key("turns", conversation_id.hex)
