"""What `privexbot rotate-keys` seals anew after the installation's secret has changed: each room registers its own."""

from collections.abc import Awaitable, Callable
from typing import Any

Resealer = Callable[[Any], Awaitable[int]]

RESEALERS: dict[str, Resealer] = {}


def resealer(name: str) -> Callable[[Resealer], Resealer]:
    """Register `async def reseal(works) -> int` in a room's `jobs` module. Raises ValueError if the name is taken.

    name: what it seals anew, as the command says it. The function returns how many values needed it, and may run twice.
    """

    def add(reseal: Resealer) -> Resealer:
        if name in RESEALERS:
            raise ValueError(f"resealer {name!r} is registered twice")
        RESEALERS[name] = reseal
        return reseal

    return add
