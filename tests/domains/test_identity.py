"""Signing in, staying in, and being put out; over the API, as every client does it."""

import json
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey
from pydantic import ValidationError
from sqlalchemy import update

from privexbot_app.domains.identity.models import AuthSession
from privexbot_app.domains.identity.schemas import Registration
from privexbot_app.domains.identity.tokens import (
    ACCESS_LIFE,
    AUDIENCE,
    AccessTokens,
    ExpiredTokenError,
    InvalidTokenError,
)
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.crypto import KeyRing
from tests.installation import ON_BOTH_DATABASES, PASSWORD, Installation, Person, installed

AUTH = "/api/v1/auth"
TOKENS = AccessTokens(KeyRing(b"k" * 48))
OWN_PAGE = {"Origin": "http://testserver"}


async def refresh(installation: Installation, token: str):
    return await installation.http.post(f"{AUTH}/refresh", json={"refresh_token": token})


async def me(installation: Installation, access_token: str):
    return await installation.http.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {access_token}"})


@ON_BOTH_DATABASES
async def test_registering_makes_an_organization_and_signs_in(installation: Installation):
    email = "New.Person@Example.com"
    response = await installation.http.post(f"{AUTH}/register", json={"email": email, "password": PASSWORD})
    body = response.json()
    assert response.status_code == 201
    assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
    assert body["user"]["email"] == email.lower()
    mine = (await me(installation, body["access_token"])).json()
    [organization] = mine["organizations"]
    assert organization["role"] == "owner"
    assert mine["context"]["workspace_id"] == organization["workspaces"][0]["id"]
    again = await installation.http.post(f"{AUTH}/register", json={"email": email.upper(), "password": PASSWORD})
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")


@ON_BOTH_DATABASES
async def test_signing_in_by_either_spelling_of_the_address(installation: Installation, ann: Person):
    for email in (ann.email, ann.email.upper(), f"  {ann.email} "):
        response = await installation.http.post(f"{AUTH}/login", json={"email": email, "password": PASSWORD})
        assert response.status_code == 200
        assert (await me(installation, response.json()["access_token"])).status_code == 200


async def test_a_wrong_password_and_an_unknown_address_sound_alike(installation: Installation, ann: Person):
    answers = []
    for email in (ann.email, "nobody@example.com"):
        response = await installation.http.post(f"{AUTH}/login", json={"email": email, "password": "not this one"})
        assert response.status_code == 401
        answers.append({name: value for name, value in response.json().items() if name != "request_id"})
    assert answers[0] == answers[1]
    assert answers[0]["code"] == "wrong_credentials"


async def test_the_eleventh_attempt_waits_and_other_people_do_not(installation: Installation, ann: Person, bob: Person):
    for _ in range(10):
        await installation.http.post(f"{AUTH}/login", json={"email": ann.email, "password": "x"})
    blocked = await installation.http.post(f"{AUTH}/login", json={"email": ann.email, "password": PASSWORD})
    assert (blocked.status_code, blocked.json()["code"]) == (429, "rate_limited")
    assert int(blocked.headers["retry-after"]) > 0
    free = await installation.http.post(f"{AUTH}/login", json={"email": bob.email, "password": PASSWORD})
    assert free.status_code == 200


@ON_BOTH_DATABASES
async def test_a_refresh_token_is_exchanged_once_and_a_second_use_ends_the_family(installation, ann: Person):
    first = await refresh(installation, ann.refresh_token)
    assert first.status_code == 200
    access = first.json()["access_token"]
    assert (await me(installation, access)).status_code == 200
    reused = await refresh(installation, ann.refresh_token)
    assert (reused.status_code, reused.json()["code"]) == (401, "refresh_token_reused")
    assert (await me(installation, access)).status_code == 401
    assert (await refresh(installation, first.json()["refresh_token"])).json()["code"] == "invalid_token"
    elsewhere = await installation.http.post(f"{AUTH}/login", json={"email": ann.email, "password": PASSWORD})
    assert elsewhere.status_code == 200  # other sign-ins stand


