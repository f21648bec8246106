"""GitHub, which speaks OAuth without OpenID: who somebody is, its API says.

Only the primary address counts, and only if GitHub has verified it.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from privexbot_app.integrations.auth_strategies import oauth
from privexbot_app.integrations.auth_strategies.base import (
    AUTH_STRATEGIES,
    Answer,
    Begun,
    Means,
    Site,
    VerifiedIdentity,
)
from privexbot_app.kit.http import HttpClient, UpstreamGarbageError


@AUTH_STRATEGIES.register("github")
class GitHubSignIn:
    """Accounts of github.com or of a GitHub Enterprise server."""

    class Config(BaseModel):
        """An OAuth app registered at GitHub."""

        client_id: str = Field(description="Id of the OAuth app.")
        client_secret: SecretStr = Field(description="Secret of the OAuth app.")
        url: HttpUrl = Field(HttpUrl("https://github.com"), description="Address of GitHub.")
        api_url: HttpUrl = Field(HttpUrl("https://api.github.com"), description="Address of its API.")

    means: ClassVar[Means] = Means.REDIRECT
    label = "GitHub"
    hints: Mapping[str, str] = MappingProxyType({})

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._service = oauth.Service(http)
        self._client = oauth.Client(config.client_id, config.client_secret)
        self._site, self._api = str(config.url).rstrip("/"), str(config.api_url).rstrip("/")

    async def begin(self, site: Site, asked: Mapping[str, Any], now: datetime) -> Begun:
        """See `AuthStrategy.begin`; nothing is asked."""
        endpoint = f"{self._site}/login/oauth/authorize"
        return oauth.start(site, "github", endpoint=endpoint, client=self._client, scope="read:user user:email")

    def handle_of(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.handle_of`."""
        return oauth.state_of(given)

    def claimed_subject(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.claimed_subject`; the API says all."""
        return ""

    async def verify(self, answer: Answer) -> VerifiedIdentity:
        """See `AuthStrategy.verify`."""
        code, endpoint = oauth.code_of(answer.given), f"{self._site}/login/oauth/access_token"
        tokens = await self._service.exchange(endpoint, self._client, answer.kept, code)
        token = str(tokens.get("access_token", ""))
        user = await self._service.get(f"{self._api}/user", token=token)
        emails = await self._service.get(f"{self._api}/user/emails", token=token)
        try:
            subject, login = str(int(user["id"])), str(user["login"])
            email = next((str(row["email"]) for row in emails if row["primary"] and row["verified"]), None)
        except (KeyError, TypeError, ValueError) as error:
            raise UpstreamGarbageError("GitHub sent an answer that cannot be read.") from error
        return VerifiedIdentity("github", subject, label=login, name=str(user.get("name") or login), email=email)

    async def close(self) -> None:
        """See `AuthStrategy.close`; the connections belong to whoever gave the client."""
