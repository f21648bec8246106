"""Secrets: keys derived from the installation's secret, fingerprints of tokens, sealed values.

One secret key opens everything, so each use derives its own key by HKDF; a leak of one does not open the others.
"""

import hashlib
import hmac
import os
from contextlib import suppress
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from privexbot_app.kit.errors import InternalError

NONCE_BYTES = 12


@dataclass(frozen=True)
class KeyRing:
    """Derives keys by purpose from the installation's secret key.

    previous: secrets that were replaced; they still open what they sealed, and seal nothing.
    """

    secret: bytes
    previous: tuple[bytes, ...] = ()

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, always the same."""
        return _derive(self.secret, purpose)

    def seal(self, plain: str, *, bound_to: str) -> bytes:
        """Encrypt with AES-256-GCM. `bound_to` must be given again to open, e.g. the tenant and the row's id."""
        return seal_with(self.derive("seal"), plain, bound_to=bound_to)

    def open(self, sealed: bytes, *, bound_to: str) -> str:
        """Decrypt. Raises InternalError (`sealed_value_unreadable`) if the key or the binding is another."""
        for secret in (self.secret, *self.previous[:-1]) if self.previous else ():
            with suppress(InternalError):
                return open_with(_derive(secret, "seal"), sealed, bound_to=bound_to)
        last = self.previous[-1] if self.previous else self.secret
        return open_with(_derive(last, "seal"), sealed, bound_to=bound_to)

    def reseal(self, sealed: bytes, *, bound_to: str) -> bytes | None:
        """The value sealed by the present secret; None if it is already. Raises as `open` does."""
        try:
            open_with(self.derive("seal"), sealed, bound_to=bound_to)
        except InternalError:
            return self.seal(self.open(sealed, bound_to=bound_to), bound_to=bound_to)
        return None


def seal_with(key: bytes, plain: str, *, bound_to: str) -> bytes:
    """Encrypt with AES-256-GCM under a key of one's own, 32 bytes."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain.encode(), bound_to.encode())


def open_with(key: bytes, sealed: bytes, *, bound_to: str) -> str:
    """Decrypt what `seal_with` made. Raises InternalError (`sealed_value_unreadable`)."""
    nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, body, bound_to.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise InternalError("A stored secret cannot be read.", code="sealed_value_unreadable") from error


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"privexbot/{purpose}".encode()).derive(secret)


def fingerprint(token: str) -> str:
    """SHA-256 of a random token, in hexadecimal: what the database keeps instead of the token."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Compare two secrets without telling by the time taken."""
    return hmac.compare_digest(one.encode(), other.encode())
