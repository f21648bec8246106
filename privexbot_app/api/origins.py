"""Does a browser's request come from our own pages? Compares the page's address with the host that was asked."""

from urllib.parse import urlsplit


def is_own_origin(origin: str, host: str | None) -> bool:
    """Whether an Origin header names the host of the same request.

    >>> is_own_origin("https://bots.example", "bots.example"), is_own_origin("null", "bots.example")
    (True, False)
    >>> is_own_origin("https://[", "[")
    False
    """
    try:
        return bool(host) and urlsplit(origin).netloc == host
    except ValueError:
        return False
