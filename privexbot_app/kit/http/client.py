"""The one way out for every request: judged addresses, no redirect unseen, limits on bytes and time.

`HttpClient` is built once by bootstrap and passed down. `fetch` reads whole answers; `stream` (see `streaming`) is for
answers that arrive token by token. Neither reads proxy variables, keeps cookies or follows a redirect by itself.
"""

import asyncio
import json as jsonlib
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from email.message import Message
from enum import StrEnum
from functools import cached_property
from ssl import SSLContext
from typing import Any
from urllib.parse import urljoin
from weakref import WeakKeyDictionary

import httpcore
import httpx

from privexbot_app.kit.http.addresses import (
    AddressGuard,
    CheckedUrl,
    IpNetwork,
    OutboundPolicy,
    Resolver,
    resolve_with_system,
)
from privexbot_app.kit.http.errors import FetchFailedError, FetchTimeoutError, UrlNotAllowedError
from privexbot_app.kit.http.reading import read_capped
from privexbot_app.kit.http.streaming import LineStream, StreamOpener

_REDIRECTS = {301, 302, 303, 307, 308}
_HEADERS_FOR_ANYONE = {"accept", "accept-language", "content-type", "user-agent"}

_Pools = dict[OutboundPolicy, httpcore.AsyncConnectionPool]


class Browsing(StrEnum):
    """Whether a browser may show pages, where somebody asks for it, to run their scripts.

    SANDBOXED: in Chromium's own sandbox, which does not work for root. UNSANDBOXED: for containers that are a sandbox.
    """

    OFF = "off"
    SANDBOXED = "sandboxed"
    UNSANDBOXED = "unsandboxed"


@dataclass(frozen=True)
class HttpConfig:
    """What an operator may change about outgoing requests.

    allowed_private_networks: networks that addresses typed by customers may lead to nevertheless.
    public_ports: ports that such addresses may name.
    connect_timeout_seconds: for one connection, including TLS.
    """

    user_agent: str = "PrivexBot/1.0"
    allowed_private_networks: tuple[IpNetwork, ...] = ()
    public_ports: frozenset[int] = frozenset({80, 443, 8080, 8443})
    connect_timeout_seconds: float = 10.0
    max_redirects: int = 5
    browsing: Browsing = Browsing.OFF


