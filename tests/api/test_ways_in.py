"""Second factor, passwords, mailed links, devices, and the recent proof that dangerous acts ask for."""

import email
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from email import policy
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from privexbot_app.domains.identity import second_factor
from privexbot_app.domains.identity.models import AuthSession
from privexbot_app.kit.clock import utc_now
from tests.installation import ON_BOTH_DATABASES, PASSWORD, Installation, Person, installed

AUTH = "/api/v1/auth"
OWN_PAGE = {"Origin": "http://testserver"}
NEW_PASSWORD = "an entirely new one"


@pytest.fixture(autouse=True)
async def without_limits(installation: Installation) -> None:
    redis = installation.works.redis
    if keys := [key async for key in redis.scan_iter(match="limit:*")]:
        await redis.delete(*keys)


async def call(
    installation: Installation, person: Person | None, method: str, path: str, body: Any = None
) -> httpx.Response:
    headers = person.headers if person else {}
    return await installation.http.request(method, f"{AUTH}{path}", json=body, headers=headers)


async def sign_in(installation: Installation, person: Person, password: str = PASSWORD) -> httpx.Response:
    return await call(installation, None, "POST", "/login", {"email": person.email, "password": password})


async def turn_on(installation: Installation, person: Person) -> tuple[str, list[str]]:
    """A second factor. Returns its secret and the recovery codes; the code of this half minute is used up."""
    secret = (await call(installation, person, "POST", "/authenticator")).json()["secret"]
    confirmed = await call(installation, person, "POST", "/authenticator/confirm", {"code": pyotp.TOTP(secret).now()})
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["codes"]


def half_a_minute_later(monkeypatch: pytest.MonkeyPatch, steps: int) -> Any:
    """Codes are judged as of then. Returns the moment."""
    then = utc_now() + timedelta(seconds=30 * steps)
    monkeypatch.setattr(second_factor, "utc_now", lambda: then)
    return then


async def grow_old(installation: Installation) -> None:
    """Every proof was given an hour ago."""
    async with installation.works.open(None) as work:
        await work.session.execute(update(AuthSession).values(proved_at=utc_now() - timedelta(hours=1)))


# — second factor —


