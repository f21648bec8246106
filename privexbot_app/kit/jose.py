"""Signed tokens (JWS, JWT) by keys that bear looking at. Strict where libraries are generous.

A set of keys is refused as a whole when one id stands for two keys. A key is refused when it is not for signatures,
when its algorithm is unknown or does not fit its type, when it is short, or when it is known to be weak. Which
algorithms may come is always said by the caller, never by the token.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, OctKey, RSAKey

ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
SHORTEST_RSA_BITS, LONGEST_RSA_BITS = 2048, 16384
LONGEST_TOKEN = 16_384
ROCA_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
"""Moduli of the flawed generator are powers of 65537 modulo each of these (CVE-2017-15361)."""


class BadTokenError(ValueError):
    """The token, or the key that it names, cannot be trusted."""


def read_signed(token: str, keys: Mapping[str, Any], *, algorithms: Sequence[str]) -> bytes:
    """The payload of a compact JWS. keys: a JWK set. Raises BadTokenError.

    A token that names a key must be signed by that one; one that names none, by the only key that fits.
    """
    try:
        if len(token) > LONGEST_TOKEN:
            raise BadTokenError("the token is too long")
        header = jws.extract_compact(token.encode()).headers()
        algorithm = header.get("alg")
        if algorithm not in algorithms or "crit" in header:
            raise BadTokenError("the token's algorithm is not allowed")
        key = _find_key(usable_keys(keys), header.get("kid"), str(algorithm))
        registry = jws.JWSRegistry(algorithms=list(algorithms))
        return bytes(jws.deserialize_compact(token.encode(), key, registry=registry).payload)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadTokenError("the token cannot be read, or its signature is not right") from error


def usable_keys(keys: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The keys of a set that may sign. Raises BadTokenError for a set in which one id stands for two keys."""
    listed = keys.get("keys")
    if not isinstance(listed, list) or not all(isinstance(key, Mapping) for key in listed):
        raise BadTokenError("this is not a set of keys")
    ids = [key["kid"] for key in listed if "kid" in key]
    if len(ids) != len({str(id) for id in ids}):
        raise BadTokenError("one id stands for two keys")
    return [key for key in listed if key.get("use", "sig") == "sig"]


def import_key(key: Mapping[str, Any], algorithm: str) -> Key:
    """A key for one algorithm. Raises BadTokenError for one that does not fit it, is short, or is known to be weak."""
    if key.get("alg", algorithm) != algorithm:
        raise BadTokenError("the key is for another algorithm")
    kind = key.get("kty")
    fits = {
        "RSA": algorithm[:2] in {"RS", "PS"},
        "EC": key.get("crv") == CURVES.get(algorithm, ""),
        "OKP": algorithm == "EdDSA" and key.get("crv") in {"Ed25519", "Ed448"},
        "oct": algorithm[:2] == "HS",
    }
    if not fits.get(str(kind), False):
        raise BadTokenError("the key's type does not fit the algorithm")
    imported = JWKRegistry.import_key(dict(key))
    if isinstance(imported, OctKey) and len(bytes(imported.raw_value)) * 8 < int(algorithm[2:]):
        raise BadTokenError("the key is too short")
    if isinstance(imported, RSAKey):
        _require_sound(imported.public_key)
    return imported


def _find_key(keys: Iterable[Mapping[str, Any]], kid: object, algorithm: str) -> Key:
    if kid is not None:
        named = [key for key in keys if key.get("kid") == kid]
    else:
        named = [key for key in keys if key.get("alg", algorithm) == algorithm and _may_fit(key, algorithm)]
    if len(named) != 1:
        raise BadTokenError("no key, or no single key, is the token's")
    return import_key(named[0], algorithm)


def _may_fit(key: Mapping[str, Any], algorithm: str) -> bool:
    kinds = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP", "HS": "oct"}
    return key.get("kty") == kinds.get(algorithm[:2]) and key.get("crv") in {None, CURVES.get(algorithm), "Ed25519"}


def _require_sound(key: RSAPublicKey) -> None:
    numbers = key.public_numbers()
    if not SHORTEST_RSA_BITS <= key.key_size <= LONGEST_RSA_BITS or numbers.e < 3 or numbers.e % 2 == 0:
        raise BadTokenError("the RSA key is too short, or its exponent is not one")
    if all(numbers.n % prime in _powers(prime) for prime in ROCA_PRIMES):
        raise BadTokenError("the RSA key comes from a generator that is known to be flawed")


def _powers(prime: int) -> set[int]:
    found, value = set(), 1
    while value not in found:
        found.add(value)
        value = value * 65537 % prime
    return found
