"""How entries of a log hang together, so that a changed, missing or inserted one is found. Pure.

The hash covers everything that an entry says, its place, and the hash before it (SHA-256 over canonical JSON), so that
whoever has an export can check it without this program. Cutting off the end leaves a shorter chain that is whole:
keep the last hash elsewhere to notice that.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Break:
    """Where a chain does not hold. position: of the first entry that does not fit. reason: in words."""

    position: int
    reason: str


def hash_of(said: Mapping[str, Any], *, position: int, previous_hash: str) -> str:
    """The hash of an entry. said: what it says, as plain JSON.

    >>> hash_of({"event": "bot.deployed"}, position=1, previous_hash="")[:12]
    '81c10917fc6d'
    """
    whole = {"position": position, "previous_hash": previous_hash, "said": said}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def find_break(links: Iterable[tuple[int, str, str, Mapping[str, Any]]]) -> Break | None:
    """The first place where a chain does not hold, or None. links: (position, previous hash, hash, said), in order."""
    position, previous = 0, ""
    for found, previous_hash, hash, said in links:
        if found != position + 1:
            return Break(position + 1, "an entry is missing")
        if previous_hash != previous:
            return Break(found, "the entry does not follow the one before it")
        if hash_of(said, position=found, previous_hash=previous_hash) != hash:
            return Break(found, "the entry was changed")
        position, previous = found, hash
    return None
