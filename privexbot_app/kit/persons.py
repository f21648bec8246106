"""Whom an export or an erasure is about, and whether a text names them. Pure."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, Field, model_validator

ERASED = "[erased]"


class Person(BaseModel):
    """Somebody who is not a user: by e-mail address, or by the id that a bot's website has vouched for."""

    email: str = Field("", max_length=254, pattern=r"^$|^[^\s@]+@[^\s@]+$")
    visitor_id: str = Field("", max_length=200)

    @model_validator(mode="after")
    def _has_one(self) -> "Person":
        self.email, self.visitor_id = self.email.lower(), self.visitor_id.strip()
        if not self.email and not self.visitor_id:
            raise ValueError("an e-mail address or a visitor id is needed")
        return self


def names(text: str, email: str) -> bool:
    """Whether a text holds the address itself, and not only within a longer one.

    >>> names("Write to Ann@example.com.", "ann@example.com"), names("joann@example.com", "ann@example.com")
    (True, False)
    """
    return bool(email) and _pattern(email).search(text) is not None


def without(text: str, email: str, instead: str = ERASED) -> str:
    """The text with the address replaced.

    >>> without("Mail ann@example.com, not joann@example.com", "ann@example.com")
    'Mail [erased], not joann@example.com'
    """
    return _pattern(email).sub(instead, text) if email else text


def without_in(value: Mapping[str, Any], email: str, instead: str = ERASED) -> dict[str, Any]:
    """Plain JSON with the address replaced wherever it stands.

    >>> without_in({"to": ["ann@example.com"]}, "ann@example.com", "x")
    {'to': ['x']}
    """
    changed: dict[str, Any] = json.loads(without(json.dumps(value, ensure_ascii=False), email, instead))
    return changed


@lru_cache(maxsize=64)
def _pattern(email: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.+-]){re.escape(email)}(?![\w-]|\.\w)", re.IGNORECASE)
