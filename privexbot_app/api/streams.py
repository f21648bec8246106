"""Answers over HTTP: whole as JSON, or as server-sent events while they are made."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

from fastapi import Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from privexbot_app.domains.conversations.schemas import ChatEvent
from privexbot_app.domains.conversations.service import OUR_FAULT_EVENT, collect
from privexbot_app.kit.logging import get_logger

log = get_logger(__name__)

HEARTBEAT_SECONDS = 15
HEARTBEAT = b": still here\n\n"
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
EVENT_STREAM = "text/event-stream"


async def answer_response(request: Request, events: AsyncGenerator[ChatEvent], *, is_streamed: bool) -> Response:
    """The answer as the caller asked for it. What is wrong before the first event is an ordinary error."""
    if not is_streamed and EVENT_STREAM not in request.headers.get("accept", ""):
        answer = await collect(events)
        return JSONResponse(answer.model_dump(mode="json"), headers={"Cache-Control": "no-store"})
    first = await anext(events)
    return StreamingResponse(_stream(first, events), media_type=EVENT_STREAM, headers=STREAM_HEADERS)


async def _stream(first: ChatEvent, events: AsyncGenerator[ChatEvent]) -> AsyncIterator[bytes]:
    """Encode events; a silence of 15 seconds is filled with a comment, so that proxies keep the line open.

    The run goes on in a task of its own, and that task is cancelled when the reader leaves: only cancelling closes the
    connection to the model at once.
    """
    queue: asyncio.Queue[ChatEvent | None] = asyncio.Queue(maxsize=64)
    run = asyncio.create_task(_run(events, queue))
    number = 1
    try:
        yield encode(first, number)
        while (event := await _next(queue)) is not None:
            if isinstance(event, bytes):
                yield event
                continue
            number += 1
            yield encode(event, number)
    finally:
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run


async def _run(events: AsyncGenerator[ChatEvent], queue: "asyncio.Queue[ChatEvent | None]") -> None:
    try:
        async with aclosing(events):
            async for event in events:
                await queue.put(event)
    except Exception as error:
        log.error("stream.crashed", exc_info=error)
        await queue.put(OUR_FAULT_EVENT)
    await queue.put(None)


async def _next(queue: "asyncio.Queue[ChatEvent | None]") -> ChatEvent | bytes | None:
    try:
        return await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
    except TimeoutError:
        return HEARTBEAT


def encode(event: ChatEvent, number: int) -> bytes:
    """One server-sent event. Line breaks inside the data are escaped by JSON."""
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event.name}\nid: {number}\ndata: {data}\n\n".encode()
