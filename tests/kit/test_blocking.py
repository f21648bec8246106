"""Blocking clients for async callers."""

import asyncio
import threading

import pytest

from privexbot_app.kit.blocking import BlockingClient
from privexbot_app.kit.extras import ExtraMissingError, import_extra


class Opened:
    """A client that counts."""

    def __init__(self) -> None:
        self.opened = 0
        self.released = 0

    def connect(self) -> "Opened":
        self.opened += 1
        return self

    def release(self, client: "Opened") -> None:
        self.released += 1


def blocking(opened: Opened, **changes: float) -> BlockingClient[Opened]:
    options = {"threads": 2, "timeout_seconds": 5, **changes}
    return BlockingClient(opened.connect, opened.release, **options)  # type: ignore[arg-type]


async def test_a_client_is_opened_once_and_released_at_the_end():
    opened = Opened()
    client = blocking(opened)
    assert opened.opened == 0
    await asyncio.gather(*(client.run(lambda held: held.opened) for _ in range(10)))
    await client.close()
    await client.close()
    assert (opened.opened, opened.released) == (1, 1)


async def test_after_closing_the_next_call_opens_anew():
    opened = Opened()
    client = blocking(opened)
    for _ in range(2):
        await client.run(lambda held: None)
        await client.close()
    assert (opened.opened, opened.released) == (2, 2)


async def test_a_call_that_takes_too_long_is_given_up():
    client = blocking(Opened(), timeout_seconds=0.05)
    over = threading.Event()
    with pytest.raises(TimeoutError):
        await client.run(lambda held: over.wait(5))
    over.set()
    await client.close()


async def test_a_connection_that_fails_is_tried_again_by_the_next_call():
    outcomes: list[Exception | Opened] = [ConnectionError("down"), Opened()]

    def connect() -> Opened:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    client = BlockingClient(connect, lambda held: None, threads=1, timeout_seconds=5)
    with pytest.raises(ConnectionError):
        await client.run(lambda held: None)
    assert await client.run(lambda held: held.opened) == 0
    await client.close()


def test_a_missing_extra_is_told_with_the_command_that_installs_it():
    with pytest.raises(ExtraMissingError, match=r"pip install privexbot\[qdrant\]") as caught:
        import_extra("no_such_library", extra="qdrant")
    assert caught.value.code == "extra_missing"
