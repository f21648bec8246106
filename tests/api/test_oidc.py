"""Signing in through another service, with one on this machine."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey, OctKey

from tests.installation import PASSWORD, Installation, Person, installed
from tests.issuer import Issuer, running_issuer

AUTH = "/api/v1/auth"
OWN_PAGE = {"Origin": "http://testserver"}
PROVIDERS = ("google", "microsoft", "oidc", "github")


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as running:
        yield running


@pytest.fixture
async def installation(tmp_path, redis_url: str, issuer: Issuer) -> AsyncIterator[Installation]:
    changes = {"auth_strategies": issuer.settings, "public_url": "http://testserver"}
    async with installed(tmp_path, redis_url, **changes) as made:
        redis = made.works.redis
        if keys := [key async for key in redis.scan_iter(match="limit:*")]:
            await redis.delete(*keys)
        yield made


async def agree(location: str) -> str:
    """Let the service send the browser back. Returns the address it comes back to, without the host."""
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(location)
    assert answer.status_code == 303, answer.text
    back = urlsplit(answer.headers["location"])
    return f"{back.path}?{back.query}"


async def come_back(installation: Installation, provider: str, **start: str) -> httpx.Response:
    sent = await installation.http.get(f"{AUTH}/oidc/{provider}/start", params=start)
    assert sent.status_code == 303, sent.text
    return await installation.http.get(await agree(sent.headers["location"]))


def problem_of(response: httpx.Response) -> str:
    assert response.status_code == 303, response.text
    return parse_qs(urlsplit(response.headers["location"]).query).get("problem", [""])[0]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_person_signs_in_and_comes_back_as_the_same(installation: Installation, provider: str):
    ids = []
    for _ in range(2):
        back = await come_back(installation, provider, next="/chatbots?x=1")
        assert (problem_of(back), back.headers["location"]) == ("", "/chatbots?x=1")
        ids.append((await installation.http.get(f"{AUTH}/me")).json()["user"])
        installation.http.cookies.clear()
    assert ids[0] == ids[1]
    expected = {"github": "octo@issuer.example", "microsoft": ""}.get(provider, "ann@issuer.example")
    assert ids[0]["email"] == expected


async def test_one_address_is_not_two_accounts(installation: Installation, issuer: Issuer, ann: Person):
    issuer.claims["email"] = ann.email
    assert problem_of(await come_back(installation, "google")) == "account_exists"
    assert (await installation.http.get(f"{AUTH}/me")).status_code == 401


async def test_an_address_that_nobody_vouches_for_is_not_taken_over(installation, issuer: Issuer, ann: Person):
    issuer.claims |= {"email": ann.email, "email_verified": False}
    assert problem_of(await come_back(installation, "oidc")) == ""
    me = (await installation.http.get(f"{AUTH}/me")).json()["user"]
    assert (me["email"], me["id"] != ann.user_id) == ("", True)


@pytest.mark.parametrize(
    "bend",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "somebody else"},
        {"aud": ["privexbot", "somebody else"]},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"iat": 9_000_000_000},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"sub": None},
    ],
    ids=str,
)
async def test_a_token_that_does_not_fit_is_refused(installation: Installation, issuer: Issuer, bend: dict[str, Any]):
    issuer.bend = bend
    assert problem_of(await come_back(installation, "oidc")) == "proof_refused"
    assert (await installation.http.get(f"{AUTH}/me")).status_code == 401


async def test_another_key_is_refused_and_a_new_one_of_the_issuer_taken(installation: Installation, issuer: Issuer):
    assert problem_of(await come_back(installation, "oidc")) == ""
    issuer.key = ECKey.generate_key("P-256", {"kid": "two", "use": "sig", "alg": "ES256"})
    assert problem_of(await come_back(installation, "oidc")) == "proof_refused"
    issuer.published.append(issuer.key)
    assert problem_of(await come_back(installation, "oidc")) == ""


async def test_a_published_symmetric_key_signs_nothing(installation: Installation, issuer: Issuer):
    issuer.published = [OctKey.generate_key(256, {"kid": "one", "use": "sig"})]  # type: ignore[list-item]
    assert problem_of(await come_back(installation, "oidc")) == "proof_refused"


async def test_an_answer_is_taken_once_and_in_the_same_browser_only(installation: Installation):
    sent = await installation.http.get(f"{AUTH}/oidc/oidc/start")
    back = await agree(sent.headers["location"])
    installation.http.cookies.clear()
    assert problem_of(await installation.http.get(back)) == "challenge_unknown"
    sent = await installation.http.get(f"{AUTH}/oidc/oidc/start")
    back = await agree(sent.headers["location"])
    assert problem_of(await installation.http.get(back)) == ""
    assert problem_of(await installation.http.get(back)) == "challenge_unknown"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=x&code=y",
        "state=x&error=access_denied",
        "code=y",
        "state=%00",
        "state=%ED%A0%80",
        "state=x&code=" + "y" * 4500,
    ],
)
async def test_made_up_answers_lead_back_to_the_door(installation: Installation, query: str):
    response = await installation.http.get(f"{AUTH}/oidc/oidc/callback?{query}")
    assert problem_of(response) in {"challenge_unknown", "malformed_proof", "unstorable_text"}


async def test_who_says_no_there_is_not_signed_in_here(installation: Installation):
    sent = await installation.http.get(f"{AUTH}/oidc/oidc/start")
    state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
    back = await installation.http.get(f"{AUTH}/oidc/oidc/callback", params={"state": state, "error": "access_denied"})
    assert problem_of(back) == "proof_refused"


@pytest.mark.parametrize("next_page", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", ""])
async def test_it_never_leads_to_another_site(installation: Installation, next_page: str):
    back = await come_back(installation, "oidc", next=next_page)
    assert back.headers["location"] == "/"


async def test_an_account_there_is_linked_to_who_asked_for_it(installation: Installation, ann: Person, bob: Person):
    http = installation.http
    await http.post(f"{AUTH}/browser/login", json={"email": ann.email, "password": PASSWORD}, headers=OWN_PAGE)
    asked = await http.post(f"{AUTH}/oidc/google/link", headers=OWN_PAGE)
    assert asked.status_code == 200, asked.text
    back = await http.get(await agree(asked.json()["location"]))
    assert back.headers["location"] == "/account/security?linked=google"
    ways = (await http.get(f"{AUTH}/ways-in")).json()
    assert [identity["label"] for identity in ways["identities"]] == ["ann@issuer.example"]
    http.cookies.clear()
    assert problem_of(await come_back(installation, "google")) == ""
    assert (await http.get(f"{AUTH}/me")).json()["user"]["id"] == ann.user_id
    http.cookies.clear()
    await http.post(f"{AUTH}/browser/login", json={"email": bob.email, "password": PASSWORD}, headers=OWN_PAGE)
    asked = await http.post(f"{AUTH}/oidc/google/link", headers=OWN_PAGE)
    assert problem_of(await http.get(await agree(asked.json()["location"]))) == "identity_taken"


async def test_linking_cannot_be_started_by_another_site(installation: Installation, ann: Person):
    http = installation.http
    await http.post(f"{AUTH}/browser/login", json={"email": ann.email, "password": PASSWORD}, headers=OWN_PAGE)
    refused = await http.post(f"{AUTH}/oidc/google/link", headers={"Origin": "https://evil.example"})
    assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin")


async def test_a_service_that_is_down_or_broken_is_said_as_such(tmp_path, redis_url: str):
    settings = {"oidc": {"client_id": "x", "client_secret": "y", "issuer": "http://127.0.0.1:9"}}
    async with installed(tmp_path / "down", redis_url, auth_strategies=settings) as installation:
        response = await installation.http.get(f"{AUTH}/oidc/oidc/start")
        assert response.status_code == 502
        assert (await installation.http.get(f"{AUTH}/oidc/google/start")).status_code == 404


async def test_only_what_is_set_up_is_offered(installation: Installation):
    offered = {way["name"]: way["means"] for way in (await installation.http.get(f"{AUTH}/strategies")).json()}
    assert offered == {
        "evm": "wallet", "solana": "wallet", "cosmos": "wallet", "passkey": "passkey",
        "google": "redirect", "microsoft": "redirect", "oidc": "redirect", "github": "redirect",
    }  # fmt: skip
