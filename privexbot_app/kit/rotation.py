"""What `privexbot rotate-keys` does: each room registers what it seals anew.

resealers run after the installation's secret has changed; renewers give workspaces other keys, whatever the secret is.
"""

from collections.abc import Awaitable, Callable
from typing import Any

Resealer = Callable[[Any], Awaitable[int]]

RESEALERS: dict[str, Resealer] = {}
RENEWERS: dict[str, Resealer] = {}


def resealer(name: str) -> Callable[[Resealer], Resealer]:
    """Register `async def reseal(works) -> int` in a room's `jobs` module. Raises ValueError if the name is taken.

    name: what it seals anew, as the command says it. The function returns how many values needed it, and may run twice.
    """
    return _registering(RESEALERS, name)


def renewer(name: str) -> Callable[[Resealer], Resealer]:
    """Register `async def renew(works) -> int` for `rotate-keys --data-keys`. Raises as `resealer` does.

    name: what gets another key. The function returns how many values were sealed by their new key.
    """
    return _registering(RENEWERS, name)


def _registering(registry: dict[str, Resealer], name: str) -> Callable[[Resealer], Resealer]:
    def add(reseal: Resealer) -> Resealer:
        if name in registry:
            raise ValueError(f"resealer {name!r} is registered twice")
        registry[name] = reseal
        return reseal

    return add
