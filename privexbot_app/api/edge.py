"""The outermost shell around everything that the web process serves. Pure ASGI, as every request pays for it.

Gives each request an id and a log line, bounds its body, sets security headers, answers preflights of public routes for
any origin, and lets the dashboard's websocket be opened only by pages of this very host.
"""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from time import perf_counter
from typing import Any

from privexbot_app.api.errors import OUR_FAULT, problem, problem_of
from privexbot_app.api.origins import is_own_origin
from privexbot_app.kit import logging
from privexbot_app.kit.errors import TooLargeError
from privexbot_app.kit.ids import new_id

Message = MutableMapping[str, Any]
ASGIScope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[ASGIScope, Receive, Send], Awaitable[None]]

log = logging.get_logger(__name__)

PUBLIC = re.compile(r"/api/v1/bots/|/v1/|/widget(?:\.js$|/)")
UPLOADS = re.compile(r"/api/v1/kb/|/_upload")
HASHED = re.compile(r"/(?:assets/[^/]+-[\w-]{8,}\.\w+|widget/\w+\.[A-Z0-9]{8}\.js)$")
PUBLIC_BODY_BYTES = 64_000
BODY_BYTES = 2_000_000
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
DATA = re.compile(r"/(?:api|v1)/|/(?:healthz|readyz|metrics|version)$")
SIGNING_IN = "/api/v1/auth/"
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
HSTS = (b"strict-transport-security", b"max-age=31536000")
NO_FRAME = (b"x-frame-options", b"DENY")
DASHBOARD_HEADERS = (
    NO_FRAME,
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"content-security-policy",
        # Reflex writes scripts into its pages and evaluates what the server asks for; nothing else may come in.
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' https: data: blob:; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
        b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
)
DATA_HEADERS = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""Of answers that are data: nothing in them may run, and nobody keeps them who was not told to."""
EXPOSED = b"retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, ratelimit-policy, x-request-id"
CORS_HEADERS = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", EXPOSED))
ALLOWED = (
    b"content-type, authorization, accept, last-event-id, idempotency-key, visitor-token, visitor-id, "
    b"visitor-signature, mcp-protocol-version, mcp-session-id"
)
PREFLIGHT_HEADERS = (
    *CORS_HEADERS,
    (b"access-control-allow-methods", b"GET, POST, DELETE, OPTIONS"),
    (b"access-control-allow-headers", ALLOWED),
    (b"access-control-max-age", b"7200"),
    (b"content-length", b"0"),
)
IMMUTABLE = (b"cache-control", b"public, max-age=31536000, immutable")


class BodyTooLargeError(TooLargeError):
    """The body runs over its limit: known from its length, or noticed while it is read."""

    code = "too_large"

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(f"The request is larger than {limit_bytes // 1000} kB.", limit_bytes=limit_bytes)


class Edge:
    """Wraps the application.

    max_upload_bytes: of one file; a request may carry twice as much.
    has_https: browsers reach us by https, and are told to insist on it.
    trusted_proxy_hops: so many of the last entries of X-Forwarded-For were written by our own proxies.
    api: what serves public routes, if it can be reached without the layers around it.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_upload_bytes: int,
        trusted_proxy_hops: int = 0,
        has_https: bool = False,
        api: ASGIApp | None = None,
    ) -> None:
        self._app = app
        self._public_app = api or app
        self._trusted_proxy_hops = trusted_proxy_hops
        self._always = (*SECURITY_HEADERS, HSTS) if has_https else SECURITY_HEADERS
        self._upload_body_bytes = 2 * max_upload_bytes + 1_000_000

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve_http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._serve_websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _serve_websocket(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and not is_own_origin(origin, headers.get(b"host", b"").decode("latin-1")):
            await receive()
            await send({"type": "websocket.close", "code": 4403})
            return
        # The inner list of origins is closed; this one was checked against the host it came to.
        kept = [pair for pair in scope["headers"] if pair[0] != b"origin"]
        await self._app({**scope, "headers": kept}, receive, send)

    async def _serve_http(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        path, started = scope["path"], perf_counter()
        headers = dict(scope["headers"])
        if self._trusted_proxy_hops:
            scope = {**scope, "client": _client_behind(headers, self._trusted_proxy_hops) or scope["client"]}
        logging.unbind_all()
        request_id = _request_id(headers)
        logging.bind(request_id=request_id)
        is_public = PUBLIC.match(path) is not None
        if is_public and scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": list(PREFLIGHT_HEADERS)})
            await send({"type": "http.response.body", "body": b""})
            return
        status = 0

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                always = ((b"x-request-id", request_id.encode()), *self._always)
                message = {**message, "headers": _dress(message, path, always, is_public=is_public)}
            await send(message)

        limit = self._limit(path, is_public=is_public)
        try:
            if _declared_length(headers) > limit:
                raise BodyTooLargeError(limit_bytes=limit)
            app = self._public_app if is_public else self._app
            await app(scope, _bounded(receive, limit), send_dressed)
        except BodyTooLargeError as error:
            if status:
                raise
            await problem_of(error)(scope, receive, send_dressed)
        except Exception as error:
            if status:
                raise  # the answer has begun: the server closes the connection
            log.error("request.crashed", path=path, exc_info=error)
            await problem(500, "internal", OUR_FAULT)(scope, receive, send_dressed)
        finally:
            if path not in QUIET and path.startswith(("/api/", "/v1/")):
                seconds = round(perf_counter() - started, 4)
                log.info("request.served", method=scope["method"], path=path, status=status, seconds=seconds)

    def _limit(self, path: str, *, is_public: bool) -> int:
        if is_public and not path.startswith("/v1/"):  # there the whole conversation comes along
            return PUBLIC_BODY_BYTES
        if path.startswith(SIGNING_IN):
            return PUBLIC_BODY_BYTES
        return self._upload_body_bytes if UPLOADS.match(path) else BODY_BYTES


def _request_id(headers: dict[bytes, bytes]) -> str:
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if REQUEST_ID.fullmatch(given) else new_id().hex


def _client_behind(headers: dict[bytes, bytes], hops: int) -> tuple[str, int] | None:
    """The caller's address as our outermost proxy saw it; what stands before it anybody may have written."""
    seen = [entry.strip() for entry in headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")]
    try:
        return str(ip_address(seen[-hops])), 0
    except (IndexError, ValueError):
        return None


def _declared_length(headers: dict[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"")
    return int(length) if length.isdigit() else 0


def _bounded(receive: Receive, limit: int) -> Receive:
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise BodyTooLargeError(limit_bytes=limit)
        return message

    return receive_bounded


def _dress(
    message: Message, path: str, always: tuple[tuple[bytes, bytes], ...], *, is_public: bool
) -> list[tuple[bytes, bytes]]:
    present = {name for name, _ in message["headers"]}
    extra = list(always)
    if HASHED.search(path) and message["status"] == 200:
        extra.append(IMMUTABLE)
    if is_public:
        extra += CORS_HEADERS
    if DATA.match(path):
        extra += DATA_HEADERS
        if not is_public:
            extra.append(NO_FRAME)
    elif not is_public and not path.startswith(("/chat/", "/embed/")):  # pages of bots have policies of their own
        extra += DASHBOARD_HEADERS
    return [*message["headers"], *(pair for pair in extra if pair[0] not in present)]
