"""The token path: lines as they come, and silence as soon as nobody listens."""

import asyncio
import sys

import pytest
from aiohttp import web

from privexbot_app.kit.http import (
    FetchTooLargeError,
    HttpClient,
    OutboundPolicy,
    UpstreamStatusError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
    UrlNotAllowedError,
)
from tests.servers import serving, serving_raw


@pytest.fixture
async def client():
    client = HttpClient()
    yield client
    await client.close()


class EndlessServer:
    """Sends a line whenever it may, until the other side hangs up."""

    def __init__(self) -> None:
        self.sent = 0
        self.is_left = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        ends = asyncio.ensure_future(reader.read())
        while not ends.done():
            writer.write(b"data: token\n")
            self.sent += 1
            await asyncio.wait([ends], timeout=0.005)
        self.is_left.set()
        writer.close()


def streaming(*pieces: bytes, status: int = 200, headers: dict[str, str] | None = None):
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers=headers)
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        return response

    return handler


async def read_all(client: HttpClient, url: str, **options) -> list[bytes]:
    async with client.stream(url, **options) as lines:
        return [line async for line in lines]


async def test_lines_come_whole_whatever_the_pieces(client):
    async with serving({"/s": streaming(b"da", b"ta: a\r\n\r\nda", b"ta: \xc3", b"\xa9\n", b"last")}) as base:
        lines = await read_all(client, f"{base}/s", json={})
    assert lines == [b"data: a", b"", "data: é".encode(), b"last"]


async def test_lines_that_arrive_together_can_be_read_together(client):
    async with serving({"/s": streaming(b"a\nb\nc\n")}) as base, client.stream(f"{base}/s") as lines:
        assert [batch async for batch in lines.batches()] == [[b"a", b"b", b"c"]]


async def test_the_body_and_the_headers_are_sent(client):
    heard = {}

    async def listen(request: web.Request) -> web.Response:
        heard.update(body=await request.json(), key=request.headers["Authorization"], method=request.method)
        return web.Response(text="ok")

    async with serving({"/s": listen}) as base:
        lines = await read_all(client, f"{base}/s", json={"stream": True}, headers={"Authorization": "Bearer k"})
    assert lines == [b"ok"]
    assert heard == {"body": {"stream": True}, "key": "Bearer k", "method": "POST"}


async def test_a_reader_who_leaves_early_ends_the_upstream(client):
    server = EndlessServer()
    async with serving_raw(server) as base:
        async with client.stream(base) as lines:
            async for _ in lines:
                break
        await asyncio.wait_for(server.is_left.wait(), 10)
        sent = server.sent
        await asyncio.sleep(0.05)
        assert server.sent == sent


async def test_a_cancelled_reader_ends_the_upstream(client):
    server = EndlessServer()
    has_begun = asyncio.Event()

    async def read(base: str) -> None:
        async with client.stream(base) as lines:
            async for _ in lines:
                has_begun.set()

    async with serving_raw(server) as base:
        task = asyncio.create_task(read(base))
        await asyncio.wait_for(has_begun.wait(), 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.is_left.wait(), 10)


async def test_an_error_status_is_raised_with_its_beginning(client):
    error = streaming(b'{"error": "slow down"}', b"x" * 100_000, status=429, headers={"Retry-After": "7"})
    async with serving({"/s": error}) as base:
        with pytest.raises(UpstreamStatusError) as caught:
            await read_all(client, f"{base}/s")
    assert (caught.value.status, caught.value.code, caught.value.retry_after_seconds) == (429, "upstream_status", 7.0)
    assert caught.value.body.startswith(b'{"error": "slow down"}')
    assert len(caught.value.body) <= 16_384


async def test_a_redirect_is_not_followed(client):
    async with serving({"/s": streaming(status=302, headers={"Location": "http://127.0.0.2/"})}) as base:
        with pytest.raises(UpstreamStatusError):
            await read_all(client, f"{base}/s")


async def test_silence_before_the_first_byte_is_a_timeout(client):
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with serving_raw(silent) as base:
        with pytest.raises(UpstreamTimeoutError):
            await read_all(client, base, idle_timeout_seconds=0.1)


async def test_silence_in_the_middle_is_a_timeout(client):
    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nfirst\n")
        await reader.read()
        writer.close()

    async with serving_raw(stall) as base:
        with pytest.raises(UpstreamTimeoutError) as caught:
            await read_all(client, base, idle_timeout_seconds=0.2)
    assert caught.value.code == "upstream_timeout"


async def test_a_connection_that_breaks_off_is_told_apart_from_the_end(client):
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\n")
        await writer.drain()
        writer.close()

    async with serving_raw(break_off) as base:
        with pytest.raises(UpstreamUnreachableError):
            await read_all(client, base)


async def test_a_refused_connection_is_unreachable(client):
    async with serving({}) as base:
        pass
    with pytest.raises(UpstreamUnreachableError) as caught:
        await read_all(client, base)
    assert caught.value.code == "upstream_unreachable"


async def test_a_line_without_an_end_is_too_large(client):
    async with serving({"/s": streaming(bytes(3_000_000))}) as base:
        with pytest.raises(FetchTooLargeError):
            await read_all(client, f"{base}/s")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://inward.example/"])
async def test_a_customers_address_may_not_lead_inward(url):
    async def resolver(host: str) -> list[str]:
        return ["10.0.0.1"]

    client = HttpClient(resolver=resolver)
    with pytest.raises(UrlNotAllowedError):
        await read_all(client, url, policy=OutboundPolicy.PUBLIC_ONLY)
    await client.close()


async def test_a_name_is_connected_where_the_resolver_says():
    async def resolver(host: str) -> list[str]:
        return ["127.0.0.1"]

    client = HttpClient(resolver=resolver)
    async with serving({"/s": streaming(b"here\n")}) as base:
        url = base.replace("127.0.0.1", "model.internal")
        async with client.stream(f"{url}/s") as lines:
            assert [line async for line in lines] == [b"here"]
    await client.close()


async def test_importing_the_client_does_not_import_aiohttp():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "import sys, privexbot_app.kit.http; sys.exit('aiohttp' in sys.modules)"
    )
    assert await process.wait() == 0
