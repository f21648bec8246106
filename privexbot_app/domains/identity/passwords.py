"""Passwords: which are refused, and how they are kept: Argon2id, a few at a time, off the event loop.

Those that everybody tries first are refused, from a list that is shipped (see `common_passwords_build`); no service
is asked. One hash takes about a tenth of a second and 64 MB, so a burst of sign-ins waits in line instead of filling
the memory.
"""

import asyncio
import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from privexbot_app.kit.errors import FieldProblem, InvalidError
from privexbot_app.kit.text import require_storable

SHORTEST_PASSWORD = 8
COMMON_PASSWORDS = Path(__file__).with_name("common_passwords.bin")
FINGERPRINT_BYTES = 5
FEWEST_CHARACTERS = 4
HASHES_AT_ONCE = 2
_gates: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


class CommonPasswordError(InvalidError):
    """The password is one of those that are tried first."""

    code = "common_password"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, problems=[FieldProblem(field, self.code, message)])


def require_uncommon(password: str, *, own: Sequence[str] = (), field: str = "password") -> None:
    """Raise CommonPasswordError for a password from breaches, of few characters, or made of what is known of its owner.

    own: e.g. their address. field: where it was typed.
    """
    plain = password.strip().lower()
    # What people add to satisfy a rule adds nothing: digits and marks at the end.
    stem = plain.rstrip("0123456789!?.,*#$@-_ ")
    if is_common(plain) or (len(stem) >= SHORTEST_PASSWORD and is_common(stem)):
        raise CommonPasswordError(field, "This password is known from breaches. Choose another one.")
    known = {word for text in own for word in (text.lower(), text.lower().split("@")[0])}
    if plain in known or len(set(plain)) < FEWEST_CHARACTERS:
        raise CommonPasswordError(field, "This password is too easy to guess. Choose another one.")


def is_common(password: str) -> bool:
    """Whether a lower-cased password is in the list."""
    prints, wanted = _common_fingerprints(), common_fingerprint(password)
    at = bisect_left(prints, wanted)
    return at < len(prints) and prints[at] == wanted


def common_fingerprint(password: str) -> bytes:
    """What the list keeps of a password."""
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).digest()[:FINGERPRINT_BYTES]


@cache
def _common_fingerprints() -> list[bytes]:
    raw = COMMON_PASSWORDS.read_bytes()
    return [raw[start : start + FINGERPRINT_BYTES] for start in range(0, len(raw), FINGERPRINT_BYTES)]


async def hash_password(password: str) -> str:
    """The hash to store. Raises UnstorableTextError for half of a surrogate pair, which has no bytes to hash."""
    require_storable(password)
    async with _gate():
        return await asyncio.to_thread(_hasher().hash, password)


async def is_password(password: str, password_hash: str | None) -> bool:
    """Whether the password fits. Without a hash it takes as long and says no, so that time tells nothing."""
    require_storable(password)
    async with _gate():
        fits = await asyncio.to_thread(_hasher().verify, password, password_hash or _decoy())
    return fits and password_hash is not None


def _gate() -> asyncio.Semaphore:
    return _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(HASHES_AT_ONCE))


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _decoy() -> str:
    return _hasher().hash("nobody's password")
