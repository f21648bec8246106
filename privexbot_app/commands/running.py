"""Keep processes running until somebody says stop."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence

from privexbot_app.supervisor import Child, Supervisor


async def keep_running(children: Sequence[Child], *, when_ready: Callable[[], None] = lambda: None) -> None:
    """Start the children, call `when_ready`, and stop them all at Ctrl-C or SIGTERM. Raises ChildFailedError."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    supervisor = Supervisor(children)
    starting, stopping = asyncio.create_task(supervisor.start()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            when_ready()
            await stopping
    finally:
        for task in (starting, stopping):
            task.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)
        await supervisor.stop()


def say(text: str) -> None:
    """Tell the operator."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
