"""API keys: shown once, kept as fingerprints, never stronger than who made them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from privexbot_app.domains.tenancy.key_format import is_key, new_key
from privexbot_app.domains.tenancy.models import ApiKey
from privexbot_app.kit.clock import utc_now
from tests.installation import Installation, Person

KEYS = "/api/v1/api-keys"


async def make_key(installation: Installation, person: Person, *scopes: str, **fields: Any) -> dict[str, Any]:
    body = {"name": "Shop", "scopes": list(scopes or ("kb.read",)), **fields}
    response = await installation.http.post(KEYS, json=body, headers=person.headers)
    assert response.status_code == 201, response.text
    return response.json()


async def use(installation: Installation, key: str, path: str = "/api/v1/kb", method: str = "GET") -> httpx.Response:
    return await installation.http.request(method, path, headers={"Authorization": f"Bearer {key}"})


async def rows(installation: Installation) -> list[ApiKey]:
    async with installation.works.open(None, read_only=True) as work:
        return list((await work.session.execute(select(ApiKey))).scalars())


async def test_a_key_is_told_once_and_kept_as_a_fingerprint(installation: Installation, ann: Person):
    made = await make_key(installation, ann)
    assert made["key"].startswith("pb_live_")
    assert is_key(made["key"])
    [row] = await rows(installation)
    assert made["key"] not in repr(row.model_dump())
    listed = (await installation.http.get(KEYS, headers=ann.headers)).json()["items"]
    assert made["key"] not in repr(listed)
    assert (listed[0]["hint"], listed[0]["made_by"]) == (f"{made['key'][:12]}…{made['key'][-4:]}", listed[0]["made_by"])


async def test_a_key_may_do_what_its_scopes_say_and_no_more(installation: Installation, ann: Person):
    key = (await make_key(installation, ann, "kb.read"))["key"]
    assert (await use(installation, key)).status_code == 200
    refused = await use(installation, key, "/api/v1/chatbots")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_a_key_is_never_stronger_than_its_maker_is_now(installation: Installation, ann: Person, bob: Person):
    member = {"email": bob.email, "role": "admin"}
    members = f"/api/v1/workspaces/{ann.workspace_id}/members"
    await installation.http.post(members, json=member, headers=ann.headers)
    await installation.http.post("/api/v1/auth/switch", json={"workspace_id": ann.workspace_id}, headers=bob.headers)
    key = (await make_key(installation, bob, "kb.read", "audit.read"))["key"]
    assert (await use(installation, key, "/api/v1/audit-log")).status_code == 200
    await installation.http.delete(f"{members}/{bob.user_id}", headers=ann.headers)
    gone = await use(installation, key, "/api/v1/audit-log")
    assert (gone.status_code, gone.json()["code"]) == (401, "invalid_api_key")
    await installation.http.post(members, json={**member, "role": "viewer"}, headers=ann.headers)
    assert (await use(installation, key)).status_code == 200
    assert (await use(installation, key, "/api/v1/audit-log")).status_code == 403


@pytest.mark.parametrize("scope", ["api_keys.manage", "members.manage", "credentials.manage", "root"])
async def test_a_key_cannot_be_given_the_means_to_let_others_in(installation: Installation, ann: Person, scope: str):
    body = {"name": "Shop", "scopes": [scope]}
    response = await installation.http.post(KEYS, json=body, headers=ann.headers)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_api_key_request")


async def test_a_key_is_not_a_person(installation: Installation, ann: Person):
    key = (await make_key(installation, ann))["key"]
    response = await use(installation, key, "/api/v1/auth/me")
    assert (response.status_code, response.json()["code"]) == (403, "api_key_not_accepted")
    assert (await use(installation, key, KEYS)).status_code == 403


async def test_a_key_of_one_organization_sees_nothing_of_another(installation: Installation, ann: Person, bob: Person):
    made = await make_key(installation, ann)
    theirs = await installation.http.get(KEYS, headers=bob.headers)
    assert theirs.json()["items"] == []
    for method, path in (("POST", f"{KEYS}/{made['id']}/rotate"), ("DELETE", f"{KEYS}/{made['id']}")):
        response = await installation.http.request(method, path, headers=bob.headers)
        assert (response.status_code, response.json()["code"]) == (404, "api_key_not_found")


async def test_rotating_ends_the_old_secret_at_once_or_when_it_is_said(installation: Installation, ann: Person):
    made = await make_key(installation, ann)
    path = f"{KEYS}/{made['id']}/rotate"
    second = (await installation.http.post(path, json={"grace_hours": 1}, headers=ann.headers)).json()
    assert second["id"] == made["id"]
    for key in (made["key"], second["key"]):
        assert (await use(installation, key)).status_code == 200
    async with installation.works.open(None) as work:
        row = (await work.session.execute(select(ApiKey))).scalar_one()
        row.previous_until = utc_now() - timedelta(seconds=1)
    assert (await use(installation, made["key"])).status_code == 401
    third = (await installation.http.post(path, headers=ann.headers)).json()
    assert (await use(installation, second["key"])).status_code == 401
    assert (await use(installation, third["key"])).status_code == 200


async def test_a_revoked_key_is_worthless_at_once(installation: Installation, ann: Person):
    made = await make_key(installation, ann)
    assert (await use(installation, made["key"])).status_code == 200
    assert (await installation.http.delete(f"{KEYS}/{made['id']}", headers=ann.headers)).status_code == 204
    assert (await use(installation, made["key"])).json()["code"] == "invalid_api_key"


async def test_an_expired_key_says_so(installation: Installation, ann: Person):
    made = await make_key(installation, ann, expires_at=(utc_now() + timedelta(hours=1)).isoformat())
    async with installation.works.open(None) as work:
        row = (await work.session.execute(select(ApiKey))).scalar_one()
        row.expires_at = utc_now() - timedelta(seconds=1)
    response = await use(installation, made["key"])
    assert (response.status_code, response.json()["code"]) == (401, "api_key_expired")
    past = {"name": "x", "scopes": ["kb.read"], "expires_at": "2020-01-01T00:00:00Z"}
    assert (await installation.http.post(KEYS, json=past, headers=ann.headers)).status_code == 422


async def test_keys_that_are_none_are_refused(installation: Installation, ann: Person):
    made = (await make_key(installation, ann))["key"]
    last = "0" if made[-1] != "0" else "1"
    for token in (new_key(is_test=False), made[:-1] + last, made[:-1], made + "0", "pb_live_", "pb_test_" + made[8:]):
        response = await use(installation, token)
        assert (response.status_code, response.json()["code"]) == (401, "invalid_api_key"), token
        assert response.headers["www-authenticate"] == "Bearer"


async def test_the_last_use_is_noted(installation: Installation, ann: Person):
    made = await make_key(installation, ann)
    assert made["last_used_at"] is None
    await use(installation, made["key"])
    [listed] = (await installation.http.get(KEYS, headers=ann.headers)).json()["items"]
    assert listed["last_used_at"] is not None


async def test_a_key_has_a_limit_of_its_own_and_says_what_is_left(installation: Installation, ann: Person):
    key = (await make_key(installation, ann, requests_per_minute=2))["key"]
    for remaining in ("1", "0"):
        response = await use(installation, key)
        assert response.status_code == 200
        assert response.headers["ratelimit-limit"] == "2"
        assert response.headers["ratelimit-remaining"] == remaining
    refused = await use(installation, key)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["ratelimit-remaining"] == "0"
    assert 0 < int(refused.headers["ratelimit-reset"]) <= 60
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
    assert refused.headers["ratelimit-policy"] == "2;w=60"


async def test_what_is_done_with_keys_is_in_the_audit_log(installation: Installation, ann: Person):
    made = await make_key(installation, ann)
    await installation.http.post(f"{KEYS}/{made['id']}/rotate", headers=ann.headers)
    await installation.http.delete(f"{KEYS}/{made['id']}", headers=ann.headers)
    log = (await installation.http.get("/api/v1/audit-log", headers=ann.headers)).json()["items"]
    events = [entry["event"] for entry in log if entry["event"].startswith("api_key.")]
    assert events == ["api_key.revoked", "api_key.rotated", "api_key.created"]
    assert made["key"] not in repr(log)
