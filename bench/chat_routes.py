"""What the load benchmark runs beside the product: a mock model server, and two bare routes to it.

`python -m bench.chat_routes mock|bare|wrapped|echo --port N [--model-port N] [--tokens 40] [--gap-ms 0]`

mock: answers every chat completion with the same stream; written on the bare event loop, so that it costs little.
bare: Starlette and aiohttp, bytes passed through: the least that a Python service can do.
wrapped: FastAPI and LlamaIndex's OpenAILike, each token read and written anew: what a tutorial does. Without
LlamaIndex's package, OpenAI's client in its place.
echo: Starlette and aiosqlite, no model: keeps the question and its echo, and answers with the same events as a flow.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

WORDS = " lorem ipsum dolor sit amet consectetur adipiscing elit sed do".replace(" ", " |").split("|")[1:]


def stream_of(tokens: int) -> list[bytes]:
    """The events of an answer, one each token."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "mock"}

    def event(**fields: Any) -> bytes:
        return b"data: " + json.dumps(head | fields).encode() + b"\n\n"

    events = [event(choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])]
    for number in range(tokens):
        delta = {"content": WORDS[number % len(WORDS)]}
        events.append(event(choices=[{"index": 0, "delta": delta, "finish_reason": None}]))
    events.append(event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
    usage = {"prompt_tokens": 50, "completion_tokens": tokens, "total_tokens": 50 + tokens}
    events.append(event(choices=[], usage=usage) + b"data: [DONE]\n\n")
    return events


class MockModel(asyncio.Protocol):
    """One connection of the model server: reads requests, writes the stream in chunks."""

    def __init__(self, events: list[bytes], gap_seconds: float) -> None:
        self._chunks = [f"{len(event):x}\r\n".encode() + event + b"\r\n" for event in events]
        self._gap = gap_seconds
        self._buffer = b""
        self._transport: Any = None
        self._timer: asyncio.Handle | None = None

    def connection_made(self, transport: Any) -> None:
        """Keep the transport."""
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        """Stop writing."""
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Answer when a request is complete."""
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        lengths = [line.split(b":")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        if len(body) < int(lengths[0]) if lengths else not (not body or body.endswith(b"0\r\n\r\n")):
            return
        self._buffer = b""
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        self._write(0)

    def _write(self, number: int) -> None:
        if number == len(self._chunks):
            self._transport.write(b"0\r\n\r\n")
            return
        self._transport.write(self._chunks[number])
        loop = asyncio.get_running_loop()
        # Without a gap, too, each token is sent by itself, as a model does.
        later = loop.call_later(self._gap, self._write, number + 1) if self._gap else None
        self._timer = later or loop.call_soon(self._write, number + 1)


async def serve_mock(port: int, tokens: int, gap_seconds: float) -> None:
    """Serve until cancelled."""
    events = stream_of(tokens)
    server = await asyncio.get_running_loop().create_server(
        lambda: MockModel(events, gap_seconds), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


def bare_app(model_url: str) -> Any:
    """The pass-through."""
    from aiohttp import ClientSession, TCPConnector
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    sessions: list[ClientSession] = []

    async def chat(request: Request) -> StreamingResponse:
        if not sessions:
            sessions.append(ClientSession(connector=TCPConnector(limit=0)))
        question = json.loads(await request.body())["message"]
        body = {"model": "mock", "stream": True, "messages": [{"role": "user", "content": question}]}
        answer = await sessions[0].post(f"{model_url}/chat/completions", json=body)

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in answer.content.iter_any():
                yield piece
            answer.release()

        return StreamingResponse(pieces(), media_type="text/event-stream")

    return Starlette(routes=[Route("/chat", chat, methods=["POST"])])


def wrapped_app(model_url: str) -> Any:
    """The tutorial's way."""
    from fastapi import FastAPI
    from fastapi.responses import StreamingResponse
    from pydantic import BaseModel

    class Question(BaseModel):
        message: str

    app = FastAPI()
    deltas = _deltas_of(model_url)

    @app.post("/chat")
    async def chat(question: Question) -> StreamingResponse:
        async def pieces() -> AsyncIterator[str]:
            async for delta in deltas(question.message):
                yield f"event: token\ndata: {json.dumps({'delta': delta})}\n\n"
            yield "event: run.finished\ndata: {}\n\n"

        return StreamingResponse(pieces(), media_type="text/event-stream")

    return app


def wrapped_name(packages: str = "") -> str:
    """What the tutorial's route is made of here. packages: a folder that it may take LlamaIndex's package from."""
    folders = [Path(packages)] if packages else [Path(folder) for folder in sys.path]
    if any((folder / "llama_index" / "llms" / "openai_like").is_dir() for folder in folders):
        return "FastAPI + LlamaIndex OpenAILike"
    return "FastAPI + openai client"


def _deltas_of(model_url: str) -> Any:
    if "LlamaIndex" in wrapped_name():
        from llama_index.core.llms import ChatMessage
        from llama_index.llms.openai_like import OpenAILike

        model = OpenAILike(model="mock", api_base=model_url, api_key="x", is_chat_model=True, max_retries=0)

        async def deltas(question: str) -> AsyncIterator[str]:
            async for piece in await model.astream_chat([ChatMessage(role="user", content=question)]):
                yield piece.delta or ""

        return deltas
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=model_url, api_key="x", max_retries=0)

    async def plain_deltas(question: str) -> AsyncIterator[str]:
        messages: Any = [{"role": "user", "content": question}]
        async for chunk in await client.chat.completions.create(model="mock", messages=messages, stream=True):
            yield (chunk.choices[0].delta.content or "") if chunk.choices else ""

    return plain_deltas


def echo_app() -> Any:
    """Says what it was told, and keeps both."""
    import tempfile
    from pathlib import Path

    import aiosqlite
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    opened: list[Any] = []

    async def connection() -> Any:
        if not opened:
            folder = tempfile.mkdtemp(prefix="echo-")
            database = await aiosqlite.connect(Path(folder) / "echo.db", isolation_level=None)
            await database.execute("PRAGMA journal_mode=WAL")
            await database.execute("PRAGMA synchronous=NORMAL")
            await database.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, role TEXT, content TEXT)")
            opened.append(database)
        return opened[0]

    async def chat(request: Request) -> StreamingResponse:
        said = json.loads(await request.body())["message"]
        database = await connection()
        rows = [("visitor", said), ("bot", f"You said {said}")]
        await database.execute("INSERT INTO message (role, content) VALUES (?, ?), (?, ?)", [*rows[0], *rows[1]])
        events = [("token", {"delta": rows[1][1]}), ("run.finished", {"response": rows[1][1]})]
        text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
        return StreamingResponse(iter([text.encode()]), media_type="text/event-stream")

    return Starlette(routes=[Route("/chat", chat, methods=["POST"])])


def main() -> None:
    """Serve one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("mock", "bare", "wrapped", "echo"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model-port", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=40)
    parser.add_argument("--gap-ms", type=float, default=0)
    parser.add_argument("--packages", default="", help="folder with llama-index-llms-openai-like")
    options = parser.parse_args()
    if options.packages:
        sys.path.insert(0, options.packages)
    if options.kind == "mock":
        import uvloop

        uvloop.run(serve_mock(options.port, options.tokens, options.gap_ms / 1000))
        return
    import uvicorn

    model = f"http://127.0.0.1:{options.model_port}/v1"
    app = echo_app() if options.kind == "echo" else (bare_app if options.kind == "bare" else wrapped_app)(model)
    uvicorn.run(app, port=options.port, log_level="warning", loop="uvloop", backlog=4096)


if __name__ == "__main__":
    main()
