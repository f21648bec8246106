"""The pages and databases of a Notion workspace that an integration's token may read."""

import re
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from pydantic import BaseModel, Field, SecretStr, field_validator

from privexbot_app.integrations.source_connectors.base import (
    SOURCE_CONNECTORS,
    AccessDeniedError,
    ConnectedBy,
    LoadedItem,
    LoadReport,
    ManyItemsConnector,
)
from privexbot_app.integrations.source_connectors.notion.blocks import (
    BlockTree,
    Json,
    properties_of,
    title_of,
    to_markdown,
)
from privexbot_app.integrations.source_connectors.services import ServiceApi
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.http import HttpClient

API_VERSION = "2022-06-28"
PAGE_SIZE = 100
DEEPEST = 10
MOST_BLOCKS = 20_000
_ID = re.compile(
    r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?![0-9a-f])", re.IGNORECASE
)


@SOURCE_CONNECTORS.register("notion")
class NotionConnector(ManyItemsConnector):
    """One document for each page; rows of databases are pages. Begins at the chosen pages, or takes all it may see."""

    api_url = "https://api.notion.com"
    connected_by = ConnectedBy("notion", "token")

    class Config(BaseModel):
        """What to read, and the right to."""

        token: SecretStr = Field(min_length=1, description="Token of an internal integration, or of an OAuth grant.")
        roots: list[str] = Field(
            [], max_length=100, description="Ids or addresses of pages and databases; by default all that are shared."
        )
        max_pages: int = Field(500, ge=1, le=5000, description="Most pages to take in.")

        @field_validator("roots")
        @classmethod
        def _read_ids(cls, roots: list[str]) -> list[str]:
            return [_read_id(root) for root in roots]

    def __init__(self, config: Config, http: HttpClient) -> None:
        self.config = config
        self._http = http

    async def stream(self, report: LoadReport) -> AsyncIterator[LoadedItem]:
        """See `ManyItemsConnector.stream`. Raises AccessDeniedError."""
        walk = _Walk(self._api(), self.config, report)
        async for item in walk.run():
            yield item

    def _api(self) -> ServiceApi:
        headers = {
            "Authorization": f"Bearer {self.config.token.get_secret_value()}",
            "Notion-Version": API_VERSION,
        }
        return ServiceApi(self._http, self.api_url, service="Notion", headers=headers)


class _Walk:
    """One load: a queue of pages and databases, each read once."""

    def __init__(self, api: ServiceApi, config: NotionConnector.Config, report: LoadReport) -> None:
        self._api, self._config, self._report = api, config, report
        self._waiting: deque[Json] = deque()
        self._met: set[str] = set()

    async def run(self) -> AsyncIterator[LoadedItem]:
        await self._begin()
        while self._waiting:
            if self._report.loaded >= self._config.max_pages:
                self._report.stopped_by = "items"
                return
            found = self._waiting.popleft()
            try:
                if found.get("object") == "database":
                    await self._open_database(found)
                elif item := await self._read(found):
                    yield item
            except AccessDeniedError:
                self._report.skip(found["id"], "no_access")
            except PrivexError as error:
                self._report.fail(found["id"], error)

    async def _begin(self) -> None:
        for root in self._config.roots:
            self._meet(await self._find(root))
        if not self._config.roots:
            async for found in self._pages_of(
                "/v1/search", {"sort": {"direction": "ascending", "timestamp": "last_edited_time"}}
            ):
                self._meet(found)

    async def _find(self, id: str) -> Json:
        """A page or a database of that id; one of the two answers. Raises AccessDeniedError."""
        try:
            return await self._api.get_json(f"/v1/pages/{id}")
        except AccessDeniedError as error:
            if error.context.get("status") != 404:
                raise
        return await self._api.get_json(f"/v1/databases/{id}")

    def _meet(self, found: Json) -> None:
        id = str(found.get("id") or "")
        if not id or id in self._met:
            return
        self._met.add(id)
        if found.get("object") != "database":
            self._report.found += 1
        if found.get("archived") or found.get("in_trash"):
            self._report.skip(id, "archived")
        else:
            self._waiting.append(found)

    async def _open_database(self, database: Json) -> None:
        async for row in self._pages_of(f"/v1/databases/{database['id']}/query", {}):
            self._meet(row)

    async def _read(self, page: Json) -> LoadedItem | None:
        trees, _ = await self._blocks_of(page["id"], depth=0, room=MOST_BLOCKS)
        title = title_of(page)
        parts = [f"# {title}" if title else "", properties_of(page), to_markdown(trees)]
        if not any(part.strip() for part in parts[1:]):
            self._report.skip(page["id"], "no_text")
            return None
        self._report.loaded += 1
        return LoadedItem(
            name=title or "Untitled",
            filename="page.md",
            content="\n\n".join(part for part in parts if part.strip()).encode(),
            media_type="text/markdown",
            url=page.get("url"),
            version=page.get("last_edited_time"),
            key=page["id"],
        )

    async def _blocks_of(self, id: str, *, depth: int, room: int) -> tuple[tuple[BlockTree, ...], int]:
        """The blocks inside a page or block, and how many more may be read. Sub-pages are met on the way."""
        trees = []
        path = f"/v1/blocks/{id}/children?page_size={PAGE_SIZE}"
        cursor = ""
        while room > 0:
            answer = await self._api.get_json(path + (f"&start_cursor={cursor}" if cursor else ""))
            for block in answer.get("results", []):
                room -= 1
                await self._meet_child(block)
                children: tuple[BlockTree, ...] = ()
                if block.get("has_children") and depth < DEEPEST and block.get("type") not in _OWN_ITEMS:
                    children, room = await self._blocks_of(block["id"], depth=depth + 1, room=room)
                trees.append(BlockTree(block, children))
            cursor = answer.get("next_cursor") or ""
            if not cursor:
                break
        return tuple(trees), room

    async def _meet_child(self, block: Json) -> None:
        kind = block.get("type")
        if kind not in _OWN_ITEMS or block["id"] in self._met:
            return
        try:
            self._meet(await self._api.get_json(f"/v1/{_OWN_ITEMS[kind]}/{block['id']}"))
        except AccessDeniedError:
            self._met.add(block["id"])
            self._report.skip(block["id"], "no_access")

    async def _pages_of(self, path: str, body: Json) -> AsyncIterator[Json]:
        """The results of a paged query."""
        cursor: dict[str, Any] = {}
        while True:
            answer = await self._api.post_json(path, {**body, "page_size": PAGE_SIZE, **cursor})
            for found in answer.get("results", []):
                yield found
            if not answer.get("next_cursor"):
                return
            cursor = {"start_cursor": answer["next_cursor"]}


_OWN_ITEMS = {"child_page": "pages", "child_database": "databases"}


def _read_id(text: str) -> str:
    """The id in an address of Notion, or the id itself; the last one, as a database's view follows the page."""
    found = _ID.findall(text.partition("?")[0])
    if not found:
        raise ValueError("give the id or the address of a page or database")
    return "-".join(found[-1]).lower()
