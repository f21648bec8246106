"""Passkeys (WebAuthn): a key pair in a phone, a laptop or a stick, bound to this site, behind a fingerprint or a PIN.

The device is asked to check its owner itself, so that a passkey is two factors in one. A counter that goes backwards
betrays a copy, and is refused. Attestation is not asked for: any maker's device will do.
"""

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import BaseModel

from privexbot_app.integrations.auth_strategies.base import (
    AUTH_STRATEGIES,
    Answer,
    Begun,
    MalformedProofError,
    Means,
    ProofRefusedError,
    Site,
    VerifiedIdentity,
)
from privexbot_app.kit.http import HttpClient

CHALLENGE_BYTES = 32
LONGEST_LABEL = 60


@AUTH_STRATEGIES.register("passkey")
class Passkeys:
    """Registers passkeys for who is signed in, and signs in by them without a name."""

    class Config(BaseModel):
        """There is nothing to set; the site's own address is what passkeys are bound to."""

    means: ClassVar[Means] = Means.PASSKEY
    label = "Passkey"
    hints: Mapping[str, str] = MappingProxyType({})

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config

    async def begin(self, site: Site, asked: Mapping[str, Any], now: datetime) -> Begun:
        """See `AuthStrategy.begin`. asked: `user_id`, `user_name` and `known` to register; nothing to sign in."""
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        options = _registration(site, challenge, asked) if asked else _authentication(site, challenge)
        kept = {"challenge": options["challenge"], "is_new": bool(asked), "label": str(asked.get("label", ""))}
        return Begun(handle=options["challenge"], shown=options, kept=kept)

    def handle_of(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.handle_of`: the device signs the challenge along with the rest."""
        from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415 - only passkeys pay for it

        try:
            client_data = json.loads(base64url_to_bytes(given["response"]["clientDataJSON"]))
            challenge = client_data["challenge"]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MalformedProofError("The passkey's answer cannot be read.") from error
        if not isinstance(challenge, str) or not challenge:
            raise MalformedProofError("The passkey's answer cannot be read.")
        return challenge

    def claimed_subject(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.claimed_subject`: the key's public half was kept when it was registered."""
        id = given.get("id")
        return id if isinstance(id, str) else ""

    async def verify(self, answer: Answer) -> VerifiedIdentity:
        """See `AuthStrategy.verify`."""
        from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415 - as above

        judge = _register if answer.kept["is_new"] else _authenticate
        try:
            return judge(answer)
        except WebAuthnException as error:
            raise ProofRefusedError("the passkey's answer does not fit.") from error
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise MalformedProofError("The passkey's answer cannot be read.") from error

    async def close(self) -> None:
        """See `AuthStrategy.close`; there is nothing to free."""


def _registration(site: Site, challenge: bytes, asked: Mapping[str, Any]) -> dict[str, Any]:
    from webauthn import generate_registration_options, options_to_json  # noqa: PLC0415 - as above
    from webauthn.helpers import base64url_to_bytes, structs  # noqa: PLC0415 - as above

    options = generate_registration_options(
        rp_id=site.host,
        rp_name=site.name,
        user_id=str(asked["user_id"]).encode(),
        user_name=str(asked["user_name"]),
        challenge=challenge,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(known)) for known in asked["known"]
        ],
    )
    shown: dict[str, Any] = json.loads(options_to_json(options))
    return shown


def _authentication(site: Site, challenge: bytes) -> dict[str, Any]:
    from webauthn import generate_authentication_options, options_to_json  # noqa: PLC0415 - as above
    from webauthn.helpers import structs  # noqa: PLC0415 - as above

    required = structs.UserVerificationRequirement.REQUIRED
    options = generate_authentication_options(rp_id=site.host, challenge=challenge, user_verification=required)
    shown: dict[str, Any] = json.loads(options_to_json(options))
    return shown


def _register(answer: Answer) -> VerifiedIdentity:
    from webauthn import verify_registration_response  # noqa: PLC0415 - as above
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url  # noqa: PLC0415 - as above

    verified = verify_registration_response(
        credential=dict(answer.given),
        expected_challenge=base64url_to_bytes(answer.kept["challenge"]),
        expected_rp_id=answer.site.host,
        expected_origin=answer.site.url,
        require_user_verification=True,
    )
    facts = {"public_key": bytes_to_base64url(verified.credential_public_key), "sign_count": verified.sign_count}
    label = answer.kept["label"][:LONGEST_LABEL] or "Passkey"
    return VerifiedIdentity("passkey", bytes_to_base64url(verified.credential_id), label, facts=facts, is_strong=True)


def _authenticate(answer: Answer) -> VerifiedIdentity:
    from webauthn import verify_authentication_response  # noqa: PLC0415 - as above
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url  # noqa: PLC0415 - as above

    if not answer.known:
        raise ProofRefusedError("this passkey is not known here. It may have been removed.")
    verified = verify_authentication_response(
        credential=dict(answer.given),
        expected_challenge=base64url_to_bytes(answer.kept["challenge"]),
        expected_rp_id=answer.site.host,
        expected_origin=answer.site.url,
        credential_public_key=base64url_to_bytes(answer.known["public_key"]),
        credential_current_sign_count=int(answer.known["sign_count"]),
        require_user_verification=True,
    )
    facts = {"sign_count": verified.new_sign_count}
    return VerifiedIdentity(
        "passkey", bytes_to_base64url(verified.credential_id), "Passkey", facts=facts, is_strong=True
    )
