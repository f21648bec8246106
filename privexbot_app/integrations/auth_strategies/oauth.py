"""The authorization code flow with PKCE (RFC 6749, 7636): what signing in through another service has in common.

The state, the verifier and the nonce are random for each attempt and wait on the server; the browser only carries the
state. Every request goes to addresses that the operator set, or that the service at such an address names.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr

from privexbot_app.integrations.auth_strategies.base import Begun, MalformedProofError, ProofRefusedError, Site
from privexbot_app.kit.http import (
    FetchedResponse,
    FetchFailedError,
    FetchTimeoutError,
    HttpClient,
    OutboundPolicy,
    UpstreamGarbageError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
    UrlNotAllowedError,
)

TIMEOUT_SECONDS = 10.0
MAX_BYTES = 1_000_000
VERIFIER_BYTES = 48
LONGEST_CODE = 4096


@dataclass(frozen=True)
class Client:
    """This installation, as a service knows it."""

    id: str
    secret: SecretStr


class Service:
    """Asks a service that people sign in through; its failures get one name each."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def get(self, url: str, *, token: str | None = None) -> Any:
        """JSON at an address. Raises UpstreamFailedError."""
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        answer = await self._fetch(url, method="GET", headers=headers, content=None)
        if answer.status != 200:
            raise UpstreamGarbageError("The sign-in service did not answer as expected.", status=answer.status)
        return _json(answer)

    async def exchange(self, url: str, client: Client, kept: Mapping[str, Any], code: str) -> dict[str, Any]:
        """The tokens of a code. Raises ProofRefusedError for a code that the service does not know."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": kept["redirect_uri"],
            "client_id": client.id,
            "client_secret": client.secret.get_secret_value(),
            "code_verifier": kept["verifier"],
        }
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._fetch(url, method="POST", headers=headers, content=urlencode(form).encode())
        if answer.status >= 500:
            raise UpstreamGarbageError("The sign-in service did not answer as expected.", status=answer.status)
        tokens = _json(answer)
        if answer.status != 200 or not isinstance(tokens, dict) or "error" in tokens:
            raise ProofRefusedError("the service does not know this sign-in, or it is too old.")
        return tokens

    async def _fetch(
        self, url: str, *, method: str, headers: Mapping[str, str], content: bytes | None
    ) -> FetchedResponse:
        try:
            return await self._http.fetch(
                url,
                policy=OutboundPolicy.OPERATOR,
                method=method,
                headers=headers,
                content=content,
                max_bytes=MAX_BYTES,
                timeout_seconds=TIMEOUT_SECONDS,
            )
        except FetchTimeoutError as error:
            raise UpstreamTimeoutError("The sign-in service took too long to answer.") from error
        except (FetchFailedError, UrlNotAllowedError) as error:
            raise UpstreamUnreachableError("The sign-in service cannot be reached.") from error


def start(site: Site, name: str, *, endpoint: str, client: Client, scope: str, **also: str) -> Begun:
    """Where to send the browser, and what to remember. also: further parameters of the address."""
    from authlib.common.urls import add_params_to_uri  # noqa: PLC0415 - only this flow pays for it
    from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415 - as above

    state, verifier = secrets.token_urlsafe(VERIFIER_BYTES), secrets.token_urlsafe(VERIFIER_BYTES)
    redirect_uri = f"{site.url}/api/v1/auth/oidc/{name}/callback"
    parameters = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
        **also,
    }
    location = add_params_to_uri(endpoint, list(parameters.items()))
    kept = {"verifier": verifier, "redirect_uri": redirect_uri, **also}
    return Begun(handle=state, shown={"location": location}, kept=kept)


def state_of(given: Mapping[str, Any]) -> str:
    """Which attempt an answer is for."""
    state = given.get("state")
    if not isinstance(state, str) or not state:
        raise MalformedProofError("The answer of the sign-in service lacks its state.")
    return state


def code_of(given: Mapping[str, Any]) -> str:
    """The code to exchange. Raises ProofRefusedError if the service, or the person there, said no."""
    if given.get("error"):
        raise ProofRefusedError("it was cancelled, or refused, at the other service.")
    code = given.get("code")
    if not isinstance(code, str) or not 0 < len(code) <= LONGEST_CODE:
        raise MalformedProofError("The answer of the sign-in service lacks its code.")
    return code


def _json(answer: FetchedResponse) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise UpstreamGarbageError("The sign-in service sent an answer that cannot be read.") from error
