"""What a process must forget when a workspace is closed or opened again: each room registers its own."""

from collections.abc import Callable
from typing import Any

Forgetter = Callable[[Any], None]

FORGETTERS: list[Forgetter] = []


def forgetter(forget: Forgetter) -> Forgetter:
    """Register `def forget(works)`, which drops what this process keeps of workspaces from before."""
    FORGETTERS.append(forget)
    return forget


def forget_kept(works: Any) -> None:
    """Have everything that is kept in memory looked up anew."""
    for forget in FORGETTERS:
        forget(works)
