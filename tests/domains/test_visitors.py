"""Who a visitor is: vouched for by the bot's own website, by a signature or by a token; and which websites may ask."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from uuid import UUID, uuid4

import pytest

from privexbot_app.domains.bots.identity import sign_visitor
from privexbot_app.domains.bots.origins import is_origin_allowed
from tests.api.test_story import make_base, make_bot
from tests.domains.test_conversations import FREE, QUESTION, Talk
from tests.installation import ON_BOTH_DATABASES, Installation, Person

PUBLIC = (
    ("GET", "config", None),
    ("POST", "chat", {"message": QUESTION}),
    ("GET", "history", None),
    ("POST", "feedback", {"session_id": "x", "message_id": str(uuid4()), "rating": "up"}),
    ("POST", "leads", {"fields": {"name": "x"}}),
    ("GET", f"runs/{UUID(int=7)}", None),
    ("DELETE", f"runs/{UUID(int=7)}", None),
    ("POST", "mcp", {}),
)


@pytest.fixture
async def talk(installation: Installation, ann: Person) -> Talk:
    bot = await make_bot(installation, ann, await make_base(installation, ann), **FREE)
    return Talk(installation, bot["bot_id"])


async def new_secret(talk: Talk, ann: Person) -> str:
    path = f"/api/v1/chatbots/{talk.bot_id}/identity/rotate"
    return (await talk.installation.http.post(path, headers=ann.headers)).json()["secret"]


def signed(visitor_id: str, secret: str) -> dict[str, str]:
    return {"Visitor-Id": visitor_id, "Visitor-Signature": sign_visitor(visitor_id, secret)}


def token(secret: str, *, header: dict[str, Any] | None = None, **claims: Any) -> dict[str, str]:
    body = {"sub": "kim", "exp": int(time.time()) + 600, **claims}
    parts = [_part(header or {"alg": "HS256", "typ": "JWT"}), _part({k: v for k, v in body.items() if v is not None})]
    signature = hmac.digest(secret.encode(), ".".join(parts).encode(), hashlib.sha256)
    return {"Visitor-Token": ".".join([*parts, base64.urlsafe_b64encode(signature).decode().rstrip("=")])}


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


async def history(talk: Talk, session_id: str | None = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
    params = {"session_id": session_id} if session_id else {}
    return (await talk.installation.http.get(f"{talk.path}/history", params=params, headers=headers)).json()


@ON_BOTH_DATABASES
async def test_a_verified_visitors_history_follows_them_and_nobody_else(talk: Talk, ann: Person):
    secret = await new_secret(talk, ann)
    kim, lee = signed("kim", secret), signed("lee", secret)
    first = (await talk.say("My name is Kim.", headers=kim)).json()
    elsewhere = await history(talk, headers=kim)  # another device, without a session
    assert [turn["content"] for turn in elsewhere["items"]] == ["My name is Kim.", "Yes."]
    assert elsewhere["session_id"] == first["session_id"]
    for stranger in (None, lee):
        assert (await history(talk, first["session_id"], stranger))["items"] == []
        answer = (await talk.say("What is my name?", session_id=first["session_id"], headers=stranger)).json()
        assert answer["session_id"] != first["session_id"]
        assert all("Kim" not in message.content for message in talk.model.requests[-1].messages)
    assert (await history(talk, headers=lee))["items"] != elsewhere["items"]
    same = (await talk.say("What is my name?", session_id=first["session_id"], headers=token(secret))).json()
    assert same["session_id"] == first["session_id"]


async def test_an_anonymous_session_is_not_a_verified_one(talk: Talk, ann: Person):
    anonymous = (await talk.say()).json()["session_id"]
    kim = signed("kim", await new_secret(talk, ann))
    assert (await history(talk, anonymous, kim))["items"] == []
    assert len((await history(talk, anonymous))["items"]) == 2
    assert (await history(talk))["items"] == []


async def test_proofs_that_do_not_hold_are_refused_by_name(talk: Talk, ann: Person):
    assert (await talk.say(headers=signed("kim", "pbv_none"))).json()["code"] == "visitor_not_verified"
    secret, now = await new_secret(talk, ann), int(time.time())
    good = token(secret)["Visitor-Token"]
    refused: list[dict[str, str]] = [
        signed("kim", "another secret"),
        {"Visitor-Id": "lee", "Visitor-Signature": sign_visitor("kim", secret)},
        {"Visitor-Id": "kim"},
        {"Visitor-Signature": sign_visitor("kim", secret)},
        signed("x" * 201, secret),
        token("another secret"),
        token(secret, header={"alg": "none"}),
        token(secret, header={"alg": "HS512"}),
        token(secret, header={"alg": "HS256", "crit": ["x"]}),
        token(secret, exp=None),
        token(secret, exp=now + 3 * 86400),
        token(secret, exp="soon"),
        token(secret, nbf=now + 3600),
        token(secret, sub=None),
        token(secret, sub=""),
        token(secret, sub=7),
        token(secret, aud=str(uuid4())),
        {"Visitor-Token": good.rpartition(".")[0] + "."},
        {"Visitor-Token": "a.b.c"},
        {"Visitor-Token": "x" * 5000},
    ]
    for headers in refused:
        response = await talk.say(headers=headers)
        assert (response.status_code, response.json()["code"]) == (401, "visitor_not_verified"), headers
    response = await talk.say(headers=token(secret, exp=now - 3600))
    assert (response.status_code, response.json()["code"]) == (401, "visitor_token_expired")
    assert talk.model.requests == []
    assert (await talk.say(headers=token(secret, aud=[talk.bot_id]))).status_code == 200


async def test_the_secret_before_is_honoured_for_a_day_and_the_one_before_that_is_not(talk: Talk, ann: Person):
    first, second = await new_secret(talk, ann), await new_secret(talk, ann)
    for secret in (first, second):
        assert (await talk.say(headers=signed("kim", secret))).status_code == 200
    third = await new_secret(talk, ann)
    assert (await talk.say(headers=signed("kim", first))).status_code == 401
    assert (await talk.say(headers=signed("kim", third))).status_code == 200
    status = await talk.installation.http.get(f"/api/v1/chatbots/{talk.bot_id}/identity", headers=ann.headers)
    assert status.json()["has_secret"] is True
    assert third not in status.text


@pytest.mark.parametrize(("method", "name", "body"), PUBLIC, ids=[f"{method} {name[:8]}" for method, name, _ in PUBLIC])
async def test_every_public_route_asks_where_a_page_comes_from(
    installation: Installation, ann: Person, method: str, name: str, body: Any
):
    bot = await make_bot(
        installation, ann, await make_base(installation, ann), **FREE, allowed_origins=["https://*.shop.example"]
    )
    path = f"/api/v1/bots/{bot['bot_id']}/{name}"
    for origin, is_allowed in (("https://a.shop.example", True), ("https://evil-shop.example", False), ("null", False)):
        response = await installation.http.request(method, path, json=body, headers={"Origin": origin})
        refused = response.status_code == 403 and response.json()["code"] == "origin_not_allowed"
        assert refused is not is_allowed, (origin, response.text)


def test_odd_addresses_of_the_url_sets_are_no_allowed_origin(data):
    cases = json.loads((data / "url/wpt_urltestdata/urltestdata.json").read_text())
    hostile = json.loads((data / "url/ssrf_must_block/ssrf_must_block.json").read_text())
    addresses = [case["input"] for case in cases if isinstance(case, dict)]
    addresses += [case["url"] if isinstance(case, dict) else case for case in _cases(hostile)]
    assert len(addresses) > 900
    patterns = ["https://shop.example", "https://*.shop.example"]
    for address in addresses:
        assert not is_origin_allowed(address, patterns), address
        for trick in (f"https://shop.example{address}", f"{address}.shop.example", f"https://{address}@shop.example"):
            allowed = is_origin_allowed(trick, patterns)
            assert not allowed or _is_subdomain(trick), trick


def _cases(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = next(part for part in value.values() if isinstance(part, list))
    return value


def _is_subdomain(origin: str) -> bool:
    """Of letters, digits, dots and dashes alone, ending in the allowed domain: that is one of its subdomains."""
    host = origin.removeprefix("https://").lower()
    plain = all(character.isascii() and (character.isalnum() or character in ".-_") for character in host)
    return origin.startswith("https://") and plain and (host == "shop.example" or host.endswith(".shop.example"))
