"""Which websites may embed a bot: exact origins, and wildcards for subdomains. No substring tricks."""

import re

PATTERN = re.compile(r"(?P<scheme>https?)://(?P<wildcard>\*\.)?(?P<host>[a-z0-9.-]+)(?P<port>:\d{1,5})?", re.ASCII)


ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<netloc>[a-z0-9_.-]+(?::\d{1,5})?)", re.ASCII)


def is_origin_pattern(pattern: str) -> bool:
    """Whether it is an origin such as `https://example.com`, `https://*.example.com` or `http://localhost:3000`.

    A wildcard for a whole top-level domain is none: it would let everybody in.

    >>> is_origin_pattern("https://*.example.com"), is_origin_pattern("https://*.com")
    (True, False)
    """
    found = PATTERN.fullmatch(pattern.lower())
    return found is not None and not (found["wildcard"] and "." not in found["host"].strip("."))


def is_origin_allowed(origin: str, patterns: list[str]) -> bool:
    """Whether a browser's Origin header matches one of the patterns. What is no origin at all matches none.

    >>> is_origin_allowed("https://shop.example.com", ["https://*.example.com"])
    True
    >>> is_origin_allowed("https://evil-example.com", ["https://*.example.com"])
    False
    >>> is_origin_allowed("https://example.com", ["https://*.example.com"])
    False
    """
    found = ORIGIN.fullmatch(origin.lower())
    return found is not None and any(_matches(found["scheme"], found["netloc"], one.lower()) for one in patterns)


def _matches(scheme: str, netloc: str, pattern: str) -> bool:
    found = PATTERN.fullmatch(pattern)
    if found is None or found["scheme"] != scheme:
        return False
    expected = found["host"] + (found["port"] or "")
    return netloc.endswith(f".{expected}") if found["wildcard"] else netloc == expected
