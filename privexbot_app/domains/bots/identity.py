"""Who a visitor is, as the bot's own website says it: by a signature (HMAC) or by a short-lived token (JWT).

Each bot has a secret of its own for this, shown once; the website's server signs with it, a page never sees it. After a
rotation the secret before is honoured for a day, so that pages which are open go on working.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.bots.kept import KeptBots
from privexbot_app.domains.bots.models import BotIdentity
from privexbot_app.domains.bots.repository import BotIdentityRepository, BotRepository
from privexbot_app.domains.bots.schemas import IdentitySecret, IdentityStatus
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import KeyRing, is_same
from privexbot_app.kit.errors import UnauthenticatedError
from privexbot_app.kit.ids import new_token

GRACE = timedelta(days=1)
LONGEST_VISITOR_ID = 200
LONGEST_TOKEN = 4096
LONGEST_TOKEN_LIFE_SECONDS = 24 * 3600
LEEWAY_SECONDS = 60


class VisitorRefusedError(UnauthenticatedError):
    """The proof of who the visitor is does not hold: wrong, for another bot, or too long-lived to be one."""

    code = "visitor_not_verified"

    def __init__(self, reason: str) -> None:
        super().__init__("This website could not prove who you are.", reason=reason)


class VisitorTokenExpiredError(UnauthenticatedError):
    """The visitor's token was good once; the website should make a new one."""

    code = "visitor_token_expired"

    def __init__(self) -> None:
        super().__init__("The proof of who you are has expired. Reload the page.")


@dataclass(frozen=True)
class VisitorProof:
    """What a page hands over: a token, or an id and its signature."""

    token: str = ""
    id: str = ""
    signature: str = ""

    @property
    def is_given(self) -> bool:
        """Whether the page says anything at all about who the visitor is."""
        return bool(self.token or self.id or self.signature)


class BotIdentityService:
    """The secret of one of the workspace's bots."""

    def __init__(self, work: Work, keys: KeyRing) -> None:
        self._work = work
        self._keys = keys
        self._rows = work.repository(BotIdentityRepository)

    async def status(self, bot_id: UUID) -> IdentityStatus:
        """Whether the bot has a secret, and since when. Needs `bots.read`. Raises NotFoundError (`bot_not_found`)."""
        self._work.scope.require("bots.read")
        await self._work.repository(BotRepository).get(bot_id)
        row = await self._rows.find_of(bot_id)
        return IdentityStatus(has_secret=row is not None, rotated_at=row.rotated_at if row else None)

    async def rotate(self, bot_id: UUID) -> IdentitySecret:
        """Give the bot a new secret, told this once. Needs `bots.deploy`. Raises NotFoundError (`bot_not_found`)."""
        self._work.scope.require("bots.deploy")
        await self._work.repository(BotRepository).get(bot_id)
        secret, now = new_token("pbv"), utc_now()
        row = await self._rows.find_of(bot_id)
        if row is None:
            row = self._rows.add(
                BotIdentity(
                    workspace_id=self._work.scope.workspace_id, bot_id=bot_id, sealed_secret=b"", rotated_at=now
                )
            )
        else:
            row.sealed_previous, row.previous_until = row.sealed_secret, now + GRACE
        self._work.works.own(KeptBots).forget(bot_id)
        row.sealed_secret, row.rotated_at = self._keys.seal(secret, bound_to=binding_of(bot_id)), now
        AuditService(self._work).record("bot.identity_secret_rotated", bot_id)
        return IdentitySecret(secret=secret, rotated_at=now)

    async def list_secrets(self, bot_id: UUID) -> tuple[str, ...]:
        """The secrets that count now, newest first. For checking visitors; never leaves the process."""
        row = await self._rows.find_of(bot_id)
        if row is None:
            return ()
        sealed = [row.sealed_secret]
        if row.sealed_previous is not None and row.previous_until is not None and row.previous_until > utc_now():
            sealed.append(row.sealed_previous)
        return tuple(self._keys.open(one, bound_to=binding_of(bot_id)) for one in sealed)


def verify_visitor(proof: VisitorProof, bot_id: UUID, secrets: Sequence[str]) -> str:
    """The visitor's id that the bot's website vouches for. Raises VisitorRefusedError, VisitorTokenExpiredError."""
    if not secrets:
        raise VisitorRefusedError("the bot has no secret")
    if proof.token:
        return _id_in_token(proof.token, bot_id, secrets)
    if not proof.id or len(proof.id) > LONGEST_VISITOR_ID:
        raise VisitorRefusedError("no id, or a very long one")
    signatures = [sign_visitor(proof.id, secret) for secret in secrets]
    if not any(is_same(proof.signature.lower(), signature) for signature in signatures):
        raise VisitorRefusedError("another signature")
    return proof.id


def sign_visitor(visitor_id: str, secret: str) -> str:
    """The signature of an id: HMAC-SHA256 with the bot's secret, in hexadecimal, as the website's server makes it."""
    return hmac.digest(secret.encode(), visitor_id.encode(), hashlib.sha256).hex()


def _id_in_token(token: str, bot_id: UUID, secrets: Sequence[str]) -> str:
    """Read a JWT in HS256. Written out, as it is a dozen lines and leaves no other algorithm a chance."""
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != 3:
        raise VisitorRefusedError("no token")
    header, claims = _json_in(parts[0]), _json_in(parts[1])
    if header.get("alg") != "HS256" or "crit" in header:
        raise VisitorRefusedError("another algorithm")
    signed = f"{parts[0]}.{parts[1]}".encode()
    given = _bytes_in(parts[2])
    if not any(hmac.compare_digest(given, hmac.digest(secret.encode(), signed, hashlib.sha256)) for secret in secrets):
        raise VisitorRefusedError("another signature")
    return _id_in_claims(claims, bot_id)


def _id_in_claims(claims: dict[str, Any], bot_id: UUID) -> str:
    now, expires = time.time(), claims.get("exp")
    if not isinstance(expires, int | float) or expires > now + LONGEST_TOKEN_LIFE_SECONDS + LEEWAY_SECONDS:
        raise VisitorRefusedError("no end within a day")
    if expires < now - LEEWAY_SECONDS:
        raise VisitorTokenExpiredError
    begins = claims.get("nbf", 0)
    if not isinstance(begins, int | float) or begins > now + LEEWAY_SECONDS:
        raise VisitorRefusedError("not yet valid")
    audience = claims.get("aud", str(bot_id))
    if str(bot_id) not in (audience if isinstance(audience, list) else [audience]):
        raise VisitorRefusedError("for another bot")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_VISITOR_ID:
        raise VisitorRefusedError("no id, or a very long one")
    return subject


def _json_in(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes_in(part))
    except ValueError as error:
        raise VisitorRefusedError("no token") from error
    if not isinstance(value, dict):
        raise VisitorRefusedError("no token")
    return value


def _bytes_in(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise VisitorRefusedError("no token") from error


def binding_of(bot_id: UUID) -> str:
    """What a bot's secret is sealed to."""
    return f"bot-identity:{bot_id}"
