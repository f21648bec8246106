"""What must be removed outside the database when a workspace goes for good: each room registers its own."""

from collections.abc import Awaitable, Callable
from typing import Any

from privexbot_app.kit.scope import Scope

Purger = Callable[[Any, Scope], Awaitable[None]]

PURGERS: dict[str, Purger] = {}


def purger(name: str) -> Callable[[Purger], Purger]:
    """Register `async def purge(works, scope)` in a room's `jobs` module. Raises ValueError if the name is taken.

    It runs before the rows are deleted, and must be harmless when it runs twice. Files below the workspace's storage
    path need none.
    """

    def add(purge: Purger) -> Purger:
        if name in PURGERS:
            raise ValueError(f"purger {name!r} is registered twice")
        PURGERS[name] = purge
        return purge

    return add
