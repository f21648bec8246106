"""Fetching whole answers: redirects, limits and names that change their mind."""

import asyncio
import gzip
import zlib
from ipaddress import ip_network

import httpcore
import pytest
from aiohttp import web

from privexbot_app.kit.http import (
    FetchFailedError,
    FetchTimeoutError,
    FetchTooLargeError,
    HttpClient,
    HttpConfig,
    OutboundPolicy,
    UrlNotAllowedError,
)
from tests.servers import serving, serving_raw

LIMITS = {"max_bytes": 10_000_000, "timeout_seconds": 20.0}
LOOPBACK = HttpConfig(allowed_private_networks=(ip_network("127.0.0.0/8"),))


@pytest.fixture
async def client():
    client = HttpClient(LOOPBACK)
    yield client
    await client.close()


class RecordingNetwork(httpcore.AnyIOBackend):
    """Notes where connections go, and takes them all to one local port."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.addresses: list[str] = []

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.addresses.append(host)
        return await super().connect_tcp("127.0.0.1", self.port, timeout, local_address, socket_options)


def answers(*lists: list[str]):
    """A resolver that gives another answer each time."""
    remaining = list(lists)

    async def resolve(host: str) -> list[str]:
        return remaining.pop(0) if len(remaining) > 1 else remaining[0]

    return resolve


def answering(body: bytes | str = b"hello", **options):
    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, **options)

    return handler


def redirecting(location: str, status: int = 302):
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location})

    return handler


async def echo(request: web.Request) -> web.Response:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return web.json_response({"method": request.method, "headers": headers, "body": (await request.read()).decode()})


async def test_an_answer_comes_with_its_type_and_charset(client):
    page = answering("grüß".encode("latin-1"), headers={"Content-Type": "text/html; charset=ISO-8859-1"})
    async with serving({"/a": page}) as base:
        response = await client.fetch(f"{base}/a#top", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)
    assert (response.status, response.media_type, response.encoding) == (200, "text/html", "iso-8859-1")
    assert response.body.decode(response.encoding) == "grüß"
    assert response.final_url == f"{base}/a"


async def test_an_error_status_is_an_answer(client):
    async with serving({"/a": answering(b"no", status=404)}) as base:
        response = await client.fetch(f"{base}/a", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)
    assert (response.status, response.body) == (404, b"no")


async def test_json_is_sent_and_read(client):
    async with serving({"/echo": echo}) as base:
        response = await client.fetch(
            f"{base}/echo",
            policy=OutboundPolicy.OPERATOR,
            method="POST",
            json={"a": 1},
            headers={"Authorization": "Bearer x"},
            **LIMITS,
        )
    heard = response.json()
    assert (heard["method"], heard["body"]) == ("POST", '{"a": 1}')
    assert heard["headers"]["content-type"] == "application/json"
    assert heard["headers"]["authorization"] == "Bearer x"


async def test_proxy_variables_are_not_read(client, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with serving({"/a": answering()}) as base:
        assert (await client.fetch(f"{base}/a", policy=OutboundPolicy.OPERATOR, **LIMITS)).body == b"hello"


async def test_this_machine_is_refused_unless_it_is_allowed():
    async with serving({"/a": answering()}) as base:
        with pytest.raises(UrlNotAllowedError):
            await HttpClient().fetch(f"{base}/a", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)


async def test_a_connection_goes_to_the_address_that_was_judged_and_keeps_the_name():
    async with serving({"/echo": echo}) as base:
        network = RecordingNetwork(int(base.rsplit(":", 1)[1]))
        client = HttpClient(resolver=answers(["93.184.216.34"], ["127.0.0.1"]), network=network)
        response = await client.fetch("http://shop.example/echo", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)
        await client.close()
    assert network.addresses == ["93.184.216.34"]
    assert response.json()["headers"]["host"] == "shop.example"


async def test_a_name_that_turns_inward_after_the_first_look_up_is_refused():
    resolver = answers(["93.184.216.34"], ["93.184.216.34"], ["127.0.0.1"])
    async with serving({"/a": redirecting("http://other.example/b"), "/b": answering()}) as base:
        network = RecordingNetwork(int(base.rsplit(":", 1)[1]))
        client = HttpClient(resolver=resolver, network=network)
        url = await client.check("http://rebind.example/a", policy=OutboundPolicy.PUBLIC_ONLY)
        with pytest.raises(UrlNotAllowedError):
            await client.fetch(url, policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)
        await client.close()
    assert network.addresses == ["93.184.216.34"]


async def test_the_next_address_is_tried_when_the_first_does_not_answer():
    class OneDeaf(RecordingNetwork):
        async def connect_tcp(self, host, port, *args, **options):
            if host == "93.184.216.34":
                self.addresses.append(host)
                raise httpcore.ConnectError("deaf")
            return await super().connect_tcp(host, port, *args, **options)

    async with serving({"/a": answering()}) as base:
        network = OneDeaf(int(base.rsplit(":", 1)[1]))
        client = HttpClient(resolver=answers(["93.184.216.34", "93.184.216.35"]), network=network)
        assert (await client.fetch("http://x.example/a", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)).status == 200
        await client.close()
    assert network.addresses == ["93.184.216.34", "93.184.216.35"]


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "http://[::1]/",
        "gopher://x/",
    ],
)
async def test_a_redirect_inward_is_refused(client, target):
    async with serving({"/a": redirecting(target)}) as base:
        with pytest.raises(UrlNotAllowedError):
            await client.fetch(f"{base}/a", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)


async def test_redirects_are_followed_five_times_and_no_more(client):
    routes = {f"/{n}": redirecting(f"/{n + 1}") for n in range(6)} | {"/6": answering()}
    async with serving(routes) as base:
        response = await client.fetch(f"{base}/1", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)
        assert response.final_url == f"{base}/6"
        with pytest.raises(FetchFailedError):
            await client.fetch(f"{base}/0", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)


async def test_an_operators_service_may_not_send_us_to_another_host(client):
    async with serving({"/a": redirecting("http://127.0.0.2/")}) as base:
        with pytest.raises(FetchFailedError):
            await client.fetch(f"{base}/a", policy=OutboundPolicy.OPERATOR, **LIMITS)


async def test_credentials_stay_with_their_origin_and_a_form_is_not_sent_twice(client):
    async with serving({"/echo": echo}) as other, serving({"/a": redirecting(f"{other}/echo")}) as base:
        response = await client.fetch(
            f"{base}/a",
            policy=OutboundPolicy.PUBLIC_ONLY,
            method="POST",
            json={},
            headers={"Authorization": "Bearer x", "X-Goog-Api-Key": "x", "Accept": "text/html"},
            **LIMITS,
        )
    heard = response.json()
    assert (heard["method"], heard["body"], heard["headers"]["accept"]) == ("GET", "", "text/html")
    assert not {"authorization", "x-goog-api-key", "content-type"} & set(heard["headers"])


async def test_a_form_is_sent_again_where_the_redirect_says_so(client):
    async with serving({"/a": redirecting("/echo", 307), "/echo": echo}) as base:
        response = await client.fetch(
            f"{base}/a", policy=OutboundPolicy.PUBLIC_ONLY, method="POST", content=b"form", **LIMITS
        )
    assert (response.json()["method"], response.json()["body"]) == ("POST", "form")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"hello" * 50_000, mtime=0)),
        ("deflate", zlib.compress(b"hello" * 50_000)),
        ("deflate", zlib.compress(b"hello" * 50_000)[2:-4]),
        ("identity", b"hello" * 50_000),
    ],
)
async def test_a_compressed_answer_is_unpacked(client, encoding, body):
    async with serving({"/a": answering(body, headers={"Content-Encoding": encoding})}) as base:
        response = await client.fetch(f"{base}/a", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)
    assert response.body == b"hello" * 50_000


@pytest.mark.parametrize(
    ("encoding", "body"), [("gzip", b"no gzip"), ("br", b"xx"), ("gzip", gzip.compress(b"hello" * 900, mtime=0)[:-9])]
)
async def test_a_wrongly_compressed_answer_fails(client, encoding, body):
    async with serving({"/a": answering(body, headers={"Content-Encoding": encoding})}) as base:
        with pytest.raises(FetchFailedError):
            await client.fetch(f"{base}/a", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)


async def test_a_bomb_is_defused(client):
    bomb = gzip.compress(bytes(200_000_000), compresslevel=1)
    assert len(bomb) < 1_000_000
    async with serving({"/a": answering(bomb, headers={"Content-Encoding": "gzip"})}) as base:
        with pytest.raises(FetchTooLargeError):
            await client.fetch(f"{base}/a", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)


async def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_not(client):
    async with serving({"/a": answering(bytes(1000)), "/b": answering(bytes(1001))}) as base:
        limits = {"max_bytes": 1000, "timeout_seconds": 20.0}
        assert len((await client.fetch(f"{base}/a", policy=OutboundPolicy.PUBLIC_ONLY, **limits)).body) == 1000
        with pytest.raises(FetchTooLargeError):
            await client.fetch(f"{base}/b", policy=OutboundPolicy.PUBLIC_ONLY, **limits)


async def test_an_endless_answer_without_a_length_is_cut_off(client):
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 200_000_000:
            await response.write(bytes(65_536))
            sent += 65_536
        return response

    async with serving({"/a": endless}) as base:
        with pytest.raises(FetchTooLargeError):
            await client.fetch(f"{base}/a", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)
    assert sent < 30_000_000


async def test_a_server_that_drips_is_left_at_the_deadline(client):
    """Each byte comes soon enough for a limit on silence; only a limit on the whole ends it."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while not reader.at_eof():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            return

    async with serving_raw(drip) as base:
        with pytest.raises(FetchTimeoutError):
            await client.fetch(base, policy=OutboundPolicy.PUBLIC_ONLY, max_bytes=10_000_000, timeout_seconds=0.3)


