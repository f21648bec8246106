"""Asking a service that speaks JSON: one address, one set of headers, patience with a service that is busy."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from privexbot_app.kit.http.addresses import OutboundPolicy
from privexbot_app.kit.http.client import FetchedResponse, HttpClient
from privexbot_app.kit.http.errors import (
    FetchFailedError,
    FetchTimeoutError,
    UpstreamGarbageError,
    UpstreamStatusError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from privexbot_app.kit.http.waiting import Patience, read_retry_after

_MAX_ANSWER_BYTES = 128 * 1024 * 1024
_QUOTED_BYTES = 4096
_BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class JsonAnswer:
    """A status and the body as JSON; None for an empty body, and for the page that a broken service sends."""

    status: int
    body: Any

    @property
    def is_good(self) -> bool:
        """Whether the service did as it was asked."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return f"status {self.status}: {json.dumps(self.body)[:500]}"


class JsonService:
    """A service at an address that the operator chose.

    name: what the sentences of failures call it. patience: for requests while the service is busy; one attempt for
    those that do not bear repeating. busy: the statuses that mean it. sleep: replaced in tests.
    """

    def __init__(
        self,
        http: HttpClient,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout_seconds: float,
        name: str = "The service",
        patience: Patience = Patience(),
        busy: frozenset[int] = _BUSY,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._http = http
        self._url = url
        self._headers = dict(headers)
        self._timeout_seconds = timeout_seconds
        self._name = name
        self._patience = patience
        self._busy = busy
        self._sleep = sleep

    async def ask(self, method: str, path: str, body: object | None = None) -> JsonAnswer:
        """Send a request; an error status is returned. Raises UpstreamUnreachableError, UpstreamTimeoutError and,
        for a good status with a body that is not JSON, UpstreamGarbageError.
        """
        return self._read(await self._send_patiently(method, path, body))

    async def obtain(self, method: str, path: str, body: object | None = None) -> Any:
        """Like `ask`, for the body of a good answer only. Raises UpstreamStatusError for any other."""
        response = await self._send_patiently(method, path, body)
        answer = self._read(response)
        if answer.is_good:
            return answer.body
        raise UpstreamStatusError(
            f"{self._name} answered with status {response.status}.",
            status=response.status,
            body=response.body[:_QUOTED_BYTES],
            retry_after_seconds=read_retry_after(response.headers),
        )

    async def _send_patiently(self, method: str, path: str, body: object | None) -> FetchedResponse:
        attempt = 1
        while True:
            response = await self._send(method, path, body)
            if response.status not in self._busy or attempt >= self._patience.max_attempts:
                return response
            await self._sleep(self._patience.pause_seconds(response.headers, attempt))
            attempt += 1

    async def _send(self, method: str, path: str, body: object | None) -> FetchedResponse:
        try:
            return await self._http.fetch(
                self._url.rstrip("/") + path if path else self._url,
                policy=OutboundPolicy.OPERATOR,
                method=method,
                json=body,
                headers=self._headers,
                max_bytes=_MAX_ANSWER_BYTES,
                timeout_seconds=self._timeout_seconds,
            )
        except FetchTimeoutError as error:
            raise UpstreamTimeoutError(f"{self._name} took too long to answer.") from error
        except FetchFailedError as error:
            raise UpstreamUnreachableError(f"{self._name} cannot be reached.") from error

    def _read(self, response: FetchedResponse) -> JsonAnswer:
        if not response.body.strip():
            return JsonAnswer(response.status, None)
        try:
            return JsonAnswer(response.status, response.json())
        except ValueError as error:
            if response.status < 300:
                raise UpstreamGarbageError(f"{self._name} sent an answer that cannot be read.") from error
            return JsonAnswer(response.status, None)
