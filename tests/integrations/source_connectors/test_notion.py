"""A Notion workspace, from a local server that speaks its API."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from aiohttp import web
from pydantic import ValidationError

from privexbot_app.integrations.source_connectors.base import AccessDeniedError
from privexbot_app.integrations.source_connectors.notion import NotionConnector
from privexbot_app.integrations.source_connectors.notion.blocks import BlockTree, properties_of, to_markdown
from privexbot_app.kit.http import HttpClient
from tests.contract.source_connector_contract import SourceConnectorContract
from tests.integrations.source_connectors.machine import answering, load, local_client, once_busy
from tests.servers import serving


def id_of(number: int) -> str:
    return str(UUID(int=number))


def rich(text: str) -> list[dict]:
    return [{"plain_text": text}]


def block(kind: str, text: str = "", *, id: int = 0, has_children: bool = False, **content: object) -> dict:
    return {"id": id_of(id), "type": kind, "has_children": has_children, kind: {"rich_text": rich(text), **content}}


def a_page(number: int, title: str, **changes: object) -> dict:
    properties = {"Name": {"type": "title", "title": rich(title)}}
    return {
        "object": "page",
        "id": id_of(number),
        "url": f"https://notion.so/{number}",
        "last_edited_time": "2026-01-01T00:00:00Z",
        "properties": properties,
        **changes,
    }


HOME, FEES, DATABASE, ROW, OLD, LOCKED = range(1, 7)


def workspace() -> dict:
    row = a_page(ROW, "Kayak")
    row["properties"] |= {
        "Price": {"type": "number", "number": 12},
        "Tags": {"type": "multi_select", "multi_select": []},
    }

    async def search(request: web.Request) -> web.Response:
        body = await request.json()
        assert request.headers["Authorization"] == "Bearer secret_x"
        assert request.headers["Notion-Version"]
        if "start_cursor" not in body:
            return web.json_response({"results": [a_page(HOME, "Home")], "next_cursor": "more"})
        found = [
            a_page(OLD, "Old", archived=True),
            {"object": "database", "id": id_of(DATABASE), "title": rich("Boats")},
        ]
        return web.json_response({"results": found, "next_cursor": None})

    async def home(request: web.Request) -> web.Response:
        if "start_cursor" not in request.query:
            first = [
                block("heading_1", "Welcome"),
                block("paragraph", "Hello."),
                block("toggle", "More", id=90, has_children=True),
            ]
            return web.json_response({"results": first, "next_cursor": "c2"})
        rest = [
            {"id": id_of(FEES), "type": "child_page", "has_children": True, "child_page": {"title": "Fees"}},
            {"id": id_of(LOCKED), "type": "child_page", "has_children": True, "child_page": {"title": "Locked"}},
        ]
        return web.json_response({"results": rest, "next_cursor": None})

    def children(*blocks: dict) -> object:
        return answering({"results": list(blocks), "next_cursor": None})

    return {
        "/v1/search": search,
        f"/v1/blocks/{id_of(HOME)}/children": home,
        f"/v1/blocks/{id_of(90)}/children": children(block("paragraph", "Inside.")),
        f"/v1/pages/{id_of(HOME)}": answering(a_page(HOME, "Home")),
        f"/v1/pages/{id_of(FEES)}": once_busy(a_page(FEES, "Fees")),
        f"/v1/blocks/{id_of(FEES)}/children": children(block("paragraph", "24 euros.")),
        f"/v1/databases/{id_of(DATABASE)}": answering(
            {"object": "database", "id": id_of(DATABASE), "title": rich("Boats")}
        ),
        f"/v1/databases/{id_of(DATABASE)}/query": answering({"results": [row], "next_cursor": None}),
        f"/v1/blocks/{id_of(ROW)}/children": children(),
    }


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    async with local_client() as client:
        yield client


def connector(http: HttpClient, base: str, **config: object) -> NotionConnector:
    made = NotionConnector(NotionConnector.Config.model_validate({"token": "secret_x", **config}), http)
    made.api_url = base
    return made


class TestNotion(SourceConnectorContract):
    """A workspace passes the suite."""

    @pytest.fixture
    async def connector(self, http) -> AsyncIterator[NotionConnector]:
        async with serving(workspace()) as base:
            yield connector(http, base)


async def test_a_workspace_comes_page_by_page(http):
    async with serving(workspace()) as base:
        items, report = await load(connector(http, base))
    assert [item.name for item in items] == ["Home", "Fees", "Kayak"]
    assert items[0].content.decode() == "# Home\n\n# Welcome\n\nHello.\n\n- More\nInside."
    assert items[1].content.decode() == "# Fees\n\n24 euros."
    assert items[2].content.decode() == "# Kayak\n\nPrice: 12"
    assert (items[1].key, items[1].url) == (id_of(FEES), "https://notion.so/2")
    assert report.skipped == {"archived": 1, "no_access": 1}
    assert id_of(OLD) in report.gone


async def test_a_load_may_begin_at_chosen_pages(http):
    async with serving(workspace()) as base:
        items, _ = await load(
            connector(http, base, roots=[f"https://www.notion.so/harbour/Fees-{UUID(int=FEES).hex}?v=1"])
        )
        rows, _ = await load(connector(http, base, roots=[id_of(DATABASE)]))
        few, report = await load(connector(http, base, max_pages=1))
    assert [item.name for item in items] == ["Fees"]
    assert [item.name for item in rows] == ["Kayak"]
    assert (len(few), report.stopped_by) == (1, "items")


async def test_a_token_that_is_refused_is_named(http):
    async with serving({"/v1/search": answering({"object": "error"}, status=401)}) as base:
        with pytest.raises(AccessDeniedError):
            await load(connector(http, base))


@pytest.mark.parametrize("config", [{"token": ""}, {"token": "x", "roots": ["no id"]}])
def test_settings_that_are_wrong_are_refused(config):
    with pytest.raises(ValidationError):
        NotionConnector.Config.model_validate(config)


def test_blocks_become_markdown():
    table = BlockTree(
        block("table", has_column_header=True),
        tuple(
            BlockTree({"type": "table_row", "table_row": {"cells": [rich(a), rich(b)]}})
            for a, b in (("Size", "Price"), ("5 m", "24 | 30"))
        ),
    )
    trees = [
        BlockTree(block("heading_2", "Fees")),
        table,
        BlockTree(block("bulleted_list_item", "one"), (BlockTree(block("numbered_list_item", "inner")),)),
        BlockTree(block("to_do", "two", checked=True)),
        BlockTree(block("code", "x = 1", language="python")),
        BlockTree(block("quote", "said")),
        BlockTree(block("equation", expression="a^2")),
        BlockTree(block("bookmark", url="https://example.com", caption=[])),
        BlockTree(block("divider")),
        BlockTree(block("unknown_kind", "still read")),
    ]
    assert to_markdown(trees) == (
        "## Fees\n\n| Size | Price |\n| --- | --- |\n| 5 m | 24 \\| 30 |\n\n- one\n  1. inner\n- [x] two\n\n"
        "```python\nx = 1\n```\n\n> said\n\na^2\n\nhttps://example.com\n\nstill read"
    )


def test_properties_are_read_by_their_kind():
    values = {
        "Text": {"type": "rich_text", "rich_text": rich("x")},
        "State": {"type": "status", "status": {"name": "open"}},
        "Tags": {"type": "multi_select", "multi_select": [{"name": "a"}, {"name": "b"}]},
        "When": {"type": "date", "date": {"start": "2026-01-01", "end": "2026-01-02"}},
        "Done": {"type": "checkbox", "checkbox": False},
        "Sum": {"type": "formula", "formula": {"type": "number", "number": 3}},
        "Id": {"type": "unique_id", "unique_id": {"prefix": "B", "number": 7}},
        "None": {"type": "select", "select": None},
        "Odd": {"type": "rollup", "rollup": {"type": "array"}},
    }
    assert properties_of({"properties": values}).split("\n\n") == [
        "Text: x",
        "State: open",
        "Tags: a, b",
        "When: 2026-01-01 – 2026-01-02",
        "Done: no",
        "Sum: 3",
        "Id: B-7",
    ]
