"""Ethereum wallets and those of compatible chains: EIP-4361 messages signed as EIP-191 says, or by a contract.

A contract's signature can only be judged by a node (EIP-1271, EIP-6492); without `rpc_url` such wallets are refused
with a clear word.
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from pydantic import BaseModel, Field, HttpUrl

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
from privexbot_app.integrations.auth_strategies.evm.contracts import LONGEST_SIGNATURE_BYTES, ContractSignatures
from privexbot_app.integrations.auth_strategies.evm.message import build, checksummed, parse
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.http.services import JsonService
from privexbot_app.kit.recursion import recursion_limit_kept

SIGNATURE = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2})+)")
KEY_SIGNATURE_BYTES = 65
NODE_TIMEOUT_SECONDS = 10.0


@AUTH_STRATEGIES.register("evm")
class EvmWallets:
    """MetaMask, Rabby and every other wallet that a browser injects; contract wallets through a node."""

    class Config(BaseModel):
        """Which chain the message names, and the node that knows contract wallets."""

        chain_id: int = Field(1, ge=1, description="Chain that the message names; 1 is Ethereum.")
        rpc_url: HttpUrl | None = Field(
            None, description="JSON-RPC address of a node of that chain; needed for contract wallets only."
        )

    means: ClassVar[Means] = Means.WALLET
    label = "Ethereum wallet"
    hints: Mapping[str, str] = MappingProxyType({})

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config
        self._contracts: ContractSignatures | None = None
        if config.rpc_url is not None and http is not None:
            node = JsonService(http, str(config.rpc_url), headers={}, timeout_seconds=NODE_TIMEOUT_SECONDS)
            self._contracts = ContractSignatures(node)

    async def begin(self, site: Site, asked: Mapping[str, Any], now: datetime) -> Begun:
        """See `AuthStrategy.begin`; `asked` holds the address, in any spelling that EIP-55 allows."""
        address = _address(asked)
        message = messages.new_message(site, address=address, chain_id=str(self.config.chain_id), now=now)
        return messages.begun(build(message), message)

    def handle_of(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.handle_of`."""
        return messages.handle_of(given)

    def claimed_subject(self, given: Mapping[str, Any]) -> str:
        """See `AuthStrategy.claimed_subject`; the signature is enough."""
        return ""

    async def verify(self, answer: Answer) -> VerifiedIdentity:
        """See `AuthStrategy.verify`."""
        text, address = messages.text_of(answer.given, "message"), _address(answer.given)
        messages.require_same(answer.kept, text=text, address=address)
        message = parse(text)
        messages.judge(message, answer.site, answer.now)
        if message.address != address:
            raise ProofRefusedError("the message names another account.")
        signature = _signature(messages.text_of(answer.given, "signature"))
        if await asyncio.to_thread(recover, text.encode(), signature) != address:
            await self._require_contract(address, text, signature)
        return VerifiedIdentity("evm", address, address)

    async def close(self) -> None:
        """See `AuthStrategy.close`; the connections belong to whoever gave the client."""

    async def _require_contract(self, address: str, text: str, signature: bytes) -> None:
        if self._contracts is None:
            hint = "" if len(signature) == KEY_SIGNATURE_BYTES else " Contract wallets are not set up here."
            raise ProofRefusedError(f"the signature is not of this account.{hint}")
        digest = await asyncio.to_thread(digest_of, text.encode())
        if not await self._contracts.is_valid(address, digest, signature):
            raise ProofRefusedError("neither a key nor a contract of this account made the signature.")


def digest_of(text: bytes) -> bytes:
    """The hash that a wallet signs for a text (EIP-191, version E)."""
    from eth_utils.crypto import keccak  # noqa: PLC0415 - only wallets pay for it

    return bytes(keccak(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text))


def recover(text: bytes, signature: bytes) -> str | None:
    """The address whose key signed a text; None if the signature is none of a key."""
    with recursion_limit_kept():
        from eth_account import Account  # noqa: PLC0415 - takes a second to import
        from eth_account.messages import encode_defunct  # noqa: PLC0415 - as above
        from eth_keys.exceptions import BadSignature, ValidationError  # noqa: PLC0415 - as above

    if len(signature) != KEY_SIGNATURE_BYTES:
        return None
    try:
        return str(Account.recover_message(encode_defunct(text), signature=signature))
    except (BadSignature, ValidationError, ValueError):
        return None


def _address(given: Mapping[str, Any]) -> str:
    """The address in the spelling of EIP-55; one in mixed case must be spelled so already."""
    text = messages.text_of(given, "address")
    address = checksummed(text)
    if text[2:] not in {address[2:], address[2:].lower(), address[2:].upper()}:
        raise MalformedProofError("The address is misspelled: its capital letters do not fit (EIP-55).")
    return address


def _signature(text: str) -> bytes:
    found = SIGNATURE.fullmatch(text)
    if found is None or len(found[1]) > 2 * LONGEST_SIGNATURE_BYTES:
        raise MalformedProofError("The signature cannot be read.")
    return bytes.fromhex(found[1])
