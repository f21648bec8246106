"""Which events a workspace listens to, kept in memory for a second: a chat that nobody listens to costs nothing."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from uuid import UUID

from privexbot_app.integrations.plugins import Workshop

FRESH_SECONDS = 1.0
MOST_KEPT = 5000


class Listening:
    """What was asked for lately; `works.own(Listening)`. A change in this process is seen at once."""

    def __init__(self, works: Workshop) -> None:
        self._kept: OrderedDict[UUID, tuple[float, frozenset[str]]] = OrderedDict()

    async def get(self, workspace_id: UUID, load: Callable[[], Awaitable[frozenset[str]]]) -> frozenset[str]:
        """The events, kept or loaded."""
        kept = self._kept.get(workspace_id)
        if kept is not None and kept[0] >= time.monotonic():
            return kept[1]
        events = await load()
        self._kept[workspace_id] = time.monotonic() + FRESH_SECONDS, events
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return events

    def forget(self, workspace_id: UUID) -> None:
        """Have the events loaded anew."""
        self._kept.pop(workspace_id, None)
