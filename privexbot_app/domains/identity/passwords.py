"""Password hashes: Argon2id, a few at a time, off the event loop.

One hash takes about a tenth of a second and 64 MB, so a burst of sign-ins waits in line instead of filling the memory.
"""

import asyncio
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from privexbot_app.kit.text import require_storable

HASHES_AT_ONCE = 2
_gates: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


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
