"""Reading a stream of events while its reader may lose interest."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

Event = TypeVar("Event")


async def until(
    events: AsyncGenerator[Event], is_over: Callable[[], Coroutine[Any, Any, bool]], *, check_seconds: float
) -> AsyncGenerator[Event]:
    """The events until somebody says that it is over, noticed also while nothing comes."""
    pulling: asyncio.Future[Event] | None = None
    try:
        while True:
            pulling = asyncio.ensure_future(anext(events))
            while not (await asyncio.wait({pulling}, timeout=check_seconds))[0]:
                if await is_over():
                    return
            try:
                event = pulling.result()
            except StopAsyncIteration:
                return
            yield event
    finally:
        if pulling is not None and not pulling.done():
            pulling.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await pulling
        await events.aclose()
