"""Solana wallets: the sign-in message of the wallet standard, signed by Ed25519.

The address is the public key in base 58. Wallets hand out signatures as bytes; they are taken in base 58, as Solana
writes them, in base 64 or in hexadecimal.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

import base58
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
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

KEY_BYTES, SIGNATURE_BYTES = 32, 64
HEADER = re.compile(r"(?P<domain>[^\n]+?) wants you to sign in with your Solana account:\n(?P<address>[^\n]+)")
TAIL = re.compile(
    r"\n\n"
    + "".join(rf"(?:(?:^|\n|(?<=\n\n)){title}: (?P<{name}>[^\n]+))?" for title, name in messages.LINES)
    + r"(?:(?:\n|(?<=\n\n))Resources:(?P<resources>(?:\n- [^\n]+)*))?"
)


def build(message: SignInMessage) -> str:
    """The text that a wallet shows and signs."""
    text = f"{message.domain} wants you to sign in with your Solana account:\n{message.address}"
    if message.statement:
        text += f"\n\n{message.statement}"
    lines = message.field_lines()
    return f"{text}\n\n" + "\n".join(lines) if lines else text


def parse(text: str) -> SignInMessage:
    """The fields of a text. Raises MalformedProofError unless building them gives the very same text again."""
    header = HEADER.match(text)
    if header is None:
        raise MalformedProofError("This is not a Solana sign-in message.")
    rest, found = text[header.end() :], None
    # A statement may hold empty lines: the fields are what stands after the last one, if all of it is fields.
    start = rest.rfind("\n\n")
    if start >= 0 and len(rest) > start + 2:
        found = TAIL.fullmatch(rest[start:])
    fields: dict[str, Any] = found.groupdict() if found else {}
    statement = (rest[:start] if found else rest).removeprefix("\n\n") or None
    if (listed := fields.pop("resources", None)) is not None:
        fields["resources"] = tuple(line.removeprefix("- ") for line in listed.split("\n")[1:])
    message = SignInMessage(**{**header.groupdict(), **fields, "statement": statement})
    messages.require_well_formed(message)
    if build(message) != text:
        raise MalformedProofError("This is not a Solana sign-in message.")
    return message


@AUTH_STRATEGIES.register("solana")
class SolanaWallets:
    """Phantom, Solflare and every other wallet that signs messages."""

    class Config(BaseModel):
        """Which network the message names."""

        chain_id: str = Field("mainnet", description="Network that the message names: mainnet, devnet or testnet.")

    means: ClassVar[Means] = Means.WALLET
    label = "Solana wallet"
    hints: Mapping[str, str] = MappingProxyType({})

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config

    async def begin(self, site: Site, asked: Mapping[str, Any], now: datetime) -> Begun:
        """See `AuthStrategy.begin`; `asked` holds the address."""
        address = messages.text_of(asked, "address")
        _key(address)
        message = messages.new_message(site, address=address, chain_id=self.config.chain_id, now=now)
        return messages.begun(build(message), message)

    def handle_of(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.handle_of`."""
        return messages.handle_of(given)

    def claimed_subject(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.claimed_subject`; the address is the key."""
        return ""

    async def verify(self, answer: Answer) -> VerifiedIdentity:
        """See `AuthStrategy.verify`."""
        text, address = messages.text_of(answer.given, "message"), messages.text_of(answer.given, "address")
        messages.require_same(answer.kept, text=text, address=address)
        message = parse(text)
        messages.judge(message, answer.site, answer.now)
        if message.address != address:
            raise ProofRefusedError("the message names another account.")
        try:
            _key(address).verify(_signature(messages.text_of(answer.given, "signature")), text.encode())
        except InvalidSignature as error:
            raise ProofRefusedError("the signature is not of this account.") from error
        return VerifiedIdentity("solana", address, address)

    async def close(self) -> None:
        """See `AuthStrategy.close`; there is nothing to free."""


def _key(address: str) -> Ed25519PublicKey:
    try:
        raw = base58.b58decode(address) if len(address) <= 2 * KEY_BYTES else b""
        if len(raw) == KEY_BYTES:
            return Ed25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise MalformedProofError("This is not a Solana address.") from error
    raise MalformedProofError("This is not a Solana address.")


def _signature(text: str) -> bytes:
    try:
        if re.fullmatch(r"(?:0x)?[0-9a-fA-F]{128}", text):
            raw = bytes.fromhex(text.removeprefix("0x"))
        elif text.endswith("="):
            raw = base64.b64decode(text, validate=True)
        else:
            raw = base58.b58decode(text) if len(text) <= 2 * SIGNATURE_BYTES else b""
    except (ValueError, binascii.Error) as error:
        raise MalformedProofError("The signature cannot be read.") from error
    if len(raw) != SIGNATURE_BYTES:
        raise MalformedProofError("The signature cannot be read.")
    return raw
