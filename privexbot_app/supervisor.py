"""Keeps child processes alive and ends them together. Knows how to start a process, not what it is for.

Children die with the supervisor, even when that is killed: each asks the kernel for a signal at its parent's death.
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from privexbot_app.kit.logging import get_logger

log = get_logger(__name__)

STOP_SECONDS = 10
SHORTEST_LIFE_SECONDS = 2
LONGEST_PAUSE_SECONDS = 15
PR_SET_PDEATHSIG = 1
LARGEST_LOG_BYTES = 20_000_000

IsReady = Callable[[], Awaitable[bool]]


class ChildFailedError(RuntimeError):
    """A child did not become ready in time."""


@dataclass(frozen=True)
class Child:
    """One process to keep alive.

    is_ready: asked until it says yes; None means at once.
    log_path: where its output goes; None means our own.
    is_patient: started only when the others are ready, so that these have the processors to themselves.
    """

    name: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    is_ready: IsReady | None = None
    ready_seconds: float = 60
    log_path: Path | None = None
    is_patient: bool = False


class Supervisor:
    """Starts children together, restarts those that die, stops them in reverse order."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._is_stopping = False

    async def start(self) -> None:
        """Start every child and wait until all are ready. Raises ChildFailedError.

        They start at the same time, so each must wait by itself for what it needs of the others.
        """
        for is_patient in (False, True):
            stage = [child for child in self._children if child.is_patient is is_patient]
            for child in stage:
                await self._spawn(child)
            await asyncio.gather(*(self._wait_ready(child) for child in stage))
            self._keepers += [asyncio.create_task(self._keep(child)) for child in stage]

    async def stop(self) -> None:
        """Ask the children to end, last one first, and insist after ten seconds."""
        self._is_stopping = True
        for keeper in self._keepers:
            keeper.cancel()
        for child in reversed(self._children):
            process = self._processes.get(child.name)
            if process is not None and process.returncode is None:
                await _end(process)

    def pids(self) -> dict[str, int]:
        """The process id of each child that runs."""
        return {name: process.pid for name, process in self._processes.items() if process.returncode is None}

    async def _keep(self, child: Child) -> None:
        pause = 0.2
        while not self._is_stopping:
            started = time.monotonic()
            code = await self._processes[child.name].wait()
            lived = time.monotonic() - started
            pause = 0.2 if lived > SHORTEST_LIFE_SECONDS else min(LONGEST_PAUSE_SECONDS, pause * 2)
            log.warning("child.died", child=child.name, code=code, seconds=round(lived, 1))
            # What it had started itself may live on and hold its port.
            with suppress(ProcessLookupError):
                os.killpg(self._processes[child.name].pid, signal.SIGKILL)
            await asyncio.sleep(pause)
            await self._spawn(child)

    async def _spawn(self, child: Child) -> None:
        output = _open_log(child.log_path) if child.log_path else None
        try:
            self._processes[child.name] = await asyncio.create_subprocess_exec(
                *child.command,
                env={**os.environ, **child.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT if output else None,
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop them in order
                preexec_fn=_die_with_parent,
            )
        finally:
            if output:
                output.close()
        log.info("child.started", child=child.name, pid=self._processes[child.name].pid)

    async def _wait_ready(self, child: Child) -> None:
        deadline = time.monotonic() + child.ready_seconds
        while child.is_ready is not None and not await child.is_ready():
            process = self._processes[child.name]
            if process.returncode is not None or time.monotonic() > deadline:
                where = f"; see {child.log_path}" if child.log_path else ""
                raise ChildFailedError(f"{child.name} did not start{where}")
            await asyncio.sleep(0.05)


def _open_log(path: Path) -> BinaryIO:
    """The log to append to; a large one becomes the old one first, so that two of them are kept at most."""
    if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
