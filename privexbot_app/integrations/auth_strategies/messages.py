"""Messages that wallets sign to sign in: built, read strictly, and judged. What the wallet strategies share.

The text is that of EIP-4361, which Solana's sign-in message follows with fewer lines. Each strategy has its own
grammar; what the lines mean, and when a message may be accepted, is the same.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from privexbot_app.integrations.auth_strategies.base import (
    CHALLENGE_LIFE,
    Begun,
    MalformedProofError,
    ProofRefusedError,
    Site,
)
from privexbot_app.kit.text import require_storable

CLOCK_SKEW = timedelta(minutes=1)
NONCE_BYTES = 16
STATEMENT = "Sign in to {name}. This costs nothing and sends no transaction."
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")
AUTHORITY = re.compile(
    r"(?:[A-Za-z0-9._~!$&'()*+,;=:%-]+@)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::[0-9]+)?"
)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
LINES = (
    ("URI", "uri"),
    ("Version", "version"),
    ("Chain ID", "chain_id"),
    ("Nonce", "nonce"),
    ("Issued At", "issued_at"),
    ("Expiration Time", "expiration_time"),
    ("Not Before", "not_before"),
    ("Request ID", "request_id"),
)


@dataclass(frozen=True)
class SignInMessage:
    """The fields of a message, as they stand in it; None for a line that is not there."""

    domain: str
    address: str
    scheme: str | None = None
    statement: str | None = None
    uri: str | None = None
    version: str | None = None
    chain_id: str | None = None
    nonce: str | None = None
    issued_at: str | None = None
    expiration_time: str | None = None
    not_before: str | None = None
    request_id: str | None = None
    resources: tuple[str, ...] | None = None

    def field_lines(self) -> list[str]:
        """The lines after the statement."""
        lines = [f"{title}: {value}" for title, name in LINES if (value := getattr(self, name)) is not None]
        return lines if self.resources is None else [*lines, "Resources:", *(f"- {uri}" for uri in self.resources)]


def require_well_formed(message: SignInMessage) -> None:
    """Raise MalformedProofError for a domain, an address of the web or a moment that is none."""
    if not AUTHORITY.fullmatch(message.domain):
        raise MalformedProofError("The message's domain is not one.")
    for uri in (*([message.uri] if message.uri is not None else []), *(message.resources or ())):
        if not URI.fullmatch(uri):
            raise MalformedProofError("The message holds an address that is not a URI.")
    for moment in (message.issued_at, message.expiration_time, message.not_before):
        if moment is not None:
            read_moment(moment)


def read_moment(text: str) -> datetime:
    """A moment as RFC 3339 writes it. Raises MalformedProofError."""
    try:
        if MOMENT.fullmatch(text):
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise MalformedProofError("The message holds a moment that does not exist.") from error
    raise MalformedProofError("The message holds a moment that is not written as RFC 3339 asks.")


def judge(message: SignInMessage, site: Site, now: datetime) -> None:
    """Raise ProofRefusedError unless the message is for this site and for now."""
    ours = urlsplit(site.url)
    if message.domain.lower() != ours.netloc.lower() or message.scheme not in {None, ours.scheme}:
        raise ProofRefusedError("the message was made for another site.")
    if message.uri is not None:
        theirs = urlsplit(message.uri)
        if (theirs.scheme.lower(), theirs.netloc.lower()) != (ours.scheme, ours.netloc.lower()):
            raise ProofRefusedError("the message names another address.")
    if message.issued_at and read_moment(message.issued_at) > now + CLOCK_SKEW:
        raise ProofRefusedError("the message comes from the future.")
    if message.not_before and read_moment(message.not_before) > now:
        raise ProofRefusedError("the message is not valid yet.")
    if message.expiration_time and read_moment(message.expiration_time) <= now:
        raise ProofRefusedError("the message has expired.")


def new_message(site: Site, *, address: str, chain_id: str, now: datetime) -> SignInMessage:
    """A message for this site that is valid for five minutes."""
    return SignInMessage(
        domain=site.domain,
        address=address,
        statement=STATEMENT.format(name=site.name),
        uri=site.url,
        version="1",
        chain_id=chain_id,
        nonce=secrets.token_hex(NONCE_BYTES),
        issued_at=_spell(now),
        expiration_time=_spell(now + CHALLENGE_LIFE),
    )


def begun(text: str, message: SignInMessage) -> Begun:
    """The challenge of a message: it is found again by its bytes, so that no other message can answer it."""
    shown = {"message": text, "nonce": message.nonce, "expires_at": message.expiration_time}
    return Begun(handle=_handle(text), shown=shown, kept={"message": text, "address": message.address})


def handle_of(given: Mapping[str, Any]) -> str:
    """Which challenge a wallet's answer is for."""
    return _handle(text_of(given, "message"))


def text_of(given: Mapping[str, Any], name: str) -> str:
    """A text of the answer. Raises MalformedProofError."""
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedProofError(f"The answer lacks its {name.replace('_', ' ')}.")
    require_storable(value)
    return value


def require_same(kept: Mapping[str, Any], *, text: str, address: str) -> None:
    """Raise ProofRefusedError unless message and address are, byte for byte, those of the challenge."""
    if (text, address) != (kept["message"], kept["address"]):
        raise ProofRefusedError("the message is not the one that was asked to be signed.")


def _handle(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _spell(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
