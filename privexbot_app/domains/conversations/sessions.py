"""Session tokens of visitors: a conversation's id, signed by the server for one bot and, where the bot's website says
who the visitor is, for that visitor alone. No table, no cookie."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from privexbot_app.kit.crypto import KeyRing

ID_BYTES = 16
SIGNATURE_BYTES = 16


@dataclass(frozen=True)
class SessionTokens:
    """Signs and reads session tokens."""

    keys: KeyRing

    def issue(self, conversation_id: UUID, bot_id: UUID, visitor_id: str | None = None) -> str:
        """The token of a conversation with a bot. visitor_id: the verified one, whom the token then belongs to."""
        raw = conversation_id.bytes + self._signature(conversation_id, bot_id, visitor_id)
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    def read(self, token: str | None, bot_id: UUID, visitor_id: str | None = None) -> UUID | None:
        """The conversation's id, or None for a token that we did not issue for this bot and this visitor."""
        try:
            text = token or ""
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        if len(raw) != ID_BYTES + SIGNATURE_BYTES:
            return None
        conversation_id = UUID(bytes=raw[:ID_BYTES])
        is_ours = hmac.compare_digest(raw[ID_BYTES:], self._signature(conversation_id, bot_id, visitor_id))
        return conversation_id if is_ours else None

    def _signature(self, conversation_id: UUID, bot_id: UUID, visitor_id: str | None) -> bytes:
        signed = conversation_id.bytes + bot_id.bytes
        if visitor_id is not None:
            signed += b"visitor:" + visitor_id.encode()
        return hmac.digest(_key(self.keys), signed, hashlib.sha256)[:SIGNATURE_BYTES]


@lru_cache(maxsize=8)
def _key(keys: KeyRing) -> bytes:
    # Derived once: a signature is made for every answer.
    return keys.derive("visitor-session")
