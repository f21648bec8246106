"""Signing in by a wallet, over the real routes: what must be accepted is, what must be refused is with 4xx."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from privexbot_app.api import entering
from privexbot_app.domains.identity.challenges import Challenges
from privexbot_app.integrations.auth_strategies.base import Begun
from privexbot_app.integrations.auth_strategies.evm.message import build, parse
from privexbot_app.integrations.auth_strategies.messages import handle_of
from privexbot_app.kit.clock import utc_now
from tests.installation import ON_BOTH_DATABASES, Installation, Person, installed
from tests.wallets import WALLETS, EvmWallet, SolanaWallet

AUTH = "/api/v1/auth"
OWN_PAGE = {"Origin": "http://testserver"}
ANY_WALLET = pytest.mark.parametrize("wallet", [kind() for kind in WALLETS], ids=lambda wallet: wallet.kind)


async def challenge(installation: Installation, wallet: Any) -> str:
    response = await installation.http.post(f"{AUTH}/wallet/{wallet.kind}/challenge", json={"address": wallet.address})
    assert response.status_code == 200, response.text
    assert set(response.json()) == {"message", "nonce", "expires_at"}
    return response.json()["message"]


async def verify(installation: Installation, wallet: Any, answer: dict[str, Any]) -> httpx.Response:
    return await installation.http.post(f"{AUTH}/wallet/{wallet.kind}/verify", json=answer)


@pytest.fixture(autouse=True)
async def without_limits(installation: Installation) -> None:
    """All of this comes from one address."""
    await forget_attempts(installation)


async def forget_attempts(installation: Installation) -> None:
    redis = installation.works.redis
    if keys := [key async for key in redis.scan_iter(match="limit:*")]:
        await redis.delete(*keys)


async def issue(installation: Installation, text: str, address: str) -> None:
    """Have the installation remember a message as if it had made it."""
    begun = Begun(handle_of({"message": text}), shown={}, kept={"message": text, "address": address})
    await Challenges(installation.works.redis).keep("evm", begun)


@ANY_WALLET
async def test_a_wallet_signs_in_and_comes_back_as_the_same_person(installation: Installation, wallet: Any):
    people = []
    for _ in range(2):
        response = await verify(installation, wallet, wallet.answer(await challenge(installation, wallet)))
        assert response.status_code == 200, response.text
        headers = {"Authorization": f"Bearer {response.json()['access_token']}"}
        me = (await installation.http.get(f"{AUTH}/me", headers=headers)).json()
        assert [organization["role"] for organization in me["organizations"]] == ["owner"]
        people.append(me["user"]["id"])
    assert people[0] == people[1]


@ANY_WALLET
async def test_a_challenge_is_answered_once(installation: Installation, wallet: Any):
    answer = wallet.answer(await challenge(installation, wallet))
    assert (await verify(installation, wallet, answer)).status_code == 200
    again = await verify(installation, wallet, answer)
    assert (again.status_code, again.json()["code"]) == (401, "challenge_unknown")


@ANY_WALLET
async def test_a_wrong_answer_uses_the_challenge_up(installation: Installation, wallet: Any):
    message = await challenge(installation, wallet)
    other = type(wallet)()
    forged = {**other.answer(message), "address": wallet.address}
    refused = await verify(installation, wallet, forged)
    assert (refused.status_code, refused.json()["code"]) == (401, "proof_refused")
    late = await verify(installation, wallet, wallet.answer(message))
    assert (late.status_code, late.json()["code"]) == (401, "challenge_unknown")


@ANY_WALLET
async def test_one_changed_byte_makes_another_message(installation: Installation, wallet: Any):
    message = await challenge(installation, wallet)
    for changed in (message + "\n", message.replace("Sign in", "Sign  in"), message.replace("Nonce: ", "Nonce: 0")):
        response = await verify(installation, wallet, wallet.answer(changed))
        assert (response.status_code, response.json()["code"]) == (401, "challenge_unknown")
    assert (await verify(installation, wallet, wallet.answer(message))).status_code == 200


@ANY_WALLET
async def test_another_wallet_cannot_answer_in_its_own_name(installation: Installation, wallet: Any):
    message = await challenge(installation, wallet)
    response = await verify(installation, wallet, type(wallet)().answer(message))
    assert response.status_code == 401


@ANY_WALLET
async def test_a_challenge_is_over_after_five_minutes(installation: Installation, wallet: Any, monkeypatch):
    message = await challenge(installation, wallet)
    [key] = [key async for key in installation.works.redis.scan_iter(match=f"challenge:{wallet.kind}:*")]
    assert 0 < await installation.works.redis.ttl(key) <= 300
    if wallet.kind == "cosmos":
        return  # its message is judged by its bytes alone; the store forgets it in time
    monkeypatch.setattr(entering, "utc_now", lambda: utc_now() + timedelta(minutes=6))
    response = await verify(installation, wallet, wallet.answer(message))
    assert (response.status_code, response.json()["code"]) == (401, "proof_refused")


@ANY_WALLET
@pytest.mark.parametrize("field", ["signature", "address", "message", "public_key"])
@pytest.mark.parametrize(
    "garbage", ["", "0x", "zz", "0" * 130, "A" * 88, "é\u0000", "0x" + "00" * 65, "=" * 40, 7, None]
)
async def test_garbage_is_refused(installation: Installation, wallet: Any, field: str, garbage: Any):
    answer = {**wallet.answer(await challenge(installation, wallet)), field: garbage}
    response = await verify(installation, wallet, answer)
    if field == "public_key" and wallet.kind != "cosmos" and garbage != 7:
        assert response.status_code in {200, 422}
    else:
        assert response.status_code in {401, 422}, response.text


@ANY_WALLET
@pytest.mark.parametrize("address", ["", "x", "0x123", "0x" + "g" * 40, "secret1qqqq", "1" * 44, "\u0000", "é" * 32])
async def test_what_is_no_address_gets_no_challenge(installation: Installation, wallet: Any, address: str):
    response = await installation.http.post(f"{AUTH}/wallet/{wallet.kind}/challenge", json={"address": address})
    assert response.status_code == 422, response.text


async def test_an_unknown_kind_of_wallet_is_a_missing_thing(installation: Installation):
    for kind in ("bitcoin", "passkey", "google"):
        response = await installation.http.post(f"{AUTH}/wallet/{kind}/challenge", json={"address": "x"})
        assert response.status_code == 404


async def test_every_spelling_of_an_address_is_one_person_but_a_wrong_one_is_refused(installation: Installation):
    wallet = EvmWallet()
    spellings = (wallet.address, wallet.address.lower(), "0x" + wallet.address[2:].upper())
    users = set()
    for address in spellings:
        response = await installation.http.post(f"{AUTH}/wallet/evm/challenge", json={"address": address})
        answer = {**wallet.answer(response.json()["message"]), "address": address}
        users.add((await verify(installation, wallet, answer)).json()["user"]["id"])
    assert len(users) == 1
    swapped = "0x" + wallet.address[2:].swapcase()
    response = await installation.http.post(f"{AUTH}/wallet/evm/challenge", json={"address": swapped})
    assert (response.status_code, response.json()["code"]) == (422, "malformed_proof")


async def test_signatures_in_every_usual_spelling_are_taken(installation: Installation):
    import base64

    import base58

    evm, solana = EvmWallet(), SolanaWallet()
    for respell in (
        lambda raw: raw.hex(),
        lambda raw: f"0x{raw.hex().upper()}",
        lambda raw: f"0x{(raw[:-1] + bytes([raw[-1] - 27])).hex()}",
    ):
        answer = evm.answer(await challenge(installation, evm))
        raw = bytes.fromhex(answer["signature"].removeprefix("0x"))
        assert (await verify(installation, evm, {**answer, "signature": respell(raw)})).status_code == 200
    for respell in (lambda raw: raw.hex(), lambda raw: base64.b64encode(raw).decode()):
        answer = solana.answer(await challenge(installation, solana))
        raw = base58.b58decode(answer["signature"])
        assert (await verify(installation, solana, {**answer, "signature": respell(raw)})).status_code == 200


async def test_a_browser_gets_a_cookie_from_our_own_pages_only(installation: Installation):
    wallet = EvmWallet()
    answer = wallet.answer(await challenge(installation, wallet))
    url = f"{AUTH}/browser/wallet/evm/verify"
    assert (await installation.http.post(url, json=answer)).status_code == 403
    entered = await installation.http.post(url, json=answer, headers=OWN_PAGE)
    assert (entered.status_code, entered.json()["email"]) == (200, "")
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert (await installation.http.get(f"{AUTH}/me")).status_code == 200


# — the published sets —


def load(data: Path, name: str) -> Any:
    return json.loads((data / "wallet" / name).read_text())


async def test_every_valid_message_is_accepted_when_its_owner_signs_it(
    installation: Installation, data: Path, monkeypatch
):
    """Theirs name an address whose key nobody has: the lines are theirs, account and site ours."""
    for name, case in load(data, "siwe_parsing/parsing_positive.json").items():
        await forget_attempts(installation)
        theirs, wallet = parse(case["message"]), EvmWallet()
        text = case["message"].replace(theirs.address, wallet.address)
        origin = f"{theirs.scheme or 'https'}://{theirs.domain}"
        text = text.replace(f"URI: {theirs.uri}", f"URI: {origin}/login")
        monkeypatch.setattr(entering, "site_of", lambda _, origin=origin: entering.Site("PrivexBot", origin))
        await issue(installation, text, wallet.address)
        response = await verify(installation, wallet, wallet.answer(text))
        assert response.status_code == 200, (name, response.text)


async def test_every_invalid_message_is_refused_even_when_it_was_issued(installation: Installation, data: Path):
    for name, text in load(data, "siwe_parsing/parsing_negative.json").items():
        await forget_attempts(installation)
        wallet = EvmWallet()
        unknown = await verify(installation, wallet, wallet.answer(text))
        assert 400 <= unknown.status_code < 500, name
        await issue(installation, text, wallet.address)
        issued = await verify(installation, wallet, wallet.answer(text))
        assert issued.status_code in {401, 422}, (name, issued.text)


async def test_the_published_sign_ins_end_as_published(tmp_path: Path, redis_url: str, data: Path, monkeypatch):
    async with installed(tmp_path / "site", redis_url, public_url="https://supabase.com") as installation:
        for case in load(data, "siwe_sign_in_cases/cases.json"):
            await forget_attempts(installation)
            now = datetime.fromisoformat(case["now"])
            monkeypatch.setattr(entering, "utc_now", lambda now=now: now)
            address = case["message"].split("\n")[1]
            await issue(installation, case["message"], address)
            answer = {"address": address, "message": case["message"], "signature": case["signature"]}
            response = await installation.http.post(f"{AUTH}/wallet/evm/verify", json=answer)
            expected = {200} if case["expect_status"] == "OK" else {401, 422}
            assert response.status_code in expected, (case["test"], response.text)


async def test_published_signatures_prove_nothing_about_our_challenges(installation: Installation, data: Path):
    for case in load(data, "eip191/personal_sign.json")["recover"]:
        signature = case.get("signature") or case["r"] + case["s"][2:] + f"{case['v']:02x}"
        opened = await installation.http.post(f"{AUTH}/wallet/evm/challenge", json={"address": case["address"].lower()})
        message = opened.json()["message"]
        answer = {"address": case["address"].lower(), "message": message, "signature": signature}
        response = await installation.http.post(f"{AUTH}/wallet/evm/verify", json=answer)
        assert (response.status_code, response.json()["code"]) == (401, "proof_refused")


def test_our_own_message_is_one_of_the_standard(data: Path):
    for case in load(data, "siwe_parsing/parsing_positive.json").values():
        assert build(parse(case["message"])) == case["message"]


# — linking —


@ANY_WALLET
async def test_a_linked_wallet_opens_the_account_it_was_linked_to(installation: Installation, ann: Person, wallet: Any):
    answer = wallet.answer(await challenge(installation, wallet))
    linked = await installation.http.post(
        f"{AUTH}/link/wallet", json={**answer, "kind": wallet.kind}, headers=ann.headers
    )
    assert (linked.status_code, linked.json()["label"]) == (200, wallet.address)
    entered = await verify(installation, wallet, wallet.answer(await challenge(installation, wallet)))
    assert entered.json()["user"]["id"] == ann.user_id


async def test_accounts_are_not_merged(installation: Installation, ann: Person):
    wallet = EvmWallet()
    assert (await verify(installation, wallet, wallet.answer(await challenge(installation, wallet)))).status_code == 200
    answer = wallet.answer(await challenge(installation, wallet))
    refused = await installation.http.post(f"{AUTH}/link/wallet", json={**answer, "kind": "evm"}, headers=ann.headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "identity_taken")


@ON_BOTH_DATABASES
async def test_the_last_way_in_stays(installation: Installation):
    first, second = EvmWallet(), SolanaWallet()
    entered = await verify(installation, first, first.answer(await challenge(installation, first)))
    headers = {"Authorization": f"Bearer {entered.json()['access_token']}"}
    [only] = (await installation.http.get(f"{AUTH}/ways-in", headers=headers)).json()["identities"]
    kept = await installation.http.delete(f"{AUTH}/ways-in/{only['id']}", headers=headers)
    assert (kept.status_code, kept.json()["code"]) == (409, "last_way_in")
    answer = second.answer(await challenge(installation, second))
    assert (
        await installation.http.post(f"{AUTH}/link/wallet", json={**answer, "kind": "solana"}, headers=headers)
    ).is_success
    gone = await installation.http.delete(f"{AUTH}/ways-in/{only['id']}", headers=headers)
    assert gone.status_code == 204
    again = await installation.http.delete(f"{AUTH}/ways-in/{only['id']}", headers=headers)
    assert (again.status_code, again.json()["code"]) == (404, "identity_not_found")
