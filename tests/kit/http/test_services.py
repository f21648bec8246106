"""Asking a JSON service: what is asked again, what is told, what is named."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from privexbot_app.kit.http import (
    HttpClient,
    Patience,
    UpstreamGarbageError,
    UpstreamStatusError,
    UpstreamUnreachableError,
    read_retry_after,
)
from privexbot_app.kit.http.services import JsonService
from tests.servers import serving


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


async def test_a_busy_service_is_asked_again_after_the_pause_that_it_wants(http):
    answers = [(429, {"Retry-After": "3"}), (503, {}), (200, {})]
    pauses: list[float] = []

    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Key"] == "k"
        status, headers = answers.pop(0)
        return web.json_response({"echo": await request.json()}, status=status, headers=headers)

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async with serving({"/a/b": answer}) as url:
        service = JsonService(http, f"{url}/a/", headers={"Key": "k"}, timeout_seconds=5, sleep=sleep)
        found = await service.ask("POST", "/b", {"x": 1})
    assert (found.status, found.body, found.is_good) == (200, {"echo": {"x": 1}}, True)
    assert pauses == [3.0, 1.0]


async def test_an_error_is_returned_with_whatever_it_says(http):
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=500, text="<h1>oops</h1>")

    async with serving({"/": answer}) as url:
        found = await JsonService(http, url, headers={}, timeout_seconds=5).ask("GET", "/")
    assert (found.status, found.body, found.is_good) == (500, None, False)


async def test_a_good_answer_that_is_no_json_is_named(http):
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async with serving({"/": answer}) as url:
        with pytest.raises(UpstreamGarbageError):
            await JsonService(http, url, headers={}, timeout_seconds=5).ask("GET", "/")


async def test_a_service_that_is_gone_is_named(http):
    async with serving({}) as url:
        service = JsonService(http, url, headers={}, timeout_seconds=5)
    with pytest.raises(UpstreamUnreachableError):
        await service.ask("GET", "/")


async def test_a_refusal_is_named_with_what_it_says(http):
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"error": "no"}, status=429, headers={"Retry-After": "9"})

    async with serving({"/deep/path/": answer}) as url:
        # Without a path of its own a request goes to the address as it was typed.
        once = Patience(max_attempts=1)
        service = JsonService(http, f"{url}/deep/path/", headers={}, timeout_seconds=5, name="The clock", patience=once)
        with pytest.raises(UpstreamStatusError, match="The clock answered with status 429") as caught:
            await service.obtain("POST", "", {})
    assert (caught.value.status, caught.value.body, caught.value.retry_after_seconds) == (429, b'{"error": "no"}', 9.0)


@pytest.mark.parametrize("asked", ["-1", "1.5", "²", "1e9", "soon", "9" * 400, "Wed, 99 Oct 2026"])
def test_a_retry_after_that_cannot_be_read_counts_as_none(asked):
    assert read_retry_after({"retry-after": asked}) is None


def test_a_moment_in_the_past_asks_for_no_wait():
    assert read_retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
