"""Identifiers: time-ordered UUIDs for rows, unguessable tokens for secrets."""

import os
import secrets
import time
from datetime import UTC, datetime
from uuid import UUID


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits, so that indexes stay compact.

    >>> new_id().version
    7
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def moment_of(id: UUID) -> datetime:
    """When a `new_id` was made, to the millisecond."""
    return datetime.fromtimestamp((id.int >> 80) / 1000, UTC)


def new_token(prefix: str) -> str:
    """An unguessable token of 256 random bits, e.g. `pbr_…`; the prefix tells people and scanners what it is."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"
