"""One client of a blocking library, with threads of its own, for async callers."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from privexbot_app.kit.http.threads import in_thread

Client = TypeVar("Client")
Result = TypeVar("Result")


class _Held(Generic[Client]):
    """What one process holds: neither threads nor sockets survive a fork."""

    def __init__(self, threads: int) -> None:
        self.pid = os.getpid()
        self.threads = ThreadPoolExecutor(threads)
        self.lock = threading.Lock()
        self.client: Client | None = None


class BlockingClient(Generic[Client]):
    """Runs calls on a client that is opened, in a thread, at the first of them.

    connect: opens the client; release: gives it back. threads: 1 for a client that bears no calls at the same time.
    timeout_seconds: how long a caller waits; the library should give up by itself at about the same time, since its
    thread is busy until then.
    """

    def __init__(
        self,
        connect: Callable[[], Client],
        release: Callable[[Client], None],
        *,
        threads: int,
        timeout_seconds: float,
    ) -> None:
        self._connect = connect
        self._release = release
        self._threads = threads
        self._timeout_seconds = timeout_seconds
        self._held: _Held[Client] | None = None

    async def run(self, call: Callable[[Client], Result]) -> Result:
        """`call(client)` in a thread. Raises TimeoutError, and whatever `connect` and `call` raise."""
        held = self._of_this_process()
        async with asyncio.timeout(self._timeout_seconds):
            return await in_thread(held.threads, self._call, held, call)

    async def close(self) -> None:
        """Give back client and threads; the next call opens anew."""
        held, self._held = self._held, None
        if held is None or held.pid != os.getpid():
            return
        if held.client is not None:
            await in_thread(held.threads, self._release, held.client)
        held.threads.shutdown(wait=False)

    def _of_this_process(self) -> _Held[Client]:
        if self._held is None or self._held.pid != os.getpid():
            self._held = _Held(self._threads)
        return self._held

    def _call(self, held: _Held[Client], call: Callable[[Client], Result]) -> Result:
        with held.lock:
            if held.client is None:
                held.client = self._connect()
        return call(held.client)
