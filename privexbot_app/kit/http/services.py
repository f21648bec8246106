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
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)

_MAX_ANSWER_BYTES = 128 * 1024 * 1024
_BUSY = {429, 502, 503, 504}
_LONGEST_PAUSE_SECONDS = 10.0


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

    max_attempts: how often a request is sent while the service is busy; use it for requests that bear repeating only.
    sleep: replaced in tests.
    """

    def __init__(
        self,
        http: HttpClient,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout_seconds: float,
        max_attempts: int = 4,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._headers = dict(headers)
        self._timeout_seconds = timeout_seconds
        self._max_attempts = max_attempts
        self._sleep = sleep

    async def ask(self, method: str, path: str, body: object | None = None) -> JsonAnswer:
        """Send a request; an error status is returned. Raises UpstreamUnreachableError, UpstreamTimeoutError and,
        for a good status with a body that is not JSON, UpstreamGarbageError.
        """
        for attempt in range(1, self._max_attempts + 1):
            response = await self._send(method, path, body)
            if response.status not in _BUSY or attempt == self._max_attempts:
                break
            await self._sleep(_pause_seconds(response, attempt))
        return _read(response)

    async def _send(self, method: str, path: str, body: object | None) -> FetchedResponse:
        try:
            return await self._http.fetch(
                self._url + path,
                policy=OutboundPolicy.OPERATOR,
                method=method,
                json=body,
                headers=self._headers,
                max_bytes=_MAX_ANSWER_BYTES,
                timeout_seconds=self._timeout_seconds,
            )
        except FetchTimeoutError as error:
            raise UpstreamTimeoutError("The service took too long to answer.") from error
        except FetchFailedError as error:
            raise UpstreamUnreachableError("The service cannot be reached.") from error


def _read(response: FetchedResponse) -> JsonAnswer:
    if not response.body.strip():
        return JsonAnswer(response.status, None)
    try:
        return JsonAnswer(response.status, response.json())
    except ValueError as error:
        if response.status < 300:
            raise UpstreamGarbageError("The service sent an answer that cannot be read.") from error
        return JsonAnswer(response.status, None)


def _pause_seconds(response: FetchedResponse, attempt: int) -> float:
    """What the service asks for, else twice as long each time."""
    asked = response.headers.get("retry-after", "")
    return min(float(asked) if asked.isdigit() else 0.25 * 2**attempt, _LONGEST_PAUSE_SECONDS)
