"""A bot of a closed workspace answers nobody, from that moment on, and answers again when it is restored."""

from typing import Any

import pytest

from tests.api.test_story import make_base, make_bot
from tests.domains.test_conversations import FREE, Talk
from tests.installation import Installation, Person


class Closer:
    """Ann with a second workspace, and a bot in her first."""

    def __init__(self, installation: Installation, ann: Person, bot_id: str) -> None:
        self.talk, self.ann = Talk(installation, bot_id), ann
        self.space = f"/api/v1/workspaces/{ann.workspace_id}"
        self.organization = f"/api/v1/organizations/{ann.organization_id}"

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        http = self.talk.installation.http
        response = await http.request(method, path, json=body, headers=self.ann.headers)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def statuses(self) -> tuple[int, int]:
        """Of a question, and of the widget's settings."""
        shown = await self.talk.installation.http.get(f"{self.talk.path}/config")
        return (await self.talk.say()).status_code, shown.status_code


@pytest.fixture
async def closer(installation: Installation, ann: Person) -> Closer:
    bot = await make_bot(installation, ann, await make_base(installation, ann), **FREE)
    made = Closer(installation, ann, bot["bot_id"])
    await made.call("POST", "/api/v1/workspaces", {"name": "Second"})
    return made


async def test_a_bot_is_silent_while_its_workspace_is_closed(closer: Closer):
    assert await closer.statuses() == (200, 200)
    slug = (await closer.call("GET", "/api/v1/workspaces"))["items"][0]["slug"]
    await closer.call("DELETE", f"{closer.space}?confirm={slug}")
    assert await closer.statuses() == (404, 404)
    await closer.call("POST", f"{closer.space}/restore")
    assert await closer.statuses() == (200, 200)


async def test_a_bot_is_silent_while_its_organization_is_closed(closer: Closer):
    assert await closer.statuses() == (200, 200)
    slug = (await closer.call("GET", closer.organization))["slug"]
    await closer.call("DELETE", f"{closer.organization}?confirm={slug}")
    assert await closer.statuses() == (404, 404)
    await closer.call("POST", f"{closer.organization}/restore")
    assert await closer.statuses() == (200, 200)
