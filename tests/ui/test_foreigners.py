"""Somebody of another organization stands on a page's address and fires its every event with ids that are not theirs:
nothing is shown to them and nothing is changed."""

import inspect
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from pydantic import ValidationError

from privexbot_app.kit.errors import PrivexError
from privexbot_app.ui.session import ScopedState
from tests.installation import Installation, Person, installed
from tests.ui.tab import Tab, fire, opened_tab

pytestmark = pytest.mark.asyncio(loop_scope="module")

MARK = "Zanzibar"
"""Stands in everything that Ann has, and in nothing else."""
ADDRESSES = {
    "knowledge_new": "/knowledge/new?draft={kb_draft}",
    "knowledge_base": "/knowledge/{base}",
    "knowledge_document": "/knowledge/{base}/documents/{document}?start=0&end=20",
    "chatbot_builder": "/chatbots/drafts/{bot_draft}",
    "chatbot": "/chatbots/{bot}",
    "chatflow_editor": "/chatflows/drafts/{flow_draft}",
}
FREE: dict[Any, Any] = {bool: True, int: 1, float: 0.5, dict: {}, list: []}


class World:
    """Ann, who has one of everything, and Bob, who wants it."""

    def __init__(self, installation: Installation, ann: Person, bob: Person) -> None:
        self.installation = installation
        self.ann = ann
        self.bob = bob
        self.ids: dict[str, str] = {}

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Call as Ann."""
        response = await self.installation.http.request(method, f"/api/v1{path}", json=body, headers=self.ann.headers)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def make(self) -> None:
        """Everything that a page can show."""
        source = {"type": "text", "title": f"{MARK} tides", "content": f"{MARK} has two tides a day. " * 20}
        for name in ("base", "kb_draft"):
            draft = (await self.ask("POST", "/kb/draft", {"name": f"{MARK} {name}"}))["draft_id"]
            await self.ask("PUT", f"/kb/draft/{draft}/sources", source)
            self.ids[name] = draft
        finalized = await self.ask("POST", f"/kb/draft/{self.ids['base']}/finalize")
        self.ids["document"] = finalized["documents"][0]["document_id"]
        fields = {"name": f"{MARK} bot", "knowledge_bases": [{"kb_id": self.ids["base"]}]}
        for name in ("bot", "bot_draft"):
            self.ids[name] = (await self.ask("POST", "/chatbots/draft", fields))["draft_id"]
        await self.ask("POST", f"/chatbots/draft/{self.ids['bot']}/deploy")
        for name in ("flow", "flow_draft"):
            self.ids[name] = (await self.ask("POST", "/chatflows/draft", {"name": f"{MARK} {name}"}))["draft_id"]
        await self.ask("POST", f"/chatflows/draft/{self.ids['flow']}/deploy")
        golden = {"question": f"How many tides has {MARK}?", "expected_phrases": [MARK]}
        self.ids["golden"] = (await self.ask("POST", f"/kb/{self.ids['base']}/golden-questions", golden))["id"]

        credential = {"name": f"{MARK} key", "type": "bearer", "settings": {"token": f"{MARK}-0123456789"}}
        self.ids["credential"] = (await self.ask("POST", "/credentials", credential))["id"]

    async def seen_by_ann(self) -> str:
        """All that Ann has, as one text; the same before and after."""
        base, bot = self.ids["base"], self.ids["bot"]
        paths = [
            f"/kb/{base}",
            f"/kb/{base}/documents",
            f"/kb/{base}/golden-questions",
            f"/kb/{base}/quality-gate",
            "/kb/draft",
            f"/chatbots/{bot}",
            f"/chatbots/{bot}/versions",
            "/chatbots/draft",
            f"/chatflows/{self.ids['flow']}",
            f"/chatflows/{self.ids['flow']}/versions",
            f"/chatflows/draft/{self.ids['flow_draft']}",
            "/credentials",
            "/workspaces",
            f"/organizations/{self.ann.organization_id}/members",
            f"/workspaces/{self.ann.workspace_id}/members",
        ]
        return json.dumps([await self.ask("GET", path) for path in paths])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> AsyncIterator[World]:
    async with installed(tmp_path_factory.mktemp("foreigners") / "data", redis_url) as installation:
        made = World(installation, await installation.register("ann"), await installation.register("bob"))
        await made.make()
        yield made


def handlers() -> Iterator[Any]:
    for state in [ScopedState, *_descendants(ScopedState)]:
        for name, handler in state.event_handlers.items():
            if name in vars(state) and name not in {"setvar", "sign_out"}:
                yield pytest.param(state, handler, id=f"{state.__name__}.{name}")


def _descendants(state: Any) -> Iterator[Any]:
    for child in state.__subclasses__():
        yield child
        yield from _descendants(child)


@pytest.mark.parametrize(("kind", "handler"), handlers())
async def test_another_organization_sees_and_changes_nothing(world: World, kind: type[ScopedState], handler: Any):
    before = await world.seen_by_ann()
    browser = (await opened_tab(world.installation, world.bob)).cookie
    for id in (*world.ids.values(), world.ann.workspace_id, world.ann.user_id):
        tab = Tab(browser)
        tab.visit(_address(kind).format(**world.ids))
        state = tab.state(kind)
        try:
            events = await fire(state, handler, *_arguments(handler, id))
        except PrivexError as error:
            events = [error.message, *(problem.message for problem in error.problems)]
        except ValidationError as error:
            events = [str(error)]  # what was typed is judged before anything is looked up
        assert MARK not in repr(events)
        assert MARK not in repr(tab.root.dict()), f"{kind.__name__} shows what is not theirs"
        if not _takes_an_id(handler):
            break
    assert await world.seen_by_ann() == before


def _address(kind: type) -> str:
    package = kind.__module__.removeprefix("privexbot_app.ui.pages.").split(".")[0]
    return ADDRESSES.get(package, "/")


def _takes_an_id(handler: Any) -> bool:
    return any(_plain(parameter) is str for parameter in _parameters(handler))


def _arguments(handler: Any, id: str) -> list[Any]:
    assert UUID(id)
    return [FREE.get(_plain(parameter), id) for parameter in _parameters(handler)]


def _parameters(handler: Any) -> list[inspect.Parameter]:
    return list(inspect.signature(handler.fn).parameters.values())[1:]


def _plain(parameter: inspect.Parameter) -> Any:
    return getattr(parameter.annotation, "__origin__", parameter.annotation)


async def test_a_tab_of_ones_own_shows_the_mark():
    """The check above can fail: what a page shows is in the state that it looks at."""
    tab = Tab()
    state = tab.state(ScopedState)
    state.workspace_name = f"{MARK} workspace"
    assert MARK in repr(tab.root.dict())
