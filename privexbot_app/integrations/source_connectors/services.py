"""Calls of a service's JSON API on a customer's behalf: patient with limits on the rate, plain about refusals."""

import asyncio
from collections.abc import Mapping
from typing import Any

from privexbot_app.integrations.source_connectors.base import AccessDeniedError, SourceUnavailableError
from privexbot_app.kit.http import FetchedResponse, HttpClient, OutboundPolicy, Patience, UpstreamGarbageError

MAX_BYTES = 20_000_000
TIMEOUT_SECONDS = 60.0
PATIENCE = Patience(max_attempts=5, longest_pause_seconds=60.0, first_pause_seconds=1.0)
BUSY = (429, 500, 502, 503, 504)


class ServiceApi:
    """One service at `base_url`. service: its name in messages. headers: sent with each call, credentials included."""

    def __init__(self, http: HttpClient, base_url: str, *, service: str, headers: Mapping[str, str]) -> None:
        self._http = http
        self._base = base_url.rstrip("/")
        self._service = service
        self._headers = dict(headers)

    async def get_json(self, path: str) -> dict[str, Any]:
        """The answer to a GET. Raises like `call`, and UpstreamGarbageError."""
        return self._object(await self.call("GET", path))

    async def post_json(self, path: str, body: object) -> dict[str, Any]:
        """The answer to a POST. Raises like `call`, and UpstreamGarbageError."""
        return self._object(await self.call("POST", path, body=body))

    async def call(
        self, method: str, path: str, *, body: object | None = None, max_bytes: int = MAX_BYTES
    ) -> FetchedResponse:
        """A successful answer; one that says “later” is waited for and asked again.

        Raises AccessDeniedError, SourceUnavailableError, and FetchFailedError with its kinds.
        """
        for attempt in range(1, PATIENCE.max_attempts + 1):
            answer = await self._http.fetch(
                self._base + path,
                policy=OutboundPolicy.PUBLIC_ONLY,
                max_bytes=max_bytes,
                timeout_seconds=TIMEOUT_SECONDS,
                method=method,
                headers={"Accept": "application/json", **self._headers},
                json=body,
            )
            if not _is_busy(answer) or attempt == PATIENCE.max_attempts:
                break
            await asyncio.sleep(PATIENCE.pause_seconds(answer.headers, attempt))
        if answer.status < 300:
            return answer
        if answer.status in (401, 403, 404) and not _is_busy(answer):
            raise AccessDeniedError(self._service, status=answer.status)
        raise SourceUnavailableError(
            f"{self._service} answered with status {answer.status}.", status=answer.status, path=path
        )

    def _object(self, answer: FetchedResponse) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError as error:
            raise UpstreamGarbageError(f"{self._service} answered with something unexpected.") from error
        if not isinstance(found, dict):
            raise UpstreamGarbageError(f"{self._service} answered with something unexpected.")
        return found


def _is_busy(answer: FetchedResponse) -> bool:
    is_out_of_calls = answer.status == 403 and answer.headers.get("x-ratelimit-remaining") == "0"
    return answer.status in BUSY or is_out_of_calls or (answer.status == 403 and "retry-after" in answer.headers)
