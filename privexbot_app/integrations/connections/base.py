"""Services that people connect by OAuth 2.0, so that nobody copies a token. Owns the contract and the registry.

A provider speaks its service's authorization-code flow; it keeps nothing. Grants are kept, sealed, by
`domains.credentials.connections`. What is read with a grant is the business of `integrations.source_connectors`.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from pydantic import BaseModel

from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import UpstreamFailedError
from privexbot_app.kit.http import (
    FetchedResponse,
    FetchFailedError,
    HttpClient,
    OutboundPolicy,
    UpstreamGarbageError,
    UpstreamUnreachableError,
)
from privexbot_app.kit.registry import Registry

_MAX_ANSWER_BYTES = 1_000_000
_TIMEOUT_SECONDS = 30.0


class GrantRefusedError(UpstreamFailedError):
    """The service does not accept a code or a token, e.g. because somebody has taken the right back."""

    code = "connection_refused"

    def __init__(self, title: str, **context: Any) -> None:
        super().__init__(f"{title} does not accept this connection any more. Connect again.", **context)


@dataclass(frozen=True)
class Grant:
    """What a service has given. account: whose it is, in words. expires_at: of the access token; None for never."""

    access_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    account: str = ""


@dataclass(frozen=True)
class Request:
    """One attempt to connect. state: comes back with the code. verifier: PKCE's secret, known to us alone."""

    redirect_uri: str
    state: str
    verifier: str = field(repr=False)

    @property
    def challenge(self) -> str:
        """PKCE's S256 form of the verifier (RFC 7636)."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


class ConnectionProvider(Protocol):
    """One service. Built with `Provider(config, http=…)`, which asks nothing.

    title: the service's name. Config: the OAuth client that the operator has registered there.
    """

    Config: type[BaseModel]
    title: str

    def authorization_url(self, request: Request) -> str:
        """Where a person says yes."""
        ...

    async def exchange(self, code: str, request: Request) -> Grant:
        """The grant for a code. Raises GrantRefusedError, and UpstreamFailedError with its kinds."""
        ...

    async def renew(self, grant: Grant) -> Grant:
        """A grant with a fresh access token. Raises as `exchange`."""
        ...

    async def revoke(self, grant: Grant) -> None:
        """Give the grant back; one that is gone already is no failure. Raises UpstreamFailedError with its kinds."""
        ...

    async def close(self) -> None:
        """Free what it holds."""
        ...


CONNECTIONS = Registry("connection", ConnectionProvider)  # type: ignore[type-abstract]


class TokenEndpoint:
    """Posts to the addresses of one service, and reads what comes back. title: the service's name in messages."""

    def __init__(self, http: HttpClient, *, title: str) -> None:
        self._http = http
        self._title = title

    async def post_form(self, url: str, form: Mapping[str, str]) -> FetchedResponse:
        """Send a form. Raises UpstreamUnreachableError."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return await self._send(url, headers, content=urlencode(form).encode())

    async def post_json(self, url: str, body: object, headers: Mapping[str, str]) -> FetchedResponse:
        """Send JSON. Raises UpstreamUnreachableError."""
        return await self._send(url, {"Accept": "application/json", **headers}, json=body)

    def read(self, answer: FetchedResponse) -> dict[str, Any]:
        """The members of a good answer. Raises GrantRefusedError, UpstreamGarbageError."""
        if answer.status >= 500:
            raise UpstreamUnreachableError(f"{self._title} is out of order. Try again later.", status=answer.status)
        if answer.status >= 300:
            raise GrantRefusedError(self._title, status=answer.status)
        try:
            found = answer.json()
            found["access_token"].encode()
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UpstreamGarbageError(f"{self._title} answered with something unexpected.") from error
        return dict(found)

    async def _send(self, url: str, headers: Mapping[str, str], **body: Any) -> FetchedResponse:
        try:
            return await self._http.fetch(
                url,
                policy=OutboundPolicy.OPERATOR,
                method="POST",
                headers=headers,
                max_bytes=_MAX_ANSWER_BYTES,
                timeout_seconds=_TIMEOUT_SECONDS,
                **body,
            )
        except FetchFailedError as error:
            raise UpstreamUnreachableError(f"{self._title} cannot be reached.") from error


def read_expiry(answer: Mapping[str, Any]) -> datetime | None:
    """When the access token of an answer ends; None if it does not say."""
    seconds = answer.get("expires_in")
    return utc_now() + timedelta(seconds=int(seconds)) if isinstance(seconds, int | float) else None
