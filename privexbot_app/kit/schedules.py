"""Upkeep that runs by the clock, in the watchdog and nowhere else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

Chore = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True)
class Schedule:
    """A chore `async def chore(works)` and how often it is due."""

    name: str
    every_seconds: int
    chore: Chore


SCHEDULES: dict[str, Schedule] = {}


def schedule(name: str, *, every_seconds: int) -> Callable[[Chore], Chore]:
    """Register a chore. Raises ValueError if the name is taken."""

    def add(chore: Chore) -> Chore:
        if name in SCHEDULES:
            raise ValueError(f"schedule {name!r} is registered twice")
        SCHEDULES[name] = Schedule(name, every_seconds, chore)
        return chore

    return add
