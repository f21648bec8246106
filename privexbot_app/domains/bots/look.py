"""How a bot meets its visitors: its looks, what it asks them for, when it speaks first, and its own page."""

import hashlib
import hmac
import re
import secrets
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, field_validator

from privexbot_app.kit.fields import Trimmed

MOST_TEXTS = 80
MOST_RULES = 5
LONGEST_PASSWORD = 200
STORED_PASSWORD = re.compile(r"scrypt\$[0-9a-f]{32}\$[0-9a-f]{64}", re.ASCII)

Language = Literal["ar", "de", "en", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "zh"]
Words = Annotated[str, Field(max_length=500)]
"""A text of the widget, in the owner's words; the key is the English one."""


class Part(BaseModel):
    """A part of a bot's configuration; unknown fields are refused, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid")


class Appearance(Part):
    """How the widget and the hosted page look. language: None for the visitor's; texts: English → the owner's words."""

    color: str = Field("#4f46e5", pattern=r"^#[0-9a-fA-F]{6}$")
    theme: Literal["auto", "light", "dark"] = "auto"
    position: Literal["right", "left"] = "right"
    title: str | None = Field(None, max_length=80)
    avatar_url: str | None = Field(None, max_length=500)
    language: Language | None = None
    texts: dict[Words, Words] = Field({}, max_length=MOST_TEXTS)

    @field_validator("avatar_url")
    @classmethod
    def _check_avatar(cls, value: str | None) -> str | None:
        return check_link(value)


class LeadCapture(Part):
    """Whether visitors are asked who they are. consent_text: what they agree to; kept with what they leave.

    when: before the first message, after some answers, or only when a chatflow asks.
    """

    is_enabled: bool = False
    fields: list[str] = Field(default_factory=lambda: ["name", "email"], max_length=20)
    consent_text: str = Field("I agree that my details are kept so that you can contact me.", max_length=1000)
    when: Literal["before", "after", "request"] = "after"
    after_messages: int = Field(1, ge=1, le=50)
    is_required: bool = False
    message: str | None = Field(None, max_length=300)


class Consent(Part):
    """What visitors agree to before they write. text: None for a common sentence; url: of the privacy policy."""

    is_asked: bool = False
    text: str | None = Field(None, max_length=1000)
    url: str | None = Field(None, max_length=500)

    @field_validator("url")
    @classmethod
    def _check_url(cls, value: str | None) -> str | None:
        return check_link(value)


class ProactiveRule(Part):
    """When the bot speaks first: after some seconds, at a percentage of the page, or when the pointer leaves it.

    url_contains: on which pages; empty for all.
    """

    trigger: Literal["delay", "scroll", "exit"]
    value: int = Field(0, ge=0, le=3600)
    url_contains: str = Field("", max_length=200)
    message: Annotated[str, Trimmed, Field(min_length=1, max_length=200)]


class HostedPage(Part):
    """The bot's own page. is_listed: whether search engines may show it. password: kept as a hash."""

    title: str | None = Field(None, max_length=80)
    logo_url: str | None = Field(None, max_length=500)
    is_listed: bool = False
    password: str | None = Field(None, max_length=LONGEST_PASSWORD)

    @field_validator("logo_url")
    @classmethod
    def _check_logo(cls, value: str | None) -> str | None:
        return check_link(value)

    @field_validator("password")
    @classmethod
    def _hash_password(cls, value: str | None) -> str | None:
        if not value or STORED_PASSWORD.fullmatch(value):
            return value or None
        salt = secrets.token_bytes(16)
        return f"scrypt${salt.hex()}${_stretch(value, salt).hex()}"


def is_page_password(password: str, stored: str) -> bool:
    """Whether a visitor has typed the page's password."""
    _, salt, digest = stored.split("$")
    return hmac.compare_digest(_stretch(password[:LONGEST_PASSWORD], bytes.fromhex(salt)), bytes.fromhex(digest))


def check_link(value: str | None) -> str | None:
    """The address, None for an empty one. Raises ValueError for what is neither http nor https."""
    if value:
        TypeAdapter(HttpUrl).validate_python(value)
    return value or None


def _stretch(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=2**14, r=8, p=1, dklen=32)