async def test_a_silent_server_is_left_at_the_deadline(client):
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with serving_raw(silent) as base:
        with pytest.raises(FetchTimeoutError) as caught:
            await client.fetch(base, policy=OutboundPolicy.PUBLIC_ONLY, max_bytes=1000, timeout_seconds=0.2)
    assert caught.value.code == "fetch_timeout"


@pytest.mark.parametrize("reply", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"])
async def test_an_answer_that_breaks_the_protocol_fails_by_name(client, reply):
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    async with serving_raw(broken) as base:
        with pytest.raises(FetchFailedError):
            await client.fetch(base, policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)


async def test_a_refused_connection_fails_by_name(client):
    async with serving({}) as base:
        pass
    with pytest.raises(FetchFailedError) as caught:
        await client.fetch(base, policy=OutboundPolicy.OPERATOR, **LIMITS)
    assert caught.value.code == "fetch_failed"


def test_one_client_serves_several_event_loops_one_after_the_other():
    client = HttpClient(LOOPBACK)

    async def fetch_once() -> bytes:
        async with serving({"/a": answering()}) as base:
            response = await client.fetch(f"{base}/a", policy=OutboundPolicy.PUBLIC_ONLY, **LIMITS)
        await client.close()
        return response.body

    assert [asyncio.run(fetch_once()) for _ in range(2)] == [b"hello", b"hello"]