async def test_signing_out_ends_every_token_of_the_session(installation: Installation, ann: Person):
    assert (await installation.http.post(f"{AUTH}/logout", headers=ann.headers)).status_code == 204
    assert (await installation.http.get(f"{AUTH}/me", headers=ann.headers)).json()["code"] == "invalid_token"
    assert (await refresh(installation, ann.refresh_token)).status_code == 401


async def test_an_old_session_is_over(installation: Installation, ann: Person):
    async with installation.works.open(None) as work:
        await work.session.execute(update(AuthSession).values(expires_at=utc_now() - timedelta(seconds=1)))
    assert (await installation.http.get(f"{AUTH}/me", headers=ann.headers)).json()["code"] == "invalid_token"
    assert (await refresh(installation, ann.refresh_token)).json()["code"] == "invalid_token"


async def test_switching_works_in_another_workspace(installation: Installation, ann: Person):
    made = await installation.http.post("/api/v1/workspaces", json={"name": "Second"}, headers=ann.headers)
    tokens = await installation.http.post(
        f"{AUTH}/switch", json={"workspace_id": made.json()["id"]}, headers=ann.headers
    )
    context = (await me(installation, tokens.json()["access_token"])).json()["context"]
    assert context["workspace_id"] == made.json()["id"]


async def test_an_expired_token_says_so(installation: Installation, ann: Person):
    old = AccessTokens(installation.runtime.keys).issue(
        user_id=UUID(ann.user_id), session_id=uuid4(), now=utc_now() - ACCESS_LIFE - timedelta(seconds=1)
    )
    assert (await me(installation, old)).json()["code"] == "expired_token"


def test_a_token_lives_for_its_time():
    user_id, session_id = uuid4(), uuid4()
    assert TOKENS.read(TOKENS.issue(user_id=user_id, session_id=session_id)) == (user_id, session_id)
    with pytest.raises(ExpiredTokenError):
        TOKENS.read(TOKENS.issue(user_id=user_id, session_id=session_id, now=utc_now() - ACCESS_LIFE))


@given(st.integers(0, 10_000), st.characters(min_codepoint=33, max_codepoint=0x2FFF))
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_a_token_with_any_one_character_changed_is_refused(position: int, character: str):
    token = TOKENS.issue(user_id=UUID(int=1), session_id=UUID(int=2))
    position %= len(token)
    changed = token[:position] + character + token[position + 1 :]
    if changed == token or position == len(token) - 1:  # the last one of a signature carries spare bits
        return
    with pytest.raises(InvalidTokenError):
        TOKENS.read(changed)


@given(st.text(max_size=300))
def test_anything_else_is_no_token(text: str):
    with pytest.raises(InvalidTokenError):
        TOKENS.read(text)


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"sub": "x"},
        {"aud": "another"},
        {"sid": 7},
        {"exp": None},
        {"exp": "soon"},
        {"sub": ["a"]},
        {"aud": [AUDIENCE]},
    ],
)
def test_claims_that_are_not_ours_are_refused(claims):
    whole = {"sub": str(uuid4()), "sid": str(uuid4()), "aud": AUDIENCE, "exp": utc_now().timestamp() + 60}
    forged = {**whole, **claims} if claims else {}
    key = OctKey.import_key(KeyRing(b"k" * 48).derive("access-token"))
    with pytest.raises(InvalidTokenError):
        TOKENS.read(jwt.encode({"alg": "HS256"}, forged, key))


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_another_algorithm_or_key_is_refused(algorithm):
    claims = {"sub": str(uuid4()), "sid": str(uuid4()), "aud": AUDIENCE, "exp": utc_now().timestamp() + 60}
    key = OctKey.import_key(KeyRing(b"k" * 48).derive("access-token"))
    with pytest.raises(InvalidTokenError):
        TOKENS.read(jwt.encode({"alg": algorithm}, claims, key, algorithms=[algorithm]))
    with pytest.raises(InvalidTokenError):
        TOKENS.read(AccessTokens(KeyRing(b"z" * 48)).issue(user_id=uuid4(), session_id=uuid4()))


