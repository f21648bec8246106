"""Which websites may embed a bot: exact origins, and wildcards for subdomains. No substring tricks."""

import re
from urllib.parse import urlsplit

PATTERN = re.compile(r"(?P<scheme>https?)://(?P<wildcard>\*\.)?(?P<host>[a-z0-9.-]+)(?P<port>:\d{1,5})?", re.ASCII)


def is_origin_pattern(pattern: str) -> bool:
    """Whether it is an origin such as `https://example.com`, `https://*.example.com` or `http://localhost:3000`."""
    return PATTERN.fullmatch(pattern.lower()) is not None


def is_origin_allowed(origin: str, patterns: list[str]) -> bool:
    """Whether a browser's Origin header matches one of the patterns.

    >>> is_origin_allowed("https://shop.example.com", ["https://*.example.com"])
    True
    >>> is_origin_allowed("https://evil-example.com", ["https://*.example.com"])
    False
    >>> is_origin_allowed("https://example.com", ["https://*.example.com"])
    False
    """
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        return False
    return any(_matches(parts.scheme, parts.netloc, pattern.lower()) for pattern in patterns)


def _matches(scheme: str, netloc: str, pattern: str) -> bool:
    found = PATTERN.fullmatch(pattern)
    if found is None or found["scheme"] != scheme:
        return False
    expected = found["host"] + (found["port"] or "")
    return netloc.endswith(f".{expected}") if found["wildcard"] else netloc == expected