@dataclass(frozen=True)
class FetchedResponse:
    """A complete answer, whatever its status. Header names are in lower case; `final_url` is where it came from."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
    final_url: str

    @property
    def media_type(self) -> str:
        """E.g. "text/html"; "application/octet-stream" when the answer does not say."""
        return self._content_type.get_content_type()

    @property
    def encoding(self) -> str | None:
        """The charset that the answer declares."""
        return self._content_type.get_content_charset()

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return jsonlib.loads(self.body)

    @cached_property
    def _content_type(self) -> Message:
        message = Message()
        message["content-type"] = self.headers.get("content-type", "application/octet-stream")
        return message


@dataclass(frozen=True)
class _Request:
    """One hop."""

    method: str
    target: CheckedUrl
    headers: dict[str, str]
    content: bytes | None


class HttpClient:
    """Outgoing requests under a policy.

    resolver, network: replace name look-up and sockets; both are behind the check of addresses, never around it.
    """

    def __init__(
        self,
        config: HttpConfig | None = None,
        *,
        resolver: Resolver = resolve_with_system,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self.config = config or HttpConfig()
        self._network = network or httpcore.AnyIOBackend()
        self._guards = {
            policy: AddressGuard(policy, resolver, self.config.allowed_private_networks, self.config.public_ports)
            for policy in OutboundPolicy
        }
        self._opener = StreamOpener(self._guards, user_agent=self.config.user_agent)
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, _Pools] = WeakKeyDictionary()

    async def check(self, url: str, *, policy: OutboundPolicy) -> str:
        """The URL in normal form. Raises UrlNotAllowedError, or HostNotFoundError, without fetching anything."""
        checked = self._guards[policy].check_url(url)
        await self._guards[policy].resolve(checked)
        return str(checked.url)

    def guard(self, policy: OutboundPolicy, *, public_ports: frozenset[int]) -> AddressGuard:
        """The rules of a policy, for a protocol other than HTTP that has ports of its own."""
        return replace(self._guards[policy], public_ports=public_ports)

    async def fetch(
        self,
        url: str,
        *,
        policy: OutboundPolicy,
        max_bytes: int,
        timeout_seconds: float,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: object | None = None,
    ) -> FetchedResponse:
        """Fetch a whole answer; an error status is returned, not raised.

        max_bytes: of the body, compressed and decompressed. timeout_seconds: for everything, redirects included.
        Raises UrlNotAllowedError, and FetchFailedError with its kinds.
        """
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if json is not None:
            content = jsonlib.dumps(json).encode()
            sent.setdefault("content-type", "application/json")
        request = _Request(method.upper(), self._guards[policy].check_url(url), sent, content)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._follow(request, policy, max_bytes)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise FetchTimeoutError(
                "The address did not answer in time.", host=request.target.host, after_seconds=timeout_seconds
            ) from error

    def stream(
        self,
        url: str,
        *,
        policy: OutboundPolicy = OutboundPolicy.OPERATOR,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        json: object | None = None,
        connect_timeout_seconds: float = 10.0,
        idle_timeout_seconds: float = 60.0,
    ) -> AbstractAsyncContextManager[LineStream]:
        """Open an answer that is read line by line while it arrives; leaving the block closes the connection.

        idle_timeout_seconds: the longest silence, before the first byte and between two. Raises UrlNotAllowedError,
        UpstreamUnreachableError, UpstreamTimeoutError and UpstreamStatusError, on opening and while reading.
        """
        return self._opener.open(
            url,
            policy=policy,
            method=method,
            headers=dict(headers or {}),
            json=json,
            connect_timeout_seconds=connect_timeout_seconds,
            idle_timeout_seconds=idle_timeout_seconds,
        )

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        for pool in self._pools.pop(asyncio.get_running_loop(), {}).values():
            await pool.aclose()
        await self._opener.close()

    async def _follow(self, request: _Request, policy: OutboundPolicy, max_bytes: int) -> FetchedResponse:
        for _ in range(self.config.max_redirects + 1):
            response = await self._send(request, policy, max_bytes)
            location = response.headers.get("location")
            if response.status not in _REDIRECTS or location is None:
                return response
            target = self._guards[policy].check_url(urljoin(str(request.target.url), location))
            if policy is OutboundPolicy.OPERATOR and target.host != request.target.host:
                raise FetchFailedError("The service sends its callers to another host.", host=target.host)
            request = _redirected(request, target, response.status)
        raise FetchFailedError("The address sends its callers around in circles.", host=request.target.host)

    async def _send(self, request: _Request, policy: OutboundPolicy, max_bytes: int) -> FetchedResponse:
        url = request.target.url
        seconds = self.config.connect_timeout_seconds
        try:
            async with self._pool(policy).stream(
                request.method,
                httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=request.target.port, target=url.raw_path),
                headers=self._headers(request),
                content=request.content,
                extensions={"timeout": {"connect": seconds, "pool": seconds}},
            ) as answer:
                headers = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in answer.headers}
                is_redirect = answer.status in _REDIRECTS and "location" in headers
                # The page behind a redirect is nobody's business, and may be endless.
                body = b"" if is_redirect else await read_capped(answer.aiter_stream(), headers, max_bytes)
                return FetchedResponse(answer.status, headers, body, str(url))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise FetchFailedError("The address could not be fetched.", host=request.target.host) from error

    def _headers(self, request: _Request) -> list[tuple[str, str]]:
        own = {
            "host": request.target.url.netloc.decode("ascii"),
            "user-agent": self.config.user_agent,
            "accept": "*/*",
            "accept-encoding": "gzip, deflate",
        }
        if request.content is not None:
            own["content-length"] = str(len(request.content))
        return list({**own, **request.headers, "host": own["host"]}.items())

    @cached_property
    def _ssl_context(self) -> SSLContext:
        # Honours SSL_CERT_FILE, which self-hosters with an authority of their own need.
        return httpx.create_ssl_context()

    def _pool(self, policy: OutboundPolicy) -> httpcore.AsyncConnectionPool:
        """The pool of this event loop: connections cannot move to another one."""
        pools = self._pools.setdefault(asyncio.get_running_loop(), {})
        if policy not in pools:
            pools[policy] = httpcore.AsyncConnectionPool(
                ssl_context=self._ssl_context,
                max_connections=100,
                max_keepalive_connections=20,
                keepalive_expiry=15.0,
                network_backend=_GuardedNetwork(self._guards[policy], self._network),
            )
        return pools[policy]


class _GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that the guard has just judged; TLS and the Host header keep the name."""

    def __init__(self, guard: AddressGuard, inner: httpcore.AsyncNetworkBackend) -> None:
        self._guard = guard
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.AsyncNetworkStream:
        """Try the judged addresses in turn."""
        checked = self._guard.check_url(f"http://{f'[{host}]' if ':' in host else host}:{port}/")
        failure: Exception | None = None
        for address in await self._guard.resolve(checked):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore.ConnectError(f"no address for {host}")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's name
        socket_options: Any = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never: a socket file is not a web address."""
        raise UrlNotAllowedError("Only web addresses can be fetched.")

    async def sleep(self, seconds: float) -> None:
        """Wait between two tries of the pool."""
        await self._inner.sleep(seconds)


def _redirected(request: _Request, target: CheckedUrl, status: int) -> _Request:
    """The next hop: another origin learns no secret, and a form is not sent twice, as in browsers."""
    headers = request.headers
    if target.origin != request.target.origin:
        headers = {name: value for name, value in headers.items() if name in _HEADERS_FOR_ANYONE}
    if status in (307, 308) or request.method in ("GET", "HEAD"):
        return _Request(request.method, target, headers, request.content)
    headers = {name: value for name, value in headers.items() if not name.startswith("content-")}
    return _Request("GET", target, headers, None)
