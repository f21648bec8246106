"""A service to sign in through, on this machine: an OpenID issuer, and GitHub's API. Its answers can be bent."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode

from aiohttp import web
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.servers import serving

CLIENT = {"client_id": "privexbot", "client_secret": "a secret of the client"}


class Issuer:
    """claims: what is said of the person. bend: changes to a token's claims. key: what tokens are signed with."""

    def __init__(self) -> None:
        self.url = ""
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
        self.published = [self.key]
        self.claims: dict[str, Any] = {
            "sub": "ann",
            "email": "ann@issuer.example",
            "email_verified": True,
            "name": "Ann",
        }
        self.bend: dict[str, Any] = {}
        self.emails = [{"email": "octo@issuer.example", "primary": True, "verified": True}]
        self.requests: dict[str, dict[str, str]] = {}

    async def document(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
            }
        )

    async def keys(self, request: web.Request) -> web.Response:
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.published]})

    async def authorize(self, request: web.Request) -> web.Response:
        """The person has agreed at once."""
        asked = dict(request.query)
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        code = f"code-{len(self.requests)}"
        self.requests[code] = asked
        back = urlencode({"code": code, "state": asked["state"]})
        raise web.HTTPSeeOther(f"{asked['redirect_uri']}?{back}")

    async def token(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl(await request.text()))
        asked = self.requests.pop(form.get("code", ""), None)
        fits = (
            asked is not None
            and form["client_secret"] == CLIENT["client_secret"]
            and create_s256_code_challenge(form["code_verifier"]) == asked["code_challenge"]
            and form["redirect_uri"] == asked["redirect_uri"]
        )
        if not fits or asked is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {"iss": self.url, "aud": asked["client_id"], "iat": now, "exp": now + 300, "nonce": asked.get("nonce")}
        claims = {name: value for name, value in {**claims, **self.claims, **self.bend}.items() if value is not None}
        token = jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)
        return web.json_response({"access_token": "token-of-ann", "token_type": "bearer", "id_token": token})

    async def user(self, request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "Bearer token-of-ann"
        return web.json_response({"id": 583231, "login": "octo", "name": "Octo"})

    async def user_emails(self, request: web.Request) -> web.Response:
        return web.Response(text=json.dumps(self.emails), content_type="application/json")

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """All four strategies, pointed here."""
        openid = {**CLIENT, "issuer": self.url}
        github = {**CLIENT, "url": self.url, "api_url": self.url}
        return {"google": openid, "microsoft": openid, "oidc": openid, "github": github}


@asynccontextmanager
async def running_issuer() -> AsyncIterator[Issuer]:
    """Serve it on a free port."""
    issuer = Issuer()
    routes = {
        "/.well-known/openid-configuration": issuer.document,
        "/keys": issuer.keys,
        "/authorize": issuer.authorize,
        "/login/oauth/authorize": issuer.authorize,
        "/token": issuer.token,
        "/login/oauth/access_token": issuer.token,
        "/user": issuer.user,
        "/user/emails": issuer.user_emails,
    }
    async with serving(routes) as url:  # type: ignore[arg-type]
        issuer.url = url
        yield issuer
