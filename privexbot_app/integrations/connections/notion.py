"""Notion: the pages that a person shares with a public integration. Authorization code with state.

Notion's flow has no PKCE; its client secret goes as HTTP Basic with a JSON body.
"""

import base64
from typing import Any
from urllib.parse import urlencode

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from privexbot_app.integrations.connections.base import CONNECTIONS, Grant, Request, TokenEndpoint, read_expiry
from privexbot_app.kit.http import HttpClient


@CONNECTIONS.register("notion")
class NotionConnection:
    """A Notion workspace. Tokens do not end by themselves; where there is a refresh token, it changes at each use."""

    title = "Notion"

    class Config(BaseModel):
        """The public integration, as Notion's page of integrations shows it."""

        client_id: str = Field(min_length=1, description="OAuth client ID.")
        client_secret: SecretStr = Field(min_length=1, description="OAuth client secret.")
        authorize_url: HttpUrl = Field(
            HttpUrl("https://api.notion.com/v1/oauth/authorize"), description="Where people say yes."
        )
        token_url: HttpUrl = Field(HttpUrl("https://api.notion.com/v1/oauth/token"), description="Gives tokens.")
        revoke_url: HttpUrl = Field(HttpUrl("https://api.notion.com/v1/oauth/revoke"), description="Takes tokens back.")

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._endpoint = TokenEndpoint(http, title=self.title)

    def authorization_url(self, request: Request) -> str:
        """See `ConnectionProvider`."""
        query = {
            "client_id": self.config.client_id,
            "redirect_uri": request.redirect_uri,
            "response_type": "code",
            "owner": "user",
            "state": request.state,
        }
        return f"{self.config.authorize_url}?{urlencode(query)}"

    async def exchange(self, code: str, request: Request) -> Grant:
        """See `ConnectionProvider`."""
        answer = await self._ask(grant_type="authorization_code", code=code, redirect_uri=request.redirect_uri)
        return _grant(answer, account=str(answer.get("workspace_name") or "")[:200])

    async def renew(self, grant: Grant) -> Grant:
        """See `ConnectionProvider`."""
        answer = await self._ask(grant_type="refresh_token", refresh_token=grant.refresh_token)
        return _grant(answer, account=grant.account)

    async def revoke(self, grant: Grant) -> None:
        """See `ConnectionProvider`."""
        url = str(self.config.revoke_url)
        await self._endpoint.post_json(url, {"token": grant.access_token}, self._headers())

    async def close(self) -> None:
        """See `ConnectionProvider`; the connections belong to whoever gave the client."""

    async def _ask(self, **body: str) -> dict[str, Any]:
        answer = await self._endpoint.post_json(str(self.config.token_url), body, self._headers())
        return self._endpoint.read(answer)

    def _headers(self) -> dict[str, str]:
        pair = f"{self.config.client_id}:{self.config.client_secret.get_secret_value()}"
        return {
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Notion-Version": "2022-06-28",
        }


def _grant(answer: dict[str, Any], *, account: str) -> Grant:
    return Grant(answer["access_token"], str(answer.get("refresh_token") or ""), read_expiry(answer), account)
