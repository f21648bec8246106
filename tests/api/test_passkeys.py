"""Passkeys over the real routes, with one in software."""

from typing import Any

import pytest

from tests.authenticator import USER_PRESENT, Authenticator
from tests.installation import Installation, Person

AUTH = "/api/v1/auth"
OWN_PAGE = {"Origin": "http://testserver"}


@pytest.fixture
def passkey(installation: Installation) -> Authenticator:
    return Authenticator(installation.runtime.browser_url)


async def register(installation: Installation, person: Person, passkey: Authenticator, label: str = "Phone") -> Any:
    asked = await installation.http.post(f"{AUTH}/passkeys/options", json={"label": label}, headers=person.headers)
    assert asked.status_code == 200, asked.text
    body = {"credential": passkey.create(asked.json())}
    return await installation.http.post(f"{AUTH}/passkeys", json=body, headers=person.headers)


async def options(installation: Installation) -> dict[str, Any]:
    return (await installation.http.post(f"{AUTH}/passkey/options")).json()


async def sign_in(installation: Installation, credential: dict[str, Any]) -> Any:
    return await installation.http.post(f"{AUTH}/passkey/verify", json={"credential": credential})


async def test_a_passkey_is_registered_and_signs_in_without_a_name(installation, ann: Person, passkey: Authenticator):
    made = await register(installation, ann, passkey)
    assert (made.status_code, made.json()["label"], made.json()["strategy"]) == (201, "Phone", "passkey")
    entered = await sign_in(installation, passkey.get(await options(installation)))
    assert entered.status_code == 200, entered.text
    assert entered.json()["user"]["id"] == ann.user_id


async def test_an_answer_counts_once(installation: Installation, ann: Person, passkey: Authenticator):
    await register(installation, ann, passkey)
    answer = passkey.get(await options(installation))
    assert (await sign_in(installation, answer)).status_code == 200
    again = await sign_in(installation, answer)
    assert (again.status_code, again.json()["code"]) == (401, "challenge_unknown")


async def test_a_copy_whose_counter_lags_is_refused(installation: Installation, ann: Person, passkey: Authenticator):
    await register(installation, ann, passkey)
    for _ in range(2):
        assert (await sign_in(installation, passkey.get(await options(installation)))).status_code == 200
    passkey.count -= 2
    copied = await sign_in(installation, passkey.get(await options(installation)))
    assert (copied.status_code, copied.json()["code"]) == (401, "proof_refused")


async def test_without_a_check_of_the_owner_it_is_refused(installation, ann: Person, passkey: Authenticator):
    await register(installation, ann, passkey)
    passkey.flags = USER_PRESENT
    assert (await sign_in(installation, passkey.get(await options(installation)))).status_code == 401


async def test_another_sites_page_gets_nothing_out_of_it(installation, ann: Person, passkey: Authenticator):
    await register(installation, ann, passkey)
    passkey.origin = "https://evil.example"
    assert (await sign_in(installation, passkey.get(await options(installation)))).status_code == 401


async def test_an_unknown_passkey_makes_no_account(installation: Installation, passkey: Authenticator):
    refused = await sign_in(installation, passkey.get(await options(installation)))
    assert (refused.status_code, refused.json()["code"]) == (401, "proof_refused")


async def test_a_challenge_to_sign_in_registers_nothing_and_the_other_way_round(
    installation: Installation, ann: Person, bob: Person, passkey: Authenticator
):
    asked = await installation.http.post(f"{AUTH}/passkeys/options", json={}, headers=ann.headers)
    theirs = {"credential": passkey.create(asked.json())}
    stolen = await installation.http.post(f"{AUTH}/passkeys", json=theirs, headers=bob.headers)
    assert (stolen.status_code, stolen.json()["code"]) == (401, "proof_refused")
    made = {**await options(installation), "rp": {"id": "localhost"}}
    crossed = {"credential": passkey.create(made)}
    assert (await installation.http.post(f"{AUTH}/passkeys", json=crossed, headers=ann.headers)).status_code in {
        401,
        422,
    }
    asked = await installation.http.post(f"{AUTH}/passkeys/options", json={}, headers=ann.headers)
    assert (await sign_in(installation, passkey.create(asked.json()))).status_code == 401


async def test_one_passkey_is_one_persons(installation, ann: Person, bob: Person, passkey: Authenticator):
    assert (await register(installation, ann, passkey)).status_code == 201
    taken = await register(installation, bob, passkey)
    assert (taken.status_code, taken.json()["code"]) == (409, "identity_taken")


async def test_a_browser_gets_a_cookie(installation: Installation, ann: Person, passkey: Authenticator):
    await register(installation, ann, passkey)
    body = {"credential": passkey.get(await options(installation))}
    url = f"{AUTH}/browser/passkey/verify"
    assert (await installation.http.post(url, json=body)).status_code == 403
    assert (await installation.http.post(url, json=body, headers=OWN_PAGE)).status_code == 200
    assert (await installation.http.get(f"{AUTH}/me")).json()["user"]["id"] == ann.user_id


@pytest.mark.parametrize(
    "path", [(), ("id",), ("response",), ("response", "clientDataJSON"), ("response", "signature")]
)
@pytest.mark.parametrize("garbage", [None, "", "x", "é", 7, [], {}, "\u0000", "A" * 5000])
async def test_garbage_is_refused(
    installation, ann: Person, passkey: Authenticator, path: tuple[str, ...], garbage: Any
):
    await register(installation, ann, passkey)
    credential: Any = passkey.get(await options(installation))
    if path:
        inner = credential
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = garbage
    else:
        credential = garbage
    response = await sign_in(installation, credential)
    assert response.status_code in {401, 422, 429}, response.text
