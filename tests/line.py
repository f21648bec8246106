"""A connection to the API that a test reads piece by piece and cuts when it likes; httpx waits for the whole body."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.installation import Installation


class Event(NamedTuple):
    """One server-sent event."""

    name: str
    id: str
    data: dict[str, Any]


class Line:
    """One request on a connection of its own. status, headers: known once `open` has returned."""

    def __init__(self, installation: Installation, method: str, path: str, body: Any, headers: dict[str, str]) -> None:
        self._app = installation.http._transport.app  # type: ignore[attr-defined]
        raw = json.dumps(body).encode() if body is not None else b""
        named = {"host": "testserver", "content-type": "application/json", "content-length": str(len(raw)), **headers}
        address = urlsplit(path)
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "path": address.path,
            "raw_path": address.path.encode(),
            "query_string": address.query.encode(),
            "root_path": "",
            "scheme": "http",
            "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
            "client": ("127.0.0.1", 1234),
            "server": ("testserver", 80),
        }
        self._body: bytes | None = raw
        self._cut = asyncio.Event()
        self._sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.status = 0
        self.headers: dict[str, str] = {}

    async def open(self) -> "Line":
        """Send the request and wait for the head of the answer."""
        self._task = asyncio.create_task(self._app(self._scope, self._receive, self._sent.put))
        head = await asyncio.wait_for(self._sent.get(), 20)
        self.status = head["status"]
        self.headers = {name.decode().lower(): value.decode() for name, value in head["headers"]}
        return self

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        while True:
            message = await asyncio.wait_for(self._sent.get(), 20)
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return

    async def events(self) -> AsyncIterator[Event]:
        """Events as they come; heartbeats are left out."""
        async for piece in self.pieces():
            for frame in piece.decode().strip().split("\n\n"):
                lines = dict(line.split(": ", 1) for line in frame.split("\n") if not line.startswith(":"))
                if lines:
                    yield Event(lines["event"], lines["id"], json.loads(lines["data"]))

    async def cut(self) -> None:
        """Hang up, and wait until the server has noticed."""
        self._cut.set()
        if self._task is not None:
            with suppress(asyncio.CancelledError):
                await asyncio.wait_for(self._task, 20)

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._cut.wait()
        return {"type": "http.disconnect"}


async def opened(installation: Installation, method: str, path: str, body: Any = None, **headers: str) -> Line:
    """An open line. Headers are named with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await Line(installation, method, path, body, named).open()
