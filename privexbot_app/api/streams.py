"""Answers over HTTP: whole as JSON, or as server-sent events while they are made; begun, resumed, never given twice."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import Request, Response

from privexbot_app.domains.conversations.hub import RunHub, RunNotFoundError
from privexbot_app.domains.conversations.schemas import OUR_FAULT_EVENT, ChatEvent
from privexbot_app.kit.errors import ErrorKind, InvalidError, PrivexError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.scope import Scope
from privexbot_app.runtime import Runtime

EVENT_STREAM = "text/event-stream"
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
EVENT_ID = re.compile(r"(?P<run>[0-9a-f]{32})\.(?P<number>\d{1,9})", re.ASCII)
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{8,200}", re.ASCII)


class AnswerFailedError(PrivexError):
    """No answer could be given; the code and the sentence are those of the cause."""

    def __init__(self, event: ChatEvent) -> None:
        super().__init__(event.data["message"], code=event.data["code"])
        self.kind = ErrorKind(event.data["kind"])  # type: ignore[misc]


class EventStream(Response):
    """Pieces of server-sent events. Listening ends when the reader leaves; the run itself does not."""

    media_type = EVENT_STREAM

    def __init__(self, pieces: AsyncGenerator[bytes], headers: Mapping[str, str]) -> None:
        self.pieces = pieces
        self.status_code = 200
        self.background = None
        self.init_headers({**STREAM_HEADERS, **headers})
        del self.headers["content-length"]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send pieces as they come."""
        reader, is_gone = asyncio.current_task(), False

        async def watch() -> None:
            nonlocal is_gone
            while (await receive())["type"] != "http.disconnect":
                pass
            is_gone = True
            if reader is not None:
                reader.cancel()

        watching = asyncio.create_task(watch())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async with aclosing(self.pieces) as pieces:
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except asyncio.CancelledError:
            if not is_gone or (reader is not None and reader.uncancel()):
                raise
        finally:
            watching.cancel()


@dataclass(frozen=True)
class Ask:
    """A question that came over HTTP.

    owner_id: of the bot or draft. words: what makes it this question and no other, for its idempotency key.
    begin: makes the events of an answer, if one must be given. headers: of the answer.
    """

    scope: Scope
    owner_id: UUID
    words: str
    begin: Any
    is_streamed: bool
    headers: Mapping[str, str] = field(default_factory=dict)


def wants_stream(request: Request, *, asked: bool) -> bool:
    """Whether the caller wants events: said in the body, or in the Accept header."""
    return asked or EVENT_STREAM in request.headers.get("accept", "")


async def answer_response(request: Request, installation: Runtime, ask: Ask) -> Response:
    """The answer as the caller asked for it. What is wrong before the first event is an ordinary error.

    With `Last-Event-ID` the rest of an answer that was begun, without asking again.
    """
    if last := request.headers.get("last-event-id"):
        run_id, after = parse_event_id(last)
        pieces = await installation.works.own(RunHub).resume(ask.scope, ask.owner_id, run_id, after=after)
    else:
        pieces = await open_answer(request, installation, ask)
    if ask.is_streamed:
        return EventStream(pieces, ask.headers)
    return await whole_response(pieces, ask.headers)


async def open_answer(request: Request, installation: Runtime, ask: Ask) -> AsyncGenerator[bytes]:
    """The events of an answer: of a new run, or of the one that the idempotency key was first sent for."""
    hub, run_id = installation.works.own(RunHub), new_id()
    key = request.headers.get("idempotency-key")
    if key is None:
        hub.require_room(ask.owner_id, installation.capacity)
        run = await hub.start(ask.scope, ask.owner_id, run_id, ask.begin(), is_resumable=ask.is_streamed)
        return run.follow(0)
    if IDEMPOTENCY_KEY.fullmatch(key) is None:
        raise InvalidError("An Idempotency-Key has 8 to 200 visible characters.", code="invalid_idempotency_key")
    claim = await hub.claim(ask.scope, ask.owner_id, run_id, key=key, words=ask.words)
    if not claim.is_new:
        return await hub.resume(ask.scope, ask.owner_id, claim.run_id, after=0)
    try:
        hub.require_room(ask.owner_id, installation.capacity)
        run = await hub.start(ask.scope, ask.owner_id, run_id, ask.begin())
    except BaseException:
        await hub.release(claim)
        raise
    return run.follow(0)


def parse_event_id(text: str) -> tuple[UUID, int]:
    """The run and the number in an event's id. Raises RunNotFoundError for one that is none of ours."""
    found = EVENT_ID.fullmatch(text.strip())
    if found is None:
        raise RunNotFoundError
    return UUID(found["run"]), int(found["number"])


async def whole_response(pieces: AsyncGenerator[bytes], headers: Mapping[str, str]) -> Response:
    """The whole answer as JSON. Raises AnswerFailedError."""
    data = await last_data(pieces)
    return Response(data, media_type="application/json", headers={"Cache-Control": "no-store", **headers})


async def last_data(pieces: AsyncGenerator[bytes]) -> bytes:
    """The data of the event that ends a run, as it was written. Raises AnswerFailedError when that is an error."""
    last = b""
    async with aclosing(pieces):
        async for piece in pieces:
            if piece.startswith(b"event: "):
                last = piece
    name, data = _split(last.rstrip(b"\n").rpartition(b"\n\n")[2])
    if name == b"run.finished":
        return data
    raise AnswerFailedError(ChatEvent("error", json.loads(data)) if name == b"error" else OUR_FAULT_EVENT)


def _split(frame: bytes) -> tuple[bytes, bytes]:
    lines = frame.split(b"\n")
    return (lines[0].removeprefix(b"event: "), lines[-1].removeprefix(b"data: ")) if len(lines) == 3 else (b"", b"")
