"""The wallets' strategies, and the published sets of their messages."""

import json
from pathlib import Path
from typing import Any

import pytest

from privexbot_app.integrations.auth_strategies import solana
from privexbot_app.integrations.auth_strategies.base import AuthStrategy, Begun, MalformedProofError
from privexbot_app.integrations.auth_strategies.cosmos import CosmosWallets
from privexbot_app.integrations.auth_strategies.evm.message import build, parse, require_complete
from privexbot_app.integrations.auth_strategies.evm.strategy import EvmWallets, digest_of, recover
from privexbot_app.integrations.auth_strategies.messages import SignInMessage
from privexbot_app.kit.clock import utc_now
from tests.contract.auth_strategy_contract import SITE, AuthStrategyContract
from tests.wallets import CosmosWallet, EvmWallet, SolanaWallet

NAMES = {
    "chainId": "chain_id",
    "issuedAt": "issued_at",
    "expirationTime": "expiration_time",
    "notBefore": "not_before",
    "requestId": "request_id",
}


class WalletContract(AuthStrategyContract):
    wallet: Any

    def asked(self) -> dict[str, Any]:
        return {"address": self.wallet.address}

    async def answer(self, begun: Begun) -> dict[str, Any]:
        return self.wallet.answer(begun.shown["message"])


class TestEvm(WalletContract):
    name, wallet = "evm", EvmWallet()

    @pytest.fixture
    def strategy(self) -> AuthStrategy:
        return EvmWallets(EvmWallets.Config())


class TestSolana(WalletContract):
    name, wallet = "solana", SolanaWallet()

    @pytest.fixture
    def strategy(self) -> AuthStrategy:
        return solana.SolanaWallets(solana.SolanaWallets.Config())


class TestCosmos(WalletContract):
    name, wallet = "cosmos", CosmosWallet()

    @pytest.fixture
    def strategy(self) -> AuthStrategy:
        return CosmosWallets(CosmosWallets.Config())


def load(data: Path, name: str) -> Any:
    return json.loads((data / "wallet" / name).read_text())


def fields_of(listed: dict[str, Any]) -> dict[str, Any]:
    """Their names of fields as ours."""
    fields = {NAMES.get(name, name): value for name, value in listed.items()}
    if "chain_id" in fields:
        fields["chain_id"] = str(fields["chain_id"])
    return {**fields, "resources": tuple(fields["resources"])} if "resources" in fields else fields


def test_valid_messages_are_read_field_by_field_and_built_again(data: Path):
    for name, case in load(data, "siwe_parsing/parsing_positive.json").items():
        message = parse(case["message"])
        require_complete(message)
        assert message == SignInMessage(**fields_of(case["fields"])), name
        assert build(message) == case["message"]


def test_invalid_messages_are_refused(data: Path):
    for name, text in load(data, "siwe_parsing/parsing_negative.json").items():
        assert refuses(lambda text=text: require_complete(parse(text))), name


def test_invalid_fields_make_no_message(data: Path):
    for name, listed in load(data, "siwe_parsing/parsing_negative_objects.json").items():
        assert refuses(lambda listed=listed: build(SignInMessage(**fields_of(listed)))), name


def refuses(act: Any) -> bool:
    try:
        act()
    except (MalformedProofError, TypeError):  # a field that is missing is missing from the call
        return True
    return False


def test_solana_messages_are_built_and_read_as_the_published_table_says(data: Path):
    for case in load(data, "siws_text/siws_text.json"):
        message = SignInMessage(**case["parsed"])
        assert solana.build(message) == case["text"]
        assert solana.parse(case["text"]) == message


def test_texts_hash_as_published_and_signers_are_recovered(data: Path):
    cases = load(data, "eip191/personal_sign.json")
    for case in cases["hash"]:
        assert f"0x{digest_of(raw(case)).hex()}" == case["hash"]
    for case in cases["recover"]:
        signature = case.get("signature") or case["r"] + case["s"][2:] + f"{case['v']:02x}"
        found = recover(raw(case), bytes.fromhex(signature[2:]))
        assert found is not None
        assert found.lower() == case["address"].lower()


def raw(case: dict[str, Any]) -> bytes:
    return case["text"].encode() if "text" in case else bytes.fromhex(case["hex"][2:])


def test_what_is_no_signature_recovers_nobody():
    for signature in (b"", b"\0" * 65, b"\xff" * 65, b"\0" * 64 + b"\x1b", b"\x01" * 64, b"\x01" * 64 + b"\x09"):
        assert recover(b"text", signature) is None


async def test_accounts_of_other_chains_are_refused_by_name():
    strategy = CosmosWallets(CosmosWallets.Config(prefixes=("secret",)))
    for prefix, refused in (("secret", False), ("cosmos", True)):
        asked = {"address": CosmosWallet(prefix).address}
        if refused:
            with pytest.raises(MalformedProofError, match="cosmos"):
                await strategy.begin(SITE, asked, utc_now())
        else:
            assert await strategy.begin(SITE, asked, utc_now())
