"""OpenID Connect: Google, Microsoft, and any other issuer.

The issuer's own document says where its endpoints and keys are. A token counts when it is signed by one of these keys,
by an asymmetric algorithm, for this client, for this attempt (nonce), and in time. An address is taken over only when
the issuer vouches for it; Microsoft's tenants let their admins write any address, so theirs never is.
"""

import json
import secrets
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from privexbot_app.integrations.auth_strategies import oauth
from privexbot_app.integrations.auth_strategies.base import (
    AUTH_STRATEGIES,
    Answer,
    Begun,
    Means,
    ProofRefusedError,
    Site,
    VerifiedIdentity,
)
from privexbot_app.kit.http import HttpClient, UpstreamGarbageError
from privexbot_app.kit.jose import ASYMMETRIC, BadTokenError, read_signed

KEPT_SECONDS = 3600
CLOCK_SKEW = timedelta(minutes=1)
LONGEST_SUBJECT = 255
NONCE_BYTES = 32


class OpenIdClient(BaseModel):
    """What the issuer gave this installation when it was registered there."""

    client_id: str = Field(description="Id of this installation at the issuer.")
    client_secret: SecretStr = Field(description="Secret of this installation at the issuer.")


class _OpenId:
    """One issuer. Subclasses say which, and whether its word on an address counts."""

    name: str
    label: str
    means: ClassVar[Means] = Means.REDIRECT
    scope = "openid email profile"
    hints: Mapping[str, str] = MappingProxyType({})

    def __init__(self, config: Any, http: HttpClient) -> None:
        self.config = config
        self._service = oauth.Service(http)
        self._client = oauth.Client(config.client_id, config.client_secret)
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    @property
    def issuer(self) -> str:
        """The issuer's address."""
        return str(self.config.issuer).rstrip("/")

    async def begin(self, site: Site, asked: Mapping[str, Any], now: datetime) -> Begun:
        """See `AuthStrategy.begin`; nothing is asked."""
        endpoint = str((await self._document()).get("authorization_endpoint"))
        nonce = secrets.token_urlsafe(NONCE_BYTES)
        return oauth.start(site, self.name, endpoint=endpoint, client=self._client, scope=self.scope, nonce=nonce)

    def handle_of(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.handle_of`."""
        return oauth.state_of(given)

    def claimed_subject(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.claimed_subject`; the token says all."""
        return ""

    async def verify(self, answer: Answer) -> VerifiedIdentity:
        """See `AuthStrategy.verify`."""
        code, document = oauth.code_of(answer.given), await self._document()
        tokens = await self._service.exchange(str(document.get("token_endpoint")), self._client, answer.kept, code)
        claims = await self._claims(str(tokens.get("id_token", "")), document)
        self._judge(claims, document, nonce=str(answer.kept["nonce"]), now=answer.now)
        email = str(claims["email"]) if isinstance(claims.get("email"), str) else ""
        subject = f"{claims['iss']}|{claims['sub']}"
        name = claims.get("name") if isinstance(claims.get("name"), str) else ""
        vouched = email if self.vouches_for(claims) and email else None
        return VerifiedIdentity(self.name, subject, label=email or str(claims["sub"]), name=name or "", email=vouched)

    async def close(self) -> None:
        """See `AuthStrategy.close`; the connections belong to whoever gave the client."""

    def vouches_for(self, claims: Mapping[str, Any]) -> bool:
        """Whether the issuer itself has checked the address in these claims."""
        return claims.get("email_verified") is True

    def expected_issuer(self, claims: Mapping[str, Any], document: Mapping[str, Any]) -> str:
        """What `iss` must be."""
        return str(document.get("issuer"))

    async def _claims(self, token: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """The claims of a signed token; keys are fetched again once, as issuers change them."""
        address = str(document.get("jwks_uri"))
        for is_fresh in (False, True):
            keys = await self._fetched(address, is_fresh=is_fresh)
            try:
                claims = json.loads(read_signed(token, keys, algorithms=ASYMMETRIC))
            except (BadTokenError, ValueError) as error:
                if is_fresh:
                    raise ProofRefusedError("the service's token is not signed as it should be.") from error
                continue
            if isinstance(claims, dict):
                return claims
        raise ProofRefusedError("the service's token is not signed as it should be.")

    def _judge(self, claims: Mapping[str, Any], document: Mapping[str, Any], *, nonce: str, now: datetime) -> None:
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        subject = claims.get("sub")
        if claims.get("iss") != self.expected_issuer(claims, document) or self._client.id not in audiences:
            raise ProofRefusedError("the service's token was made for somebody else.")
        if len(audiences) > 1 and claims.get("azp") != self._client.id:
            raise ProofRefusedError("the service's token was made for somebody else.")
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise ProofRefusedError("the service's token belongs to another sign-in.")
        if not _is_time(claims.get("exp")) or claims["exp"] <= (now - CLOCK_SKEW).timestamp():
            raise ProofRefusedError("the service's token is too old.")
        if not _is_time(claims.get("iat")) or claims["iat"] > (now + CLOCK_SKEW).timestamp():
            raise ProofRefusedError("the service's token comes from the future.")
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
            raise ProofRefusedError("the service's token names nobody.")

    async def _document(self) -> dict[str, Any]:
        return await self._fetched(f"{self.issuer}/.well-known/openid-configuration", is_fresh=False)

    async def _fetched(self, url: str, *, is_fresh: bool) -> dict[str, Any]:
        """JSON at an address, kept for an hour."""
        until, found = self._kept.get(url, (0.0, {}))
        if is_fresh or time.monotonic() >= until:
            answer = await self._service.get(url)
            if not isinstance(answer, dict):
                raise UpstreamGarbageError("The sign-in service sent an answer that cannot be read.")
            found = answer
            self._kept[url] = (time.monotonic() + KEPT_SECONDS, found)
        return found


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@AUTH_STRATEGIES.register("google")
class GoogleSignIn(_OpenId):
    """Google accounts, private and of Workspace."""

    class Config(OpenIdClient):
        """A client made in the Google Cloud console."""

        issuer: HttpUrl = Field(HttpUrl("https://accounts.google.com"), description="Address of the issuer.")

    label = "Google"


@AUTH_STRATEGIES.register("microsoft")
class MicrosoftSignIn(_OpenId):
    """Microsoft accounts, private and of Entra."""

    class Config(OpenIdClient):
        """An application registered in Entra."""

        issuer: HttpUrl = Field(
            HttpUrl("https://login.microsoftonline.com/common/v2.0"),
            description="Address of the issuer; with the id of a tenant instead of `common`, only its people get in.",
        )

    label = "Microsoft"

    def vouches_for(self, claims: Mapping[str, Any]) -> bool:
        """Never: an admin of a tenant may write any address into an account."""
        return False

    def expected_issuer(self, claims: Mapping[str, Any], document: Mapping[str, Any]) -> str:
        """The document of `common` leaves the tenant open."""
        return str(document.get("issuer")).replace("{tenantid}", str(claims.get("tid", "")))


@AUTH_STRATEGIES.register("oidc")
class OpenIdSignIn(_OpenId):
    """Any issuer of OpenID Connect: Keycloak, Authentik, Okta, Zitadel and others."""

    class Config(OpenIdClient):
        """An issuer, and the client that was made there."""

        issuer: HttpUrl = Field(
            description="Address of the issuer, to which /.well-known/openid-configuration is added."
        )
        label: str = Field("Single sign-on", description="What the button says after “Continue with”.")
        vouches_for_addresses: bool = Field(
            True, description="Whether an address that the issuer calls verified counts as verified here."
        )

    label = "Single sign-on"

    def __init__(self, config: Config, http: HttpClient) -> None:
        super().__init__(config, http)
        self.label = config.label

    def vouches_for(self, claims: Mapping[str, Any]) -> bool:
        """As the operator says."""
        return self.config.vouches_for_addresses and super().vouches_for(claims)
