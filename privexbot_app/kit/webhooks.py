"""Signing what is sent to other programs, as the Standard Webhooks specification says."""

import base64
import hashlib
import hmac
import secrets

SIGNATURE_VERSION = "v1"
PREFIX = "whsec_"
SECRET_BYTES = 32


def new_webhook_secret() -> str:
    """A secret of 256 random bits in the specification's form."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign_webhook(secret: str, message_id: str, timestamp: int, content: bytes) -> dict[str, str]:
    """The three headers of a signed webhook. Source: standardwebhooks.com, symmetric signatures.

    >>> sign_webhook("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_1", 1, b"{}")["webhook-signature"][:3]
    'v1,'
    """
    key = _key(secret)
    signed = hmac.new(key, f"{message_id}.{timestamp}.".encode() + content, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"{SIGNATURE_VERSION},{base64.b64encode(signed).decode()}",
    }


def _key(secret: str) -> bytes:
    """The bytes of a secret: base64 behind the specification's prefix, else the text itself."""
    if secret.startswith(PREFIX):
        return base64.b64decode(secret.removeprefix(PREFIX))
    return secret.encode()
