"""Wallets of Cosmos chains, Secret Network among them: ADR-36 signatures, as Keplr and Leap make them.

The address is derived from the public key that comes along, so key, address and signature must all fit.
Source: https://docs.cosmos.network/main/build/architecture/adr-036-arbitrary-signature
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

import bech32
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256K1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from pydantic import BaseModel, Field

from privexbot_app.integrations.auth_strategies import messages
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
from privexbot_app.integrations.auth_strategies.messages import SignInMessage
from privexbot_app.kit.http import HttpClient

KEY_BYTES, SIGNATURE_BYTES, ADDRESS_BYTES = 33, 64, 20


def build(message: SignInMessage) -> str:
    """The text that a wallet shows and signs."""
    lines = "\n".join(message.field_lines())
    head = f"{message.domain} wants you to sign in with your Cosmos account:\n{message.address}"
    return f"{head}\n\n{message.statement}\n\n{lines}"


def sign_doc(address: str, text: str) -> bytes:
    """What is signed: the text as the only message of a transaction that no chain would take."""
    signed = {"data": base64.b64encode(text.encode()).decode(), "signer": address}
    document = {
        "account_number": "0",
        "chain_id": "",
        "fee": {"amount": [], "gas": "0"},
        "memo": "",
        "msgs": [{"type": "sign/MsgSignData", "value": signed}],
        "sequence": "0",
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


@AUTH_STRATEGIES.register("cosmos")
class CosmosWallets:
    """Keplr, Leap and every other wallet that signs arbitrary text as ADR-36 says."""

    class Config(BaseModel):
        """Which chains' accounts may sign in."""

        prefixes: tuple[str, ...] = Field(
            ("secret", "cosmos"), description="Prefixes of the addresses that may sign in, as a JSON list."
        )
        chain_id: str = Field("secret-4", description="Chain that the message names and the wallet is asked for.")

    means: ClassVar[Means] = Means.WALLET
    label = "Keplr wallet"
    hints: Mapping[str, str] = MappingProxyType({})

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config
        self.hints: Mapping[str, str] = {"chain": config.chain_id}

    async def begin(self, site: Site, asked: Mapping[str, Any], now: datetime) -> Begun:
        """See `AuthStrategy.begin`; `asked` holds the address."""
        address = messages.text_of(asked, "address")
        self._prefix(address)
        message = messages.new_message(site, address=address, chain_id=self.config.chain_id, now=now)
        return messages.begun(build(message), message)

    def handle_of(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.handle_of`."""
        return messages.handle_of(given)

    def claimed_subject(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.claimed_subject`; the key comes along."""
        return ""

    async def verify(self, answer: Answer) -> VerifiedIdentity:
        """See `AuthStrategy.verify`. The text needs no reading: it is the one that we wrote, byte for byte."""
        text, address = messages.text_of(answer.given, "message"), messages.text_of(answer.given, "address")
        messages.require_same(answer.kept, text=text, address=address)
        key = _decoded(answer.given, "public_key", KEY_BYTES)
        signature = _decoded(answer.given, "signature", SIGNATURE_BYTES)
        if _address_of(key, self._prefix(address)) != address:
            raise ProofRefusedError("the public key is not of this account.")
        half = SIGNATURE_BYTES // 2
        encoded = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
        try:
            _public_key(key).verify(encoded, sign_doc(address, text), ECDSA(SHA256()))
        except InvalidSignature as error:
            raise ProofRefusedError("the signature is not of this account.") from error
        return VerifiedIdentity("cosmos", address, address)

    async def close(self) -> None:
        """See `AuthStrategy.close`; there is nothing to free."""

    def _prefix(self, address: str) -> str:
        prefix, words = bech32.bech32_decode(address) if address == address.lower() else (None, None)
        raw = bech32.convertbits(words, 5, 8, False) if words else None
        if prefix is None or raw is None or len(raw) != ADDRESS_BYTES:
            raise MalformedProofError("This is not a Cosmos address.")
        if prefix not in self.config.prefixes:
            raise MalformedProofError(f"Accounts of “{prefix}” cannot sign in here.")
        return str(prefix)


def _address_of(key: bytes, prefix: str) -> str:
    words = bech32.convertbits(_ripemd160(hashlib.sha256(key).digest()), 8, 5) or []
    return str(bech32.bech32_encode(prefix, words))


def _ripemd160(data: bytes) -> bytes:
    try:
        return hashlib.new("ripemd160", data).digest()
    except ValueError:  # OpenSSL 3 has it only where its legacy provider is on
        from Crypto.Hash import RIPEMD160  # noqa: PLC0415 - needed on few machines

        return bytes(RIPEMD160.new(data).digest())


def _public_key(key: bytes) -> EllipticCurvePublicKey:
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256K1(), key)
    except ValueError as error:
        raise MalformedProofError("The public key cannot be read.") from error


def _decoded(given: Mapping[str, Any], name: str, size: int) -> bytes:
    try:
        raw = base64.b64decode(messages.text_of(given, name), validate=True)
    except (ValueError, binascii.Error) as error:
        raise MalformedProofError(f"The {name.replace('_', ' ')} cannot be read.") from error
    if len(raw) != size:
        raise MalformedProofError(f"The {name.replace('_', ' ')} cannot be read.")
    return raw
