"""A memory of live bots, `works.own(KeptBots)`; knows neither what is kept nor how it is loaded (see `live`).

A bot that is deployed, rolled back or deleted in this process is forgotten at once, as all are when a workspace is
closed or opened again; in another process the old version answers for a second more.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.closing import forgetter

FRESH_SECONDS = 1.0
MOST_KEPT = 1000


class KeptBots:
    """What was asked for lately. Requests that miss at the same moment load once."""

    def __init__(self, works: Workshop) -> None:
        self._kept: OrderedDict[UUID, tuple[float, asyncio.Task[Any]]] = OrderedDict()

    async def get(self, bot_id: UUID, load: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """What is kept of a bot, else what `load` brings. Raises what `load` raises, and keeps no failure."""
        kept = self._kept.get(bot_id)
        if kept is None or kept[0] < time.monotonic() or kept[1].get_loop() is not asyncio.get_running_loop():
            kept = time.monotonic() + FRESH_SECONDS, asyncio.create_task(load())
            self._kept[bot_id] = kept
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        if kept[1].done() and kept[1].exception() is None:
            return kept[1].result()
        try:
            return await asyncio.shield(kept[1])
        except Exception:
            self.forget(bot_id)
            raise

    def forget(self, bot_id: UUID) -> None:
        """Have the bot loaded anew when it is asked for again."""
        self._kept.pop(bot_id, None)

    def forget_all(self) -> None:
        """Have every bot loaded anew."""
        self._kept.clear()


@forgetter
def forget_bots(works: Workshop) -> None:
    """A bot of a closed workspace answers nobody."""
    works.own(KeptBots).forget_all()
