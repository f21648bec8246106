"""Wallets that are contracts: deployed ones (EIP-1271), and those that are not yet (EIP-6492)."""

import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from privexbot_app.integrations.auth_strategies.base import (
    Answer,
    MalformedProofError,
    ProofRefusedError,
    VerifiedIdentity,
)
from privexbot_app.integrations.auth_strategies.evm.contracts import DETACHED
from privexbot_app.integrations.auth_strategies.evm.message import checksummed
from privexbot_app.integrations.auth_strategies.evm.strategy import EvmWallets
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.http import HttpClient, UpstreamGarbageError, UpstreamUnreachableError
from tests.contract.auth_strategy_contract import SITE
from tests.machine_of_ethereum import Machine, wallet_of
from tests.servers import serving
from tests.wallets import Account, BadSignature, EvmWallet, ValidationError

FACTORY, FACTORY_CALL = "fac7" * 10, b"make the wallet of this owner, please"


def recovered(digest: bytes, signature: bytes) -> str | None:
    try:
        return Account._recover_hash(digest, signature=signature)
    except (BadSignature, ValidationError, ValueError):
        return None


class Owner:
    """A person whose account is a contract, at an address that no key has."""

    def __init__(self) -> None:
        self.key = EvmWallet()
        self.address = checksummed(f"0x{secrets.token_hex(20)}")

    @property
    def name(self) -> str:
        return self.address[2:].lower()

    def sign(self, message: str) -> bytes:
        return bytes.fromhex(self.key.answer(message)["signature"][2:])

    def sign_detached(self, message: str, factory: str = FACTORY) -> bytes:
        """Wrapped as EIP-6492 says: (factory, call, signature), then the mark."""
        return wrapped(bytes.fromhex(factory), FACTORY_CALL, self.sign(message))


def wrapped(factory: bytes, call: bytes, signature: bytes) -> bytes:
    def dynamic(value: bytes) -> bytes:
        return len(value).to_bytes(32) + value.ljust(-(-len(value) // 32) * 32, b"\0")

    head = factory.rjust(32, b"\0") + (96).to_bytes(32) + (96 + len(dynamic(call))).to_bytes(32)
    return head + dynamic(call) + dynamic(signature) + DETACHED


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
async def strategy(machine: Machine) -> AsyncIterator[EvmWallets]:
    http = HttpClient()
    async with serving({"/": machine.serve}) as url:
        yield EvmWallets(EvmWallets.Config(rpc_url=url), http=http)
    await http.close()


async def verify(strategy: EvmWallets, owner: Owner, sign: Any) -> VerifiedIdentity:
    begun = await strategy.begin(SITE, {"address": owner.address}, utc_now())
    message = begun.shown["message"]
    signature = sign(message)
    given = {"address": owner.address, "message": message, "signature": f"0x{signature.hex()}"}
    return await strategy.verify(Answer(SITE, given, begun.kept, utc_now()))


async def test_a_deployed_wallet_speaks_for_itself(strategy: EvmWallets, machine: Machine):
    owner = Owner()
    machine.contracts[owner.name] = wallet_of(owner.key.address, recovered)
    assert (await verify(strategy, owner, owner.sign)).subject == owner.address
    with pytest.raises(ProofRefusedError):
        await verify(strategy, owner, Owner().sign)


async def test_an_address_without_a_contract_accepts_nobody(strategy: EvmWallets):
    owner = Owner()
    with pytest.raises(ProofRefusedError):
        await verify(strategy, owner, owner.sign)


@pytest.mark.parametrize(
    "word", [b"", b"\x16\x26\xba\x7e", b"\0" * 31 + b"\x01", b"\xff" * 32, b"\x16\x26\xba\x7e" + b"\x01" * 28]
)
async def test_anything_but_the_agreed_word_is_a_no(strategy: EvmWallets, machine: Machine, word: bytes):
    owner = Owner()
    for contract in (lambda _: word, lambda _: None):
        machine.contracts[owner.name] = contract
        for sign in (owner.sign, owner.sign_detached):
            with pytest.raises(ProofRefusedError):
                await verify(strategy, owner, sign)


async def test_a_wallet_that_is_not_deployed_yet_is_made_asked_and_forgotten(strategy: EvmWallets, machine: Machine):
    owner = Owner()

    def make(data: bytes) -> bytes:
        assert data == FACTORY_CALL
        machine.contracts[owner.name] = wallet_of(owner.key.address, recovered)
        return b""

    machine.contracts[FACTORY] = make
    assert (await verify(strategy, owner, owner.sign_detached)).subject == owner.address
    assert machine.calls == [FACTORY, owner.name]
    assert owner.name not in machine.contracts
    with pytest.raises(ProofRefusedError):
        await verify(strategy, owner, Owner().sign_detached)


async def test_a_wallet_deployed_in_the_meantime_is_not_made_again(strategy: EvmWallets, machine: Machine):
    owner = Owner()
    machine.contracts[owner.name] = wallet_of(owner.key.address, recovered)
    assert (await verify(strategy, owner, owner.sign_detached)).subject == owner.address
    assert machine.calls == [owner.name]


async def test_a_factory_that_makes_nothing_or_fails_helps_nobody(strategy: EvmWallets, machine: Machine):
    owner = Owner()
    for factory in (lambda _: b"", lambda _: None):
        machine.contracts[FACTORY] = factory
        with pytest.raises(ProofRefusedError):
            await verify(strategy, owner, owner.sign_detached)


@pytest.mark.parametrize(
    "body", [b"", b"\0" * 31, b"\0" * 96, b"\xff" * 96, b"\0" * 32 + b"\xff" * 64, b"\0" * 63 + b"\x60" + b"\0" * 32]
)
async def test_a_torn_wrapping_is_malformed_or_refused(strategy: EvmWallets, body: bytes):
    with pytest.raises((MalformedProofError, ProofRefusedError)):
        await verify(strategy, Owner(), lambda _: body + DETACHED)


async def test_without_a_node_contract_wallets_are_refused_in_words():
    strategy, owner = EvmWallets(EvmWallets.Config()), Owner()
    with pytest.raises(ProofRefusedError, match="Contract wallets are not set up here"):
        await verify(strategy, owner, owner.sign_detached)


async def test_a_node_that_is_down_or_talks_nonsense_is_said_as_such():
    from aiohttp import web

    async def nonsense(request: web.Request) -> web.Response:
        return web.json_response({"result": "nonsense"})

    http, owner = HttpClient(), Owner()
    async with serving({"/": nonsense}) as url:
        with pytest.raises(UpstreamGarbageError):
            await verify(EvmWallets(EvmWallets.Config(rpc_url=url), http=http), owner, owner.sign)
    with pytest.raises(UpstreamUnreachableError):
        await verify(EvmWallets(EvmWallets.Config(rpc_url=url), http=http), owner, owner.sign)
    await http.close()


def test_reading_a_signature_leaves_the_recursion_limit_alone():
    code = (
        "import sys; before = sys.getrecursionlimit();"
        "from privexbot_app.integrations.auth_strategies.evm.strategy import recover;"
        "recover(b'x', bytes(65)); assert sys.getrecursionlimit() == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
