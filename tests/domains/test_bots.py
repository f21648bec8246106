"""Bots: deployed as versions, edited while they answer, taken back, and never half-deployed."""

import pytest

from privexbot_app.domains.bots.origins import is_origin_allowed, is_origin_pattern
from tests.api.test_story import make_base, make_bot
from tests.installation import ON_BOTH_DATABASES, Installation, Person

BOTS = "/api/v1/chatbots"


@pytest.fixture
def call(installation: Installation, ann: Person):
    async def send(method: str, path: str, body: object = None):
        return await installation.http.request(method, f"{BOTS}{path}", json=body, headers=ann.headers)

    return send


async def test_everything_that_is_wrong_is_said_at_once(call):
    fields = {
        "system_prompt": " ",
        "llm": {"provider": "nobody"},
        "allowed_origins": ["https://ok.example", "ftp://x", "https://*"],
    }
    draft = (await call("POST", "/draft", fields)).json()
    response = await call("POST", f"/draft/{draft['draft_id']}/deploy", {"channels": ["web", "pigeon"]})
    assert (response.status_code, response.json()["code"]) == (422, "bot_incomplete")
    assert {(error["field"], error["code"]) for error in response.json()["errors"]} == {
        ("name", "missing"),
        ("system_prompt", "missing"),
        ("knowledge_bases", "missing"),
        ("allowed_origins.1", "invalid_origin"),
        ("allowed_origins.2", "invalid_origin"),
        ("llm.provider", "unknown"),
        ("channels.1", "unknown"),
    }
    assert (await call("GET", f"/draft/{draft['draft_id']}")).status_code == 200
    assert (await call("GET", "")).json()["items"] == []


@ON_BOTH_DATABASES
async def test_a_live_bot_is_edited_deployed_anew_and_taken_back(installation, ann, call):
    bot_id = (await make_bot(installation, ann, await make_base(installation, ann), greeting="One"))["bot_id"]
    config = f"/api/v1/bots/{bot_id}/config"

    async def greeting() -> str:
        return (await installation.http.get(config)).json()["greeting"]

    draft = (await call("POST", f"/{bot_id}/draft")).json()
    assert (draft["bot_id"], draft["config"]["greeting"]) == (bot_id, "One")
    await call("PUT", f"/draft/{draft['draft_id']}", {"greeting": "Two"})
    assert await greeting() == "One"
    deployed = (await call("POST", f"/draft/{draft['draft_id']}/deploy")).json()
    assert (deployed["bot_id"], deployed["version"]) == (bot_id, 2)
    assert await greeting() == "Two"
    assert (await call("GET", f"/draft/{draft['draft_id']}")).status_code == 404
    assert (await call("POST", f"/{bot_id}/rollback", {"version": 1})).json()["config"]["greeting"] == "One"
    assert await greeting() == "One"
    versions = (await call("GET", f"/{bot_id}/versions")).json()["items"]
    assert [version["version"] for version in versions] == [2, 1]
    third = (await call("POST", f"/{bot_id}/draft")).json()
    assert (await call("POST", f"/draft/{third['draft_id']}/deploy")).json()["version"] == 3
    for version in (9, 0, -1, 10**30):
        response = await call("POST", f"/{bot_id}/rollback", {"version": version})
        assert response.status_code in (404, 422)


@ON_BOTH_DATABASES
async def test_two_people_who_edit_one_bot_do_not_overwrite_each_other(installation, ann, call):
    bot_id = (await make_bot(installation, ann, await make_base(installation, ann)))["bot_id"]
    first, second = [(await call("POST", f"/{bot_id}/draft")).json()["draft_id"] for _ in range(2)]
    assert (await call("POST", f"/draft/{first}/deploy")).status_code == 201
    late = await call("POST", f"/draft/{second}/deploy")
    assert (late.status_code, late.json()["code"]) == (409, "bot_changed")
    assert (await call("GET", f"/draft/{second}")).status_code == 200  # nothing is lost


@ON_BOTH_DATABASES
async def test_a_stale_save_is_refused_with_the_version_to_load(call):
    draft = (await call("POST", "/draft", {"name": "One", "llm": {"temperature": 0.5}})).json()
    path = f"/draft/{draft['draft_id']}"
    merged = (await call("PUT", path, {"version": 1, "llm": {"max_tokens": 99}})).json()
    assert (merged["version"], merged["config"]["llm"]["temperature"]) == (2, 0.5)
    stale = await call("PUT", path, {"version": 1, "name": "Two"})
    assert (stale.status_code, stale.json()["code"]) == (409, "draft_version_stale")
    assert stale.json()["current_version"] == 2
    assert (await call("GET", path)).json()["config"]["name"] == "One"
    assert (await call("PUT", path, {"version": 2, "name": "Two"})).json()["version"] == 3
    for version in (10**30, -1):
        assert (await call("PUT", path, {"version": version})).status_code == 409


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"nmae": "x"}, "nmae"),
        ({"name": "x" * 81}, "name"),
        ({"name": ["x"]}, "name"),
        ({"llm": {"temperature": 3}}, "llm.temperature"),
        ({"llm": "x"}, "llm"),
        ({"appearance": {"color": "red"}}, "appearance.color"),
        ({"appearance": {"avatar_url": "javascript:alert(1)"}}, "appearance.avatar_url"),
        ({"knowledge_bases": [{"kb_id": "x"}]}, "knowledge_bases.0.kb_id"),
        ({"memory": {"max_messages": -1}}, "memory.max_messages"),
        ({"suggested_questions": ["x"] * 7}, "suggested_questions"),
    ],
)
async def test_a_field_that_is_wrong_is_named(call, fields, field):
    response = await call("POST", "/draft", fields)
    assert (response.status_code, response.json()["code"]) == (422, "validation_failed")
    assert [error["field"] for error in response.json()["errors"]] == [field]


@ON_BOTH_DATABASES
async def test_a_deleted_bot_is_gone_for_everybody(installation, ann, call):
    bot_id = (await make_bot(installation, ann, await make_base(installation, ann)))["bot_id"]
    await installation.http.post(f"/api/v1/bots/{bot_id}/chat", json={"message": "When is it open?"})
    assert (await call("DELETE", f"/{bot_id}")).status_code == 204
    assert (await call("GET", f"/{bot_id}")).status_code == 404
    response = await installation.http.post(f"/api/v1/bots/{bot_id}/chat", json={"message": "Hello?"})
    assert (response.status_code, response.json()["code"]) == (404, "bot_not_found")


@pytest.mark.parametrize(
    ("origin", "is_allowed"),
    [
        ("https://example.com", True),
        ("https://EXAMPLE.com", True),
        ("http://example.com", False),
        ("https://example.com:8443", False),
        ("https://example.com.evil.test", False),
        ("https://evil.test/https://example.com", False),
        ("https://example.com@evil.test", False),
        ("https://a.shop.test", True),
        ("https://a.b.shop.test", True),
        ("https://shop.test", False),
        ("https://evilshop.test", False),
        ("http://localhost:3000", True),
        ("http://localhost:3001", False),
        ("null", False),
        ("", False),
        ("https://[", False),
    ],
)
def test_an_origin_is_allowed_as_a_whole_or_not_at_all(origin, is_allowed):
    patterns = ["https://example.com", "https://*.shop.test", "http://localhost:3000"]
    assert is_origin_allowed(origin, patterns) is is_allowed


@pytest.mark.parametrize(
    "pattern", ["*", "https://*", "example.com", "https://a.test/path", "https://*.*.test", "javascript:x", ""]
)
def test_what_is_no_origin_cannot_be_allowed(pattern):
    assert not is_origin_pattern(pattern)