async def test_the_cookie_signs_a_browser_in_and_only_our_own_pages_may_write(installation: Installation, ann: Person):
    http = installation.http
    credentials = {"email": ann.email, "password": PASSWORD}
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "https://["}):
        refused = await http.post(f"{AUTH}/browser/login", json=credentials, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin")
    answer = await http.post(f"{AUTH}/browser/login", json=credentials, headers=OWN_PAGE)
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 200
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= {part.strip() for part in cookie.split(";")}
    assert (await http.get(f"{AUTH}/me")).status_code == 200
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "http://testserver.evil.example"}):
        refused = await http.post("/api/v1/kb/draft", json={"name": "x"}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin")
    assert (await http.post("/api/v1/kb/draft", json={"name": "x"}, headers=OWN_PAGE)).status_code == 201
    value = http.cookies["privexbot_session"]
    assert (await http.post(f"{AUTH}/logout", headers=OWN_PAGE)).status_code == 204
    assert "privexbot_session" not in http.cookies
    old = await http.get(f"{AUTH}/me", headers={"Cookie": f"privexbot_session={value}"})
    assert old.json()["code"] == "invalid_token"


async def test_with_https_the_cookie_is_pinned_to_the_host_and_forgotten_with_it(tmp_path, redis_url):
    async with installed(tmp_path, redis_url, public_url="https://bots.example.com") as installation:
        ann = await installation.register("ann")
        credentials = {"email": ann.email, "password": PASSWORD}
        answer = await installation.http.post(f"{AUTH}/browser/login", json=credentials, headers=OWN_PAGE)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-privexbot_session=pbs_")
        assert "; Secure" in cookie
        value = cookie.split(";")[0]
        out = await installation.http.post(f"{AUTH}/logout", headers={**OWN_PAGE, "Cookie": value})
        assert out.status_code == 204
        assert "; Secure" in out.headers["set-cookie"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"name": "x" * 121}, "name"),
        ({"email": None}, "email"),
        ({"email": ["a@example.com"]}, "email"),
    ],
)
async def test_a_registration_that_is_wrong_names_the_field(installation: Installation, changes, field):
    body = json.dumps({"email": "a@example.com", "password": PASSWORD, **changes})
    response = await installation.http.post(
        f"{AUTH}/register", content=body, headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (422, "validation_failed")
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert PASSWORD not in response.text


@ON_BOTH_DATABASES
@pytest.mark.parametrize(
    "changes", [{"email": "a\x00@example.com"}, {"email": "\x00"}, {"password": "half \ud83d of a pair"}]
)
async def test_characters_that_cannot_be_kept_are_refused_at_the_door(installation: Installation, changes):
    body = json.dumps({"email": "a@example.com", "password": PASSWORD, **changes})
    response = await installation.http.post(f"{AUTH}/login", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (422, "unstorable_text")


def test_addresses_are_judged_as_the_known_cases_say(data):
    cases = json.loads(next((data / "robustness/isemail").glob("*.json")).read_text())
    cases = cases if isinstance(cases, list) else next(value for value in cases.values() if isinstance(value, list))
    wrong = []
    for case in cases:
        try:
            Registration.model_validate({"email": case["address_decoded"], "password": PASSWORD})
            is_taken = True
        except ValidationError:
            is_taken = False
        if is_taken and case["category"] == "ISEMAIL_ERR":
            wrong.append(case["address_decoded"])
        # A domain without a dot cannot receive mail: the root zone's operators forbid it.
        if not is_taken and case["category"] == "ISEMAIL_VALID_CATEGORY" and case["address_decoded"] != "test@io":
            wrong.append(case["address_decoded"])
    assert wrong == []
