"""Read an answer line by line while it arrives: the token path, over aiohttp, which costs a fifth of httpx here.

Owns one session per event loop and policy. A connection is closed, not kept, when its reader leaves early, so that the
service stops producing at once.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from privexbot_app.kit.http.addresses import AddressGuard, OutboundPolicy, parse_url
from privexbot_app.kit.http.errors import (
    FetchTooLargeError,
    UpstreamStatusError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from privexbot_app.kit.http.waiting import read_retry_after

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession
    from aiohttp.abc import AbstractResolver

MAX_LINE_BYTES = 1024 * 1024
MAX_ERROR_BYTES = 16 * 1024


class LineStream:
    """The lines of an answer, as bytes without their line ends, in order, each once."""

    def __init__(self, response: "ClientResponse", host: str) -> None:
        self._response = response
        self._host = host
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    async def batches(self) -> AsyncIterator[list[bytes]]:
        """Lines that arrived together, together; lets a reader write once for several tokens."""
        rest = b""
        async for piece in self._pieces():
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > MAX_LINE_BYTES:
                raise FetchTooLargeError("A line of the answer is too long.", max_bytes=MAX_LINE_BYTES)
            if lines:
                yield [line.removesuffix(b"\r") for line in lines]
        if rest:
            yield [rest.removesuffix(b"\r")]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for lines in self.batches():
            for line in lines:
                yield line

    async def _pieces(self) -> AsyncIterator[bytes]:
        while True:
            with _named_errors(self._host):
                piece = await self._response.content.readany()
            if not piece:
                return
            yield piece


class StreamOpener:
    """Opens streams for `HttpClient.stream`; aiohttp is imported with the first one."""

    def __init__(self, guards: Mapping[OutboundPolicy, AddressGuard], *, user_agent: str) -> None:
        self._guards = guards
        self._user_agent = user_agent
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[OutboundPolicy, ClientSession]] = (
            WeakKeyDictionary()
        )

    @asynccontextmanager
    async def open(
        self,
        url: str,
        *,
        policy: OutboundPolicy,
        method: str,
        headers: dict[str, str],
        json: object | None,
        connect_timeout_seconds: float,
        idle_timeout_seconds: float,
    ) -> AsyncIterator[LineStream]:
        """See `HttpClient.stream`."""
        from aiohttp import ClientTimeout  # noqa: PLC0415
        from yarl import URL  # noqa: PLC0415

        checked = self._guards[policy].check_url(url)
        timeout = ClientTimeout(
            total=None, connect=None, sock_connect=connect_timeout_seconds, sock_read=idle_timeout_seconds
        )
        with _named_errors(checked.host):
            response = await self._session(policy).request(
                method,
                URL(str(checked.url), encoded=True),
                headers=headers,
                json=json,
                timeout=timeout,
                allow_redirects=False,
            )
        try:
            if response.status >= 300:
                raise await _status_error(response, checked.host)
            yield LineStream(response, checked.host)
        finally:
            # A complete answer has given its connection back by now; an incomplete one must end here and now.
            response.close()

    async def close(self) -> None:
        """Close the sessions of the running event loop."""
        for session in self._sessions.pop(asyncio.get_running_loop(), {}).values():
            await session.close()

    def _session(self, policy: OutboundPolicy) -> "ClientSession":
        from aiohttp import ClientSession, DummyCookieJar, TCPConnector  # noqa: PLC0415

        sessions = self._sessions.setdefault(asyncio.get_running_loop(), {})
        if policy not in sessions:
            sessions[policy] = ClientSession(
                connector=TCPConnector(limit=0, resolver=_guarded_resolver(self._guards[policy]), use_dns_cache=False),
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
                trust_env=False,
            )
        return sessions[policy]


def _guarded_resolver(guard: AddressGuard) -> "AbstractResolver":
    """aiohttp asks it for every name; addresses in the URL itself were judged by `check_url`."""
    from aiohttp.abc import AbstractResolver, ResolveResult  # noqa: PLC0415

    class GuardedResolver(AbstractResolver):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
        ) -> list[ResolveResult]:
            addresses = await guard.resolve(parse_url(f"http://{host}:{port}/"))
            return [
                ResolveResult(
                    hostname=host,
                    host=address,
                    port=port,
                    family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                    proto=0,
                    flags=socket.AI_NUMERICHOST,
                )
                for address in addresses
            ]

        async def close(self) -> None:
            return None

    return GuardedResolver()


@contextmanager
def _named_errors(host: str) -> Iterator[None]:
    import aiohttp  # noqa: PLC0415

    try:
        yield
    except TimeoutError as error:
        raise UpstreamTimeoutError("The service took too long to answer.", host=host) from error
    except (aiohttp.ClientError, OSError) as error:
        raise UpstreamUnreachableError("The service cannot be reached.", host=host) from error


async def _status_error(response: "ClientResponse", host: str) -> UpstreamStatusError:
    body = b""
    with _named_errors(host):
        while len(body) < MAX_ERROR_BYTES and (piece := await response.content.readany()):
            body += piece
    headers = {name.lower(): value for name, value in response.headers.items()}
    return UpstreamStatusError(
        f"The service answered with status {response.status}.",
        status=response.status,
        body=body[:MAX_ERROR_BYTES],
        retry_after_seconds=read_retry_after(headers),
    )
