"""How fast secrets may be guessed: per account and address, per account, per address.

An account alone waits at most half a minute, so that nobody can lock another person out by guessing wrongly.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.crypto import fingerprint
from privexbot_app.kit.delays import GrowingDelays, Patience

HERE = Patience(free=5, first_seconds=2, longest_seconds=900, forgets_after_seconds=3600)
ACCOUNT = Patience(free=30, first_seconds=1, longest_seconds=30, forgets_after_seconds=3600)
ADDRESS = Patience(free=100, first_seconds=1, longest_seconds=900, forgets_after_seconds=600)
CODE = Patience(free=5, first_seconds=4, longest_seconds=900, forgets_after_seconds=3600)
TOKEN = Patience(free=20, first_seconds=2, longest_seconds=900, forgets_after_seconds=3600)


@asynccontextmanager
async def guarded_password(works: Workshop, *, email: str, ip_address: str) -> AsyncIterator[None]:
    """Around the check of a password. Raises RateLimitedError; a check that ends well forgives the account."""
    delays = GrowingDelays(works.redis)
    account = fingerprint(email)[:32]
    here = f"password:{account}:{ip_address}"
    await delays.attempt(here, HERE)
    await delays.attempt(f"account:{account}", ACCOUNT)
    await delays.attempt(f"address:{ip_address}", ADDRESS)
    yield
    await delays.forgive(here)
    await delays.forgive(f"account:{account}")
    # An attacker's own account must not clear the way for guessing at others.
    await delays.take_back(f"address:{ip_address}", ADDRESS)


def guarded_code(works: Workshop, user_id: UUID) -> AbstractAsyncContextManager[None]:
    """Around everything that takes a code of a second factor, and around its unit of work: a flood of guesses must be
    turned away before it queues for the database. Raises RateLimitedError."""
    return guarded(works, "code", str(user_id), CODE)


@asynccontextmanager
async def guarded(works: Workshop, kind: str, whose: str, patience: Patience) -> AsyncIterator[None]:
    """Around the check of anything else that can be guessed. Raises RateLimitedError; what ends well is uncounted."""
    delays, key = GrowingDelays(works.redis), f"{kind}:{whose}"
    await delays.attempt(key, patience)
    yield
    await delays.take_back(key, patience)
