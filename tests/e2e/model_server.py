"""An OpenAI-compatible model server that says what it is told to: streamed tokens, errors, garbage, silence."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web


class ModelServer:
    """A running server.

    script: the tokens of every answer. seconds_per_token: pause before each.
    status: other than 200, every call is refused with it. garbage: sent instead of an answer.
    """

    def __init__(self) -> None:
        self.url = ""
        self.script = ["Hello."]
        self.seconds_per_token = 0.0
        self.status = 200
        self.garbage: bytes | None = None
        self.requests: list[dict[str, Any]] = []
        self.sent_tokens = 0
        self._hung_up = threading.Event()

    def wait_for_hang_up(self, *, seconds: float = 10) -> None:
        """Wait until a client closes the connection in the middle of an answer."""
        assert self._hung_up.wait(seconds), f"nobody hung up; {self.sent_tokens} tokens sent"

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/chat/completions."""
        self.requests.append(await request.json())
        self._hung_up.clear()
        self.sent_tokens = 0
        if self.status != 200:
            return web.json_response({"error": {"message": "refused by the test"}}, status=self.status)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        if self.garbage is not None:
            await response.write(self.garbage)
            return response
        try:
            for token in self.script:
                await asyncio.sleep(self.seconds_per_token)
                await response.write(_event({"choices": [{"index": 0, "delta": {"content": token}}]}))
                self.sent_tokens += 1
        except (ConnectionError, asyncio.CancelledError):
            self._hung_up.set()
            raise
        usage = {"prompt_tokens": 11, "completion_tokens": len(self.script)}
        await response.write(_event({"choices": [], "usage": usage}) + b"data: [DONE]\n\n")
        return response

    async def list_models(self, request: web.Request) -> web.Response:
        """GET /v1/models."""
        return web.json_response({"object": "list", "data": [{"id": "test-model", "object": "model"}]})


@contextmanager
def running_model_server() -> Iterator[ModelServer]:
    """Serve on a free port of loopback, in a thread."""
    server = ModelServer()
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", server.complete)
        app.router.add_get("/v1/models", server.list_models)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        started.set()
        return runner

    def serve() -> None:
        asyncio.set_event_loop(loop)
        runner = loop.run_until_complete(start())
        loop.run_forever()
        loop.run_until_complete(runner.cleanup())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\n\n"
