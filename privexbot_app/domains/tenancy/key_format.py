"""What an API key looks like: `pb_live_…` or `pb_test_…`, 256 random bits and a checksum. Pure; knows no table.

The checksum lets a mistyped or invented key be refused without asking the database, and lets scanners of leaked
secrets tell a real one from a look-alike.
"""

import re
import secrets
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SECRET_CHARACTERS = 43  # 62^43 > 2^256
CHECKSUM_CHARACTERS = 6  # 62^6 > 2^32
LIVE, TEST = "pb_live_", "pb_test_"
PATTERN = re.compile(rf"(?:{LIVE}|{TEST})[0-9A-Za-z]{{{SECRET_CHARACTERS + CHECKSUM_CHARACTERS}}}", re.ASCII)


def new_key(*, is_test: bool) -> str:
    """A key that nobody has yet.

    >>> key = new_key(is_test=True)
    >>> key[:8], len(key), is_key(key), is_key(key[:-1] + ("0" if key[-1] != "0" else "1"))
    ('pb_test_', 57, True, False)
    """
    body = (TEST if is_test else LIVE) + "".join(secrets.choice(ALPHABET) for _ in range(SECRET_CHARACTERS))
    return body + _checksum(body)


def looks_like_key(token: str) -> bool:
    """Whether a bearer token means to be an API key."""
    return token.startswith((LIVE, TEST))


def is_key(token: str) -> bool:
    """Whether a token has the form of a key, with the right checksum."""
    return PATTERN.fullmatch(token) is not None and token.endswith(_checksum(token[:-CHECKSUM_CHARACTERS]))


def hint_of(key: str) -> str:
    """By what people tell a key from others, without being able to use it.

    >>> hint_of("pb_live_" + "a" * 45 + "wxyz")
    'pb_live_aaaa…wxyz'
    """
    return f"{key[:12]}…{key[-4:]}"


def _checksum(body: str) -> str:
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM_CHARACTERS):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