async def test_with_a_second_factor_the_password_opens_only_half_the_way(installation, ann: Person, monkeypatch):
    secret, _ = await turn_on(installation, ann)
    first = await sign_in(installation, ann)
    assert (first.status_code, first.json()["second_factor"]) == (202, "required")
    assert "access_token" not in first.json()
    ticket = first.json()["ticket"]
    wrong = await call(installation, None, "POST", "/second-factor", {"ticket": ticket, "code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_code")
    code = pyotp.TOTP(secret).at(half_a_minute_later(monkeypatch, 1))
    entered = await call(installation, None, "POST", "/second-factor", {"ticket": ticket, "code": code})
    assert (entered.status_code, entered.json()["user"]["id"]) == (200, ann.user_id)
    again = await call(installation, None, "POST", "/second-factor", {"ticket": ticket, "code": code})
    assert (again.status_code, again.json()["code"]) == (401, "challenge_unknown")


async def test_a_code_counts_once_in_all_sign_ins(installation: Installation, ann: Person, monkeypatch):
    secret, _ = await turn_on(installation, ann)
    code = pyotp.TOTP(secret).at(half_a_minute_later(monkeypatch, 1))
    statuses = []
    for _ in range(2):
        ticket = (await sign_in(installation, ann)).json()["ticket"]
        answer = await call(installation, None, "POST", "/second-factor", {"ticket": ticket, "code": code})
        statuses.append(answer.status_code)
    assert statuses == [200, 401]


@ON_BOTH_DATABASES
async def test_a_recovery_code_counts_once_however_it_is_typed(installation: Installation, ann: Person):
    _, codes = await turn_on(installation, ann)
    assert len(set(codes)) == 10
    typed = codes[0].replace("-", " ").upper()
    statuses = []
    for code in (typed, codes[0]):
        ticket = (await sign_in(installation, ann)).json()["ticket"]
        answer = await call(installation, None, "POST", "/second-factor", {"ticket": ticket, "code": code})
        statuses.append(answer.status_code)
    assert statuses == [200, 401]
    assert (await call(installation, ann, "GET", "/ways-in")).json()["recovery_codes_left"] == 9


async def test_new_recovery_codes_replace_the_old(installation: Installation, ann: Person):
    _, old = await turn_on(installation, ann)
    new = (await call(installation, ann, "POST", "/authenticator/recovery-codes")).json()["codes"]
    ticket = (await sign_in(installation, ann)).json()["ticket"]
    refused = await call(installation, None, "POST", "/second-factor", {"ticket": ticket, "code": old[0]})
    taken = await call(installation, None, "POST", "/second-factor", {"ticket": ticket, "code": new[0]})
    assert (refused.status_code, taken.status_code) == (401, 200)


async def test_a_secret_counts_only_once_it_is_confirmed(installation: Installation, ann: Person):
    setup = (await call(installation, ann, "POST", "/authenticator")).json()
    assert setup["uri"].startswith("otpauth://totp/PrivexBot:")
    assert setup["qr_svg"].startswith("<svg")
    wrong = await call(installation, ann, "POST", "/authenticator/confirm", {"code": "000000"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_code")
    assert (await sign_in(installation, ann)).status_code == 200
    await turn_on(installation, ann)
    twice = await call(installation, ann, "POST", "/authenticator")
    assert (twice.status_code, twice.json()["code"]) == (409, "second_factor_exists")
    assert (await call(installation, ann, "DELETE", "/authenticator")).status_code == 204
    assert (await sign_in(installation, ann)).status_code == 200


@pytest.mark.parametrize(
    "code", ["", "0", "٠٠٠٠٠٠", "000000 ", "r0000-0000-0000-0000", "x" * 64, "é" * 20, "１２３４５６"]
)
async def test_garbage_is_no_code(installation: Installation, ann: Person, code: str):
    await turn_on(installation, ann)
    ticket = (await sign_in(installation, ann)).json()["ticket"]
    answer = await call(installation, None, "POST", "/second-factor", {"ticket": ticket, "code": code})
    assert answer.status_code == 401, answer.text


# — recent proof —


DANGEROUS = (
    ("POST", "/authenticator", None),
    ("DELETE", "/authenticator", None),
    ("POST", "/passkeys/options", {}),
)


@pytest.mark.parametrize(("method", "path", "body"), DANGEROUS)
async def test_what_is_dangerous_asks_for_a_recent_proof(installation, ann: Person, method: str, path: str, body: Any):
    await grow_old(installation)
    refused = await call(installation, ann, method, path, body)
    assert (refused.status_code, refused.json()["code"]) == (403, "recent_sign_in_needed")
    wrong = await call(installation, ann, "POST", "/proof", {"password": "not this one"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_credentials")
    assert (await call(installation, ann, "POST", "/proof", {"password": PASSWORD})).status_code == 204
    assert (await call(installation, ann, method, path, body)).is_success


async def test_a_code_proves_it_too_and_nothing_proves_nothing(installation: Installation, ann: Person):
    _, codes = await turn_on(installation, ann)
    await grow_old(installation)
    assert (await call(installation, ann, "POST", "/proof", {})).status_code == 422
    assert (await call(installation, ann, "POST", "/proof", {"code": codes[1]})).status_code == 204
    assert (await call(installation, ann, "DELETE", "/authenticator")).status_code == 204


# — passwords —


@ON_BOTH_DATABASES
async def test_a_new_password_signs_every_device_out(installation: Installation, ann: Person):
    elsewhere = (await sign_in(installation, ann)).json()
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    changed = await call(installation, ann, "POST", "/password", change)
    assert changed.status_code == 200, changed.text
    for token in (ann.headers["Authorization"], f"Bearer {elsewhere['access_token']}"):
        response = await installation.http.get(f"{AUTH}/me", headers={"Authorization": token})
        assert response.json()["code"] == "invalid_token"
    for token in (ann.refresh_token, elsewhere["refresh_token"]):
        assert (await call(installation, None, "POST", "/refresh", {"refresh_token": token})).status_code == 401
    fresh = {"Authorization": f"Bearer {changed.json()['access_token']}"}
    assert (await installation.http.get(f"{AUTH}/me", headers=fresh)).status_code == 200
    assert (await sign_in(installation, ann)).status_code == 401
    assert (await sign_in(installation, ann, NEW_PASSWORD)).status_code == 200


async def test_a_stolen_session_cannot_change_the_password(installation: Installation, ann: Person):
    for body in ({"new_password": NEW_PASSWORD}, {"current_password": "guess", "new_password": NEW_PASSWORD}):
        refused = await call(installation, ann, "POST", "/password", body)
        assert (refused.status_code, refused.json()["code"]) == (401, "wrong_credentials")
    assert (await sign_in(installation, ann)).status_code == 200


@pytest.mark.parametrize(
    "password", ["password", "iloveyou", "Qwertyuiop1", "sunshine!!", "aaaaaaaaaa", "12345678", "abababab"]
)
async def test_passwords_that_are_tried_first_are_refused(installation: Installation, ann: Person, password: str):
    body = {"email": "new@example.com", "password": password}
    refused = await call(installation, None, "POST", "/register", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "common_password")
    assert refused.json()["errors"][0]["field"] == "password"
    change = {"current_password": PASSWORD, "new_password": password}
    changed = await call(installation, ann, "POST", "/password", change)
    assert (changed.status_code, changed.json()["errors"][0]["field"]) == (422, "new_password")


async def test_ones_own_address_is_no_password(installation: Installation):
    body = {"email": "somebody.special@example.com", "password": "Somebody.Special"}
    refused = await call(installation, None, "POST", "/register", body)
    assert (refused.status_code, refused.json()["code"]) == (422, "common_password")


# — devices —


async def test_devices_are_listed_and_signed_out_one_by_one(installation: Installation, ann: Person, bob: Person):
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/140.0"}
    body = {"email": ann.email, "password": PASSWORD}
    second = (await installation.http.post(f"{AUTH}/login", json=body, headers=agent)).json()
    listed = (await call(installation, ann, "GET", "/sessions")).json()
    assert [session["is_current"] for session in listed].count(True) == 1
    assert {session["network"] for session in listed} == {"127.0.0.0"}
    [other] = [session for session in listed if not session["is_current"]]
    assert (other["device"], other["method"]) == (agent["User-Agent"], "password")
    foreign = await call(installation, bob, "DELETE", f"/sessions/{other['id']}")
    assert (foreign.status_code, foreign.json()["code"]) == (404, "session_not_found")
    assert (await call(installation, ann, "DELETE", f"/sessions/{other['id']}")).status_code == 204
    ended = await installation.http.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {second['access_token']}"})
    assert ended.json()["code"] == "invalid_token"
    assert (await call(installation, ann, "GET", "/me")).status_code == 200


async def test_all_others_are_signed_out_at_once(installation: Installation, ann: Person, bob: Person):
    for _ in range(3):
        await sign_in(installation, ann)
    assert (await call(installation, ann, "DELETE", "/sessions")).status_code == 204
    assert len((await call(installation, ann, "GET", "/sessions")).json()) == 1
    assert (await call(installation, bob, "GET", "/me")).status_code == 200


# — mailed links —


@pytest.fixture
async def mailing(tmp_path: Path, redis_url: str) -> AsyncIterator[Installation]:
    async with installed(tmp_path / "mailing", redis_url, default_mailer="outbox") as made:
        yield made


def token_of(installation_folder: Path, address: str, page: str) -> str:
    """The token in the latest mail to somebody."""
    for path in sorted(installation_folder.rglob("*.eml"), reverse=True):
        mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
        found = re.search(rf"/{page}#token=(\S+)", mail.get_content())
        if mail["To"] == address and found:
            return found[1]
    raise AssertionError(f"no mail with {page} to {address}")


async def test_a_forgotten_password_is_set_by_a_link_once(mailing: Installation, tmp_path: Path):
    ann = await mailing.register("ann")
    asked = await call(mailing, None, "POST", "/password/forgot", {"email": ann.email.upper()})
    assert (asked.status_code, asked.json()) == (202, None)
    body = {"token": token_of(tmp_path, ann.email, "reset-password"), "new_password": NEW_PASSWORD}
    weak = await call(mailing, None, "POST", "/password/reset", {**body, "new_password": "password"})
    assert weak.status_code == 422
    assert (await call(mailing, None, "POST", "/password/reset", body)).status_code == 204
    again = await call(mailing, None, "POST", "/password/reset", body)
    assert (again.status_code, again.json()["code"]) == (401, "link_invalid")
    assert (await call(mailing, ann, "GET", "/me")).status_code == 401
    assert (await sign_in(mailing, ann, NEW_PASSWORD)).status_code == 200


async def test_an_unknown_address_gets_the_same_answer_and_no_mail(mailing: Installation, tmp_path: Path):
    ann = await mailing.register("ann")
    answers = [
        await call(mailing, None, "POST", "/password/forgot", {"email": address})
        for address in (ann.email, "nobody@example.com")
    ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [(202, None)] * 2
    receivers = {
        email.message_from_bytes(path.read_bytes(), policy=policy.default)["To"] for path in tmp_path.rglob("*.eml")
    }
    assert receivers == {ann.email}


async def test_a_changed_password_makes_open_links_worthless(mailing: Installation, tmp_path: Path):
    ann = await mailing.register("ann")
    await call(mailing, None, "POST", "/password/forgot", {"email": ann.email})
    token = token_of(tmp_path, ann.email, "reset-password")
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await call(mailing, ann, "POST", "/password", change)).status_code == 200
    late = await call(mailing, None, "POST", "/password/reset", {"token": token, "new_password": "yet another one"})
    assert (late.status_code, late.json()["code"]) == (401, "link_invalid")


async def test_a_link_for_one_purpose_serves_no_other(mailing: Installation, tmp_path: Path):
    ann = await mailing.register("ann")
    token = token_of(tmp_path, ann.email, "verify-email")
    crossed = await call(mailing, None, "POST", "/password/reset", {"token": token, "new_password": NEW_PASSWORD})
    assert crossed.status_code == 401
    assert (await call(mailing, ann, "GET", "/ways-in")).json()["is_email_verified"] is False
    assert (await call(mailing, None, "POST", "/email/verify", {"token": token})).status_code == 200
    assert (await call(mailing, ann, "GET", "/ways-in")).json()["is_email_verified"] is True


async def test_an_address_is_ones_own_only_once_its_link_was_opened(mailing: Installation, tmp_path: Path):
    ann, bob = await mailing.register("ann"), await mailing.register("bob")
    taken = await call(mailing, ann, "POST", "/email", {"email": bob.email})
    assert (taken.status_code, taken.json()["code"]) == (409, "email_taken")
    assert (await call(mailing, ann, "POST", "/email", {"email": "ann.new@example.com"})).status_code == 202
    assert (await call(mailing, ann, "GET", "/ways-in")).json()["email"] == ann.email
    token = token_of(tmp_path, "ann.new@example.com", "verify-email")
    assert (await call(mailing, None, "POST", "/email/verify", {"token": token})).status_code == 200
    assert (await call(mailing, ann, "GET", "/ways-in")).json()["email"] == "ann.new@example.com"


async def test_without_a_mailer_it_is_said(installation: Installation, ann: Person):
    for person, path in ((None, "/password/forgot"), (ann, "/email")):
        answer = await call(installation, person, "POST", path, {"email": "x@example.com"})
        assert (answer.status_code, answer.json()["code"]) == (503, "mail_not_set_up")


# — garbage in headers —

HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=300)


@given(HEADER_TEXT)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_cookie_and_no_token_breaks_the_server(installation: Installation, text: str):
    value = text.strip().encode("latin-1")
    for headers in (
        [(b"cookie", b"privexbot_session=" + value)],
        [(b"cookie", value)],
        [(b"authorization", b"Bearer " + value)],
        [(b"authorization", value)],
    ):
        response = await installation.http.get(f"{AUTH}/me", headers=headers)
        assert response.status_code in {401, 403}, (headers, response.text)


@given(st.text(max_size=200), st.text(max_size=80))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_token_in_a_body_breaks_the_server(installation: Installation, token: str, code: str):
    bodies = {
        "/refresh": {"refresh_token": token},
        "/second-factor": {"ticket": token, "code": code},
        "/password/reset": {"token": token, "new_password": NEW_PASSWORD},
        "/email/verify": {"token": token},
    }
    for path, body in bodies.items():
        response = await call(installation, None, "POST", path, body)
        assert 400 <= response.status_code < 500, (path, response.text)
