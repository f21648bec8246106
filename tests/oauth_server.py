"""A local server with the shapes of Notion's and Google's OAuth, and of what the two serve to a token."""

import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web

from tests.servers import Handler, serving

CLIENT = {"client_id": "client", "client_secret": "client-secret"}


class OAuthServer:
    """One service. lifetime_seconds: of access tokens; None for ever.

    asked: the token requests. revoked: tokens that were given back. Refresh tokens serve once.
    """

    def __init__(self, lifetime_seconds: int | None = 3600) -> None:
        self.lifetime_seconds = lifetime_seconds
        self.base = ""
        self.asked: list[dict[str, str]] = []
        self.revoked: list[str] = []
        self.valid: set[str] = set()
        self._refresh: set[str] = set()
        self._codes: dict[str, dict[str, str]] = {}

    def consent(self, address: str) -> tuple[str, str]:
        """A person says yes: the code and the state that their browser takes back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["client_id"] == CLIENT["client_id"]
        code = f"code-{secrets.token_hex(4)}"
        self._codes[code] = query
        return code, query["state"]

    def forget(self) -> None:
        """The person takes the right back at the service."""
        self.valid.clear()
        self._refresh.clear()

    async def token(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        self.asked.append(body)
        if not self._is_client(request, body):
            return web.json_response({"error": "invalid_client"}, status=401)
        if body["grant_type"] == "authorization_code":
            begun = self._codes.pop(body["code"], None)
            if begun is None or begun["redirect_uri"] != body["redirect_uri"] or not _is_verified(begun, body):
                return web.json_response({"error": "invalid_grant"}, status=400)
        elif body["refresh_token"] not in self._refresh:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self._refresh.discard(body.get("refresh_token", ""))
        return web.json_response(self._answer())

    async def revoke(self, request: web.Request) -> web.Response:
        token = (await self._body(request))["token"]
        self.revoked.append(token)
        return web.json_response({}, status=200 if token in self.valid | self._refresh else 400)

    def is_valid(self, request: web.Request) -> bool:
        return request.headers.get("Authorization", "").removeprefix("Bearer ") in self.valid

    def _answer(self) -> dict[str, Any]:
        access, refresh = f"access-{secrets.token_hex(6)}", f"refresh-{secrets.token_hex(6)}"
        self.valid.add(access)
        self._refresh.add(refresh)
        claims = base64.urlsafe_b64encode(json.dumps({"email": "ann@example.com"}).encode()).decode().rstrip("=")
        answer = {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "bearer",
            "workspace_name": "Ann's notes",
            "id_token": f"head.{claims}.signature",
        }
        return answer | ({"expires_in": self.lifetime_seconds} if self.lifetime_seconds else {})

    async def _body(self, request: web.Request) -> dict[str, str]:
        if request.content_type == "application/json":
            return dict(await request.json())
        return {name: str(value) for name, value in (await request.post()).items()}

    def _is_client(self, request: web.Request, body: dict[str, str]) -> bool:
        pair = base64.b64encode(f"{CLIENT['client_id']}:{CLIENT['client_secret']}".encode()).decode()
        return request.headers.get("Authorization") == f"Basic {pair}" or CLIENT.items() <= body.items()


@asynccontextmanager
async def serving_oauth(server: OAuthServer, **further: Handler) -> AsyncIterator[OAuthServer]:
    """Serve it. further: other handlers, by path without its first slash."""
    routes = {"/token": server.token, "/revoke": server.revoke}
    async with serving({**routes, **{f"/{path}": handler for path, handler in further.items()}}) as base:
        server.base = base
        yield server


def settings_for(base: str) -> dict[str, str]:
    """What an operator sets for a client at this server."""
    return {
        **CLIENT,
        "authorize_url": f"{base}/authorize",
        "token_url": f"{base}/token",
        "revoke_url": f"{base}/revoke",
    }


def _is_verified(begun: dict[str, str], body: dict[str, str]) -> bool:
    challenge = begun.get("code_challenge")
    if challenge is None:
        return "code_verifier" not in body
    digest = hashlib.sha256(body.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge
