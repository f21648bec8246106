"""Google: read-only access to Docs, Sheets, Slides and files of Drive. Authorization code with PKCE."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from privexbot_app.integrations.connections.base import CONNECTIONS, Grant, Request, TokenEndpoint, read_expiry
from privexbot_app.kit.http import HttpClient

SCOPES = "openid email https://www.googleapis.com/auth/drive.readonly"


@CONNECTIONS.register("google")
class GoogleConnection:
    """A person's Drive. Access tokens live an hour; the refresh token is asked for with each consent."""

    title = "Google"

    class Config(BaseModel):
        """The OAuth client of the Google Cloud console, of the type “web application”."""

        client_id: str = Field(min_length=1, description="Client ID.")
        client_secret: SecretStr = Field(min_length=1, description="Client secret.")
        authorize_url: HttpUrl = Field(
            HttpUrl("https://accounts.google.com/o/oauth2/v2/auth"), description="Where people say yes."
        )
        token_url: HttpUrl = Field(HttpUrl("https://oauth2.googleapis.com/token"), description="Gives tokens.")
        revoke_url: HttpUrl = Field(HttpUrl("https://oauth2.googleapis.com/revoke"), description="Takes tokens back.")

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._endpoint = TokenEndpoint(http, title=self.title)

    def authorization_url(self, request: Request) -> str:
        """See `ConnectionProvider`."""
        query = {
            "client_id": self.config.client_id,
            "redirect_uri": request.redirect_uri,
            "response_type": "code",
            "scope": SCOPES,
            "state": request.state,
            "code_challenge": request.challenge,
            "code_challenge_method": "S256",
            "access_type": "offline",
            # Google gives a refresh token with the first consent only, unless it is asked to ask again.
            "prompt": "consent",
        }
        return f"{self.config.authorize_url}?{urlencode(query)}"

    async def exchange(self, code: str, request: Request) -> Grant:
        """See `ConnectionProvider`."""
        answer = await self._ask(
            grant_type="authorization_code",
            code=code,
            redirect_uri=request.redirect_uri,
            code_verifier=request.verifier,
        )
        account = _email_in(answer.get("id_token"))
        return Grant(answer["access_token"], str(answer.get("refresh_token") or ""), read_expiry(answer), account)

    async def renew(self, grant: Grant) -> Grant:
        """See `ConnectionProvider`. The refresh token stays the same."""
        answer = await self._ask(grant_type="refresh_token", refresh_token=grant.refresh_token)
        kept = str(answer.get("refresh_token") or grant.refresh_token)
        return Grant(answer["access_token"], kept, read_expiry(answer), grant.account)

    async def revoke(self, grant: Grant) -> None:
        """See `ConnectionProvider`."""
        await self._endpoint.post_form(
            str(self.config.revoke_url), {"token": grant.refresh_token or grant.access_token}
        )

    async def close(self) -> None:
        """See `ConnectionProvider`; the connections belong to whoever gave the client."""

    async def _ask(self, **form: str) -> dict[str, Any]:
        client = {
            "client_id": self.config.client_id,
            "client_secret": self.config.client_secret.get_secret_value(),
        }
        return self._endpoint.read(await self._endpoint.post_form(str(self.config.token_url), {**form, **client}))


def _email_in(id_token: object) -> str:
    """The address in a token that came from Google itself over TLS, which is why its signature is not checked."""
    try:
        payload = str(id_token).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims.get("email") or "")[:200]
    except (IndexError, ValueError, AttributeError):
        return ""
