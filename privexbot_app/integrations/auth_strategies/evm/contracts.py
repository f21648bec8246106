"""Signatures of wallets that are contracts, asked of a node: EIP-1271, and EIP-6492 for those not deployed yet.

No transaction is sent; a node only computes. For a wallet that does not exist yet, the node runs a program of our own
in place of a deployment: it calls the wallet's factory, asks the wallet, returns the answer, and all is forgotten.
"""

from dataclasses import dataclass

from privexbot_app.integrations.auth_strategies.base import MalformedProofError
from privexbot_app.kit.http import UpstreamGarbageError
from privexbot_app.kit.http.services import JsonService

IS_VALID = bytes.fromhex("1626ba7e")
VALID = IS_VALID.ljust(32, b"\0")
DETACHED = bytes.fromhex("6492" * 16)
"""What a signature of a wallet that is not deployed ends with (EIP-6492)."""
WORD = 32
LONGEST_SIGNATURE_BYTES = 24_000

# The opcodes that the program needs (https://ethereum.github.io/execution-specs).
LT, EQ, AND = b"\x10", b"\x14", b"\x16"
CODECOPY, EXTCODESIZE, RETURNDATASIZE = b"\x39", b"\x3b", b"\x3d"
POP, MLOAD, MSTORE, JUMPI, GAS, JUMPDEST = b"\x50", b"\x51", b"\x52", b"\x57", b"\x5a", b"\x5b"
CALL, RETURN, STATICCALL = b"\xf1", b"\xf3", b"\xfa"


@dataclass(frozen=True)
class Undeployed:
    """A signature of a wallet that its factory would make when called like this."""

    factory: bytes
    factory_call: bytes
    signature: bytes


class ContractSignatures:
    """Asks a node whether wallets accept signatures."""

    def __init__(self, node: JsonService) -> None:
        self._node = node

    async def is_valid(self, address: str, digest: bytes, signature: bytes) -> bool:
        """Whether the contract at `address` accepts `signature` for `digest`. Raises UpstreamFailedError."""
        wallet = bytes.fromhex(address.removeprefix("0x"))
        if signature.endswith(DETACHED):
            undeployed = read_undeployed(signature)
            program = build_program(wallet, undeployed, question(digest, undeployed.signature))
            answer = await self._call({"data": f"0x{program.hex()}"})
            return answer == (1).to_bytes(WORD)
        return await self._call({"to": address, "data": f"0x{question(digest, signature).hex()}"}) == VALID

    async def _call(self, transaction: dict[str, str]) -> bytes | None:
        """What the call returns; None when the contract refuses to answer."""
        request = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [transaction, "latest"]}
        answer = await self._node.ask("POST", "", request)
        if not answer.is_good or not isinstance(answer.body, dict):
            raise UpstreamGarbageError("The Ethereum node sent an answer that cannot be read.", status=answer.status)
        if "error" in answer.body:
            return None
        try:
            return bytes.fromhex(str(answer.body["result"]).removeprefix("0x"))
        except (KeyError, ValueError) as error:
            raise UpstreamGarbageError("The Ethereum node sent an answer that cannot be read.") from error


def question(digest: bytes, signature: bytes) -> bytes:
    """The call `isValidSignature(bytes32, bytes)`."""
    padded = signature.ljust(-(-len(signature) // WORD) * WORD, b"\0")
    return IS_VALID + digest + (2 * WORD).to_bytes(WORD) + len(signature).to_bytes(WORD) + padded


def read_undeployed(signature: bytes) -> Undeployed:
    """The parts of an EIP-6492 signature: (address, bytes, bytes) and the mark. Raises MalformedProofError."""
    body = signature.removesuffix(DETACHED)
    factory, call, inner = body[12:WORD], _bytes_at(body, WORD), _bytes_at(body, 2 * WORD)
    if len(factory) != 20:
        raise MalformedProofError("The signature cannot be read.")
    return Undeployed(factory, call, inner)


def build_program(wallet: bytes, undeployed: Undeployed, asked: bytes) -> bytes:
    """Code that deploys the wallet if it is not there, asks it, and returns one word: 1 for a valid signature.

    What the code copies into memory follows it: the call of the factory, then the question.
    """
    call = undeployed.factory_call
    # A push is as long for zero as for any number here, so zeros tell how long the parts will be.
    skip_size, deploy_size = len(_skip_deployment(wallet, 0)), len(_deploy(undeployed, 0))
    size = skip_size + deploy_size + len(_ask(wallet, asked, 0))
    code = _skip_deployment(wallet, skip_size + deploy_size) + _deploy(undeployed, size)
    return code + _ask(wallet, asked, size + len(call)) + call + asked


def _skip_deployment(wallet: bytes, target: int) -> bytes:
    return _push(wallet) + EXTCODESIZE + _push_number(target) + JUMPI


def _deploy(undeployed: Undeployed, start: int) -> bytes:
    arguments = _push_number(0) * 2 + _push_number(len(undeployed.factory_call)) + _push_number(0) * 2
    return _copy(undeployed.factory_call, start) + arguments + _push(undeployed.factory) + GAS + CALL + POP


def _ask(wallet: bytes, asked: bytes, start: int) -> bytes:
    arguments = _push_number(WORD) + _push_number(0) + _push_number(len(asked)) + _push_number(0)
    call = JUMPDEST + _copy(asked, start) + arguments + _push(wallet) + GAS + STATICCALL
    is_magic = _push_number(0) + MLOAD + _push(VALID) + EQ + AND
    # A wallet that returns too little leaves the question in the memory.
    is_whole = RETURNDATASIZE + _push_number(WORD - 1) + LT + AND
    return call + is_magic + is_whole + _push_number(0) + MSTORE + _push_number(WORD) + _push_number(0) + RETURN


def _copy(what: bytes, start: int) -> bytes:
    """Bring bytes that follow the code to the beginning of the memory."""
    return _push_number(len(what)) + _push_number(start) + _push_number(0) + CODECOPY


def _push(value: bytes) -> bytes:
    return bytes([0x5F + len(value)]) + value


def _push_number(number: int) -> bytes:
    return _push(number.to_bytes(2))


def _bytes_at(body: bytes, slot: int) -> bytes:
    """A `bytes` of an ABI-encoded tuple whose place is written in `slot`."""
    start = int.from_bytes(body[slot : slot + WORD])
    size = int.from_bytes(body[start : start + WORD])
    found = body[start + WORD : start + WORD + size]
    if len(body) < slot + WORD or start + WORD > len(body) or len(found) != size:
        raise MalformedProofError("The signature cannot be read.")
    return found
