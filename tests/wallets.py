"""Wallets for tests: keys of our own that sign as the real ones do."""

import base64
import hashlib
from typing import Any

import base58
import bech32
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256K1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from privexbot_app.integrations.auth_strategies.cosmos import sign_doc
from privexbot_app.kit.recursion import recursion_limit_kept

with recursion_limit_kept():
    from eth_account import Account
    from eth_account.messages import encode_defunct
    from eth_keys.exceptions import BadSignature, ValidationError

__all__ = ["Account", "BadSignature", "EvmWallet", "ValidationError"]


class EvmWallet:
    """Signs as MetaMask's `personal_sign` does."""

    kind = "evm"

    def __init__(self) -> None:
        self.account = Account.create()
        self.address: str = self.account.address

    def answer(self, message: str) -> dict[str, Any]:
        """The body for `verify`."""
        signed = self.account.sign_message(encode_defunct(text=message))
        return {"address": self.address, "message": message, "signature": f"0x{bytes(signed.signature).hex()}"}


class SolanaWallet:
    """Signs as Phantom's `signMessage` does."""

    kind = "solana"

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        raw = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.address = base58.b58encode(raw).decode()

    def answer(self, message: str) -> dict[str, Any]:
        """The body for `verify`."""
        signature = base58.b58encode(self.key.sign(message.encode())).decode()
        return {"address": self.address, "message": message, "signature": signature}


class CosmosWallet:
    """Signs as Keplr's `signArbitrary` does."""

    kind = "cosmos"

    def __init__(self, prefix: str = "secret") -> None:
        self.key: EllipticCurvePrivateKey = generate_private_key(SECP256K1())
        self.public = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        digest = hashlib.new("ripemd160", hashlib.sha256(self.public).digest()).digest()
        self.address: str = bech32.bech32_encode(prefix, bech32.convertbits(digest, 8, 5))

    def answer(self, message: str) -> dict[str, Any]:
        """The body for `verify`."""
        r, s = decode_dss_signature(self.key.sign(sign_doc(self.address, message), ECDSA(SHA256())))
        signature = base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
        public = base64.b64encode(self.public).decode()
        return {"address": self.address, "message": message, "signature": signature, "public_key": public}


WALLETS = (EvmWallet, SolanaWallet, CosmosWallet)
