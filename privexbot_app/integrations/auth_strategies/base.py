"""How somebody proves who they are. Owns the contract and the registry; each variant is one module beside it.

A strategy makes a challenge and judges the answer to it. It knows no users, no sessions and no database: whoever
asks it keeps the challenge until the answer comes, hands it back once, and decides what the proved identity may do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol
from urllib.parse import urlsplit

from pydantic import BaseModel

from privexbot_app.kit.errors import InvalidError, UnauthenticatedError
from privexbot_app.kit.registry import Registry

CHALLENGE_LIFE = timedelta(minutes=5)


class ProofRefusedError(UnauthenticatedError):
    """The answer does not prove what it claims. The reason is told: it is about what the caller sent themselves."""

    code = "proof_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This sign-in cannot be accepted: {reason}")


class MalformedProofError(InvalidError):
    """The answer cannot even be read: an address, a message or a signature that is none."""

    code = "malformed_proof"


class Means(StrEnum):
    """What a browser must do for it."""

    WALLET = "wallet"
    REDIRECT = "redirect"
    PASSKEY = "passkey"


@dataclass(frozen=True)
class Site:
    """Whom the proof is made for: this installation, as browsers reach it. url: without a slash at the end."""

    name: str
    url: str

    @property
    def domain(self) -> str:
        """Host, with the port unless it is the usual one."""
        return urlsplit(self.url).netloc

    @property
    def host(self) -> str:
        """Host without port."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class Begun:
    """A challenge. handle: what the answer names it by. shown: goes to the browser. kept: waits here, plain JSON."""

    handle: str
    shown: dict[str, Any]
    kept: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """The answer to a challenge, with all that it is judged by.

    given: as it came, untrusted. kept: of the challenge. known: the facts of an identity linked before, when the answer
    claims to be one (see `claimed_subject`).
    """

    site: Site
    given: Mapping[str, Any]
    kept: Mapping[str, Any]
    now: datetime
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class VerifiedIdentity:
    """Somebody, proved. subject: stable and unique within the strategy. label: what people know it by.

    email: only an address that the other side vouches for. facts: to keep for next time.
    is_strong: two factors in one, as a passkey behind a fingerprint; no second factor is asked for.
    """

    strategy: str
    subject: str
    label: str
    name: str = ""
    email: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    is_strong: bool = False


class AuthStrategy(Protocol):
    """One way in. Built with `Strategy(config, http=…)`, which connects to nothing.

    label: what a button says. hints: what a browser must know to use it, e.g. which chain to ask a wallet for.
    """

    Config: type[BaseModel]
    means: ClassVar[Means]
    label: str
    hints: Mapping[str, str]

    async def begin(self, site: Site, asked: Mapping[str, Any], now: datetime) -> Begun:
        """A new challenge. Raises MalformedProofError for what was asked, UpstreamFailedError."""
        ...

    def handle_of(self, given: Mapping[str, Any]) -> str:
        """Which challenge an answer is for. Raises MalformedProofError."""
        ...

    def claimed_subject(self, given: Mapping[str, Any]) -> str:
        """The linked identity whose facts `verify` needs; empty when it needs none."""
        ...

    async def verify(self, answer: Answer) -> VerifiedIdentity:
        """Who answered. Raises MalformedProofError, ProofRefusedError, UpstreamFailedError."""
        ...

    async def close(self) -> None:
        """Free what it holds."""
        ...


AUTH_STRATEGIES = Registry("auth strategy", AuthStrategy)  # type: ignore[type-abstract]
