"""Secrets: keys derived from the installation's secret, fingerprints of tokens, sealed values.

One secret key opens everything, so each use derives its own key by HKDF; a leak of one does not open the others.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from privexbot_app.kit.errors import InternalError

NONCE_BYTES = 12


@dataclass(frozen=True)
class KeyRing:
    """Derives keys by purpose from the installation's secret key."""

    secret: bytes

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, always the same."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"privexbot/{purpose}".encode()).derive(self.secret)

    def seal(self, plain: str, *, bound_to: str) -> bytes:
        """Encrypt with AES-256-GCM. `bound_to` must be given again to open, e.g. the tenant and the row's id."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.derive("seal")).encrypt(nonce, plain.encode(), bound_to.encode())

    def open(self, sealed: bytes, *, bound_to: str) -> str:
        """Decrypt. Raises InternalError (`sealed_value_unreadable`) if the key or the binding is another."""
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return AESGCM(self.derive("seal")).decrypt(nonce, body, bound_to.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise InternalError("A stored secret cannot be read.", code="sealed_value_unreadable") from error


def fingerprint(token: str) -> str:
    """SHA-256 of a random token, in hexadecimal: what the database keeps instead of the token."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Compare two secrets without telling by the time taken."""
    return hmac.compare_digest(one.encode(), other.encode())
