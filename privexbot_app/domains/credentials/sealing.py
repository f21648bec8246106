"""Envelope encryption: one data key per workspace seals its credentials, a key of the installation wraps that key.

Changing the installation's secret re-wraps a few short keys; a wrapped key or a sealed value that is moved to another
workspace or row does not open.
"""

import base64
import json
import os
from uuid import UUID

from privexbot_app.kit.crypto import KeyRing, open_with, seal_with

DATA_KEY_BYTES = 32


def new_data_key(keys: KeyRing, workspace_id: UUID) -> str:
    """A wrapped key of a workspace's own."""
    plain = base64.b64encode(os.urandom(DATA_KEY_BYTES)).decode()
    return base64.b64encode(keys.seal(plain, bound_to=key_binding(workspace_id))).decode()


def rewrap(keys: KeyRing, wrapped: str, workspace_id: UUID) -> str | None:
    """The key wrapped by the present secret; None if it is already."""
    fresh = keys.reseal(base64.b64decode(wrapped), bound_to=key_binding(workspace_id))
    return base64.b64encode(fresh).decode() if fresh else None


class Envelope:
    """Seals and opens with a workspace's data key."""

    def __init__(self, keys: KeyRing, wrapped: str, workspace_id: UUID) -> None:
        self._key = base64.b64decode(keys.open(base64.b64decode(wrapped), bound_to=key_binding(workspace_id)))
        self._workspace_id = workspace_id

    def seal(self, secrets: dict[str, str], credential_id: UUID) -> str:
        """Secrets sealed for one credential."""
        sealed = seal_with(self._key, json.dumps(secrets), bound_to=self._binding(credential_id))
        return base64.b64encode(sealed).decode()

    def open(self, sealed: str, credential_id: UUID) -> dict[str, str]:
        """The secrets of a credential. Raises InternalError (`sealed_value_unreadable`)."""
        return json.loads(open_with(self._key, base64.b64decode(sealed), bound_to=self._binding(credential_id)))

    def _binding(self, credential_id: UUID) -> str:
        return f"{self._workspace_id}:credential:{credential_id}"


def key_binding(workspace_id: UUID) -> str:
    """What a wrapped data key is bound to."""
    return f"{workspace_id}:data-key"
