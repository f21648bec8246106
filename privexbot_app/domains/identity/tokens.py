"""Access tokens: short-lived JWTs that name a user and a session (RFC 7519, HS256)."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OctKey

from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import KeyRing
from privexbot_app.kit.errors import UnauthenticatedError
from privexbot_app.kit.jose import read_signed

ACCESS_LIFE = timedelta(minutes=15)
ALGORITHM = "HS256"
AUDIENCE = "privexbot-api"


class InvalidTokenError(UnauthenticatedError):
    """The token is not ours, was changed, or its session has ended."""

    code = "invalid_token"

    def __init__(self) -> None:
        super().__init__("The access token is not valid. Sign in again.")


class ExpiredTokenError(UnauthenticatedError):
    """The token was ours and its time is over."""

    code = "expired_token"

    def __init__(self) -> None:
        super().__init__("The access token has expired. Refresh it or sign in again.")


@dataclass(frozen=True)
class AccessTokens:
    """Signs and reads access tokens with a key of the installation."""

    keys: KeyRing

    def issue(self, *, user_id: UUID, session_id: UUID, now: datetime | None = None) -> str:
        """A token that ends in 15 minutes."""
        issued = now or utc_now()
        claims = {
            "sub": str(user_id),
            "sid": str(session_id),
            "aud": AUDIENCE,
            "iat": int(issued.timestamp()),
            "exp": int((issued + ACCESS_LIFE).timestamp()),
        }
        return jwt.encode({"alg": ALGORITHM}, claims, self._key())

    def read(self, token: str) -> tuple[UUID, UUID]:
        """The user's and the session's id. Raises InvalidTokenError, ExpiredTokenError."""
        try:
            claims = json.loads(read_signed(token, self._keys(), algorithms=[ALGORITHM]))
            user_id, session_id = UUID(claims["sub"]), UUID(claims["sid"])
            expires = float(claims["exp"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidTokenError from error
        if claims.get("aud") != AUDIENCE:
            raise InvalidTokenError
        if expires <= utc_now().timestamp():
            raise ExpiredTokenError
        return user_id, session_id

    def _key(self) -> OctKey:
        return OctKey.import_key(self.keys.derive("access-token"))

    def _keys(self) -> dict[str, list[dict[str, Any]]]:
        return {"keys": [{**self._key().as_dict(), "alg": ALGORITHM}]}
