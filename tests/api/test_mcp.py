"""A bot as a tool, through the protocol's official client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from tests.api.test_story import make_base, make_bot
from tests.domains.test_api_keys import make_key
from tests.domains.test_conversations import FREE, QUESTION, Talk
from tests.installation import Installation, Person

HEADERS = {"Accept": "application/json, text/event-stream"}
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@asynccontextmanager
async def session_with(installation: Installation, bot_id: str, key: str = "") -> AsyncIterator[ClientSession]:
    transport = httpx2.ASGITransport(installation.http._transport.app)  # type: ignore[attr-defined]
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = f"http://testserver/api/v1/bots/{bot_id}/mcp"
    async with (
        httpx2.AsyncClient(transport=transport, headers=headers) as http,
        streamable_http_client(url, http_client=http) as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()
        yield session


@pytest.fixture
async def talk(installation: Installation, ann: Person) -> Talk:
    bot = await make_bot(installation, ann, await make_base(installation, ann), **FREE)
    return Talk(installation, bot["bot_id"])


async def test_the_official_client_asks_and_searches(installation: Installation, ann: Person, talk: Talk):
    talk.model.script = ["A berth costs 24 euros [1]."]
    key = (await make_key(installation, ann, "bots.chat"))["key"]
    async with session_with(installation, talk.bot_id, key) as session:
        assert [tool.name for tool in (await session.list_tools()).tools] == ["ask", "search"]
        answer = await session.call_tool("ask", {"question": QUESTION})
        assert answer.structured_content["response"] == "A berth costs 24 euros [1]."
        assert "24 euros" in answer.structured_content["citations"][0]["snippet"]
        assert answer.content[0].text.startswith("A berth costs 24 euros [1].\n[1] handbook.md: ")
        again = await session.call_tool(
            "ask", {"question": "And two?", "session_id": answer.structured_content["session_id"]}
        )
        assert again.structured_content["session_id"] == answer.structured_content["session_id"]
        found = await session.call_tool("search", {"query": "price of a berth", "limit": 1})
        [passage] = found.structured_content["passages"]
        assert "24 euros" in passage["text"]
        for name, arguments in (
            ("ask", {}),
            ("ask", {"question": ""}),
            ("search", {"query": "x", "limit": 99}),
            ("x", {}),
        ):
            refused = await session.call_tool(name, arguments)
            assert refused.is_error, (name, arguments)
    history = await talk.history(answer.structured_content["session_id"])
    assert len(history) == 4


async def test_a_closed_bot_wants_a_key_of_its_own_workspace(
    installation: Installation, ann: Person, bob: Person, talk: Talk
):
    path = f"{talk.path}/mcp"
    weak = (await make_key(installation, ann, "kb.read"))["key"]
    foreign = (await make_key(installation, bob, "bots.chat"))["key"]
    for key, status, code in (("", 401, "api_key_required"), (weak, 403, "forbidden"), (foreign, 404, "bot_not_found")):
        headers = HEADERS | ({"Authorization": f"Bearer {key}"} if key else {})
        response = await installation.http.post(path, json=HELLO, headers=headers)
        assert (response.status_code, response.json()["code"]) == (status, code)


async def test_an_open_bot_wants_none(installation: Installation, ann: Person):
    bot = await make_bot(installation, ann, await make_base(installation, ann), **FREE, mcp={"is_open": True})
    async with session_with(installation, bot["bot_id"]) as session:
        answer = await session.call_tool("ask", {"question": QUESTION})
        assert answer.structured_content["response"] == "Yes."


async def test_foreign_websites_cannot_use_it(installation: Installation, ann: Person):
    fields = {**FREE, "mcp": {"is_open": True}, "allowed_origins": ["https://shop.example"]}
    bot = await make_bot(installation, ann, await make_base(installation, ann), **fields)
    response = await installation.http.post(
        f"/api/v1/bots/{bot['bot_id']}/mcp", json=HELLO, headers={**HEADERS, "Origin": "https://evil.example"}
    )
    assert (response.status_code, response.json()["code"]) == (403, "origin_not_allowed")
