"""Every event handler with a session that was ended, and as a viewer: nothing happens, whatever the browser sends."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from pydantic import ValidationError

from privexbot_app.kit.errors import PrivexError, UnauthenticatedError
from privexbot_app.ui.session import ScopedState
from tests.installation import installed
from tests.ui import test_foreigners as foreigners
from tests.ui import test_strangers as strangers
from tests.ui.tab import Tab, fire, opened_tab

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWN_AFFAIRS = {"rename_me", "accept"}
"""What a viewer may do: they concern nobody else, and show in the list of members."""


@dataclass(frozen=True)
class Doors:
    """Ann's world, a viewer's tab in it, and a tab whose session was ended from another device."""

    world: foreigners.World
    viewer: Tab
    ended: Tab


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def doors(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> AsyncIterator[Doors]:
    async with installed(tmp_path_factory.mktemp("roles") / "data", redis_url) as installation:
        ann, viewer = await installation.register("ann"), await installation.register("viewer")
        world = foreigners.World(installation, ann, viewer)
        await world.make()
        member = {"email": viewer.email, "role": "viewer"}
        await world.ask("POST", f"/workspaces/{ann.workspace_id}/members", member)
        seeing, ended = await opened_tab(installation, viewer), await opened_tab(installation, viewer)
        await fire(seeing.state(ScopedState), ScopedState.switch_workspace, ann.workspace_id)
        await fire(ended.state(ScopedState), ScopedState.sign_out)
        yield Doors(world, seeing, ended)


@pytest.mark.parametrize(("kind", "handler"), strangers.handlers())
async def test_a_session_that_was_ended_does_nothing(doors: Doors, kind: type[ScopedState], handler: Any):
    state = doors.ended.state(kind)
    if handler.fn.__name__ in strangers.SENDS_TO_SIGN_IN:
        assert "signIn" in str(await fire(state, handler))
        return
    with pytest.raises(UnauthenticatedError):
        await fire(state, handler, *strangers.arguments_of(handler))


@pytest.mark.parametrize(("kind", "handler"), foreigners.handlers())
async def test_a_viewer_changes_nothing(doors: Doors, kind: type[ScopedState], handler: Any):
    if handler.fn.__name__ in OWN_AFFAIRS | {"switch_workspace"}:
        pytest.skip("a viewer's own affair")
    world = doors.world
    before = await world.seen_by_ann()
    doors.viewer.visit(foreigners._address(kind).format(**world.ids))
    for id in (*world.ids.values(), world.ann.user_id):
        try:
            await fire(doors.viewer.state(kind), handler, *foreigners._arguments(handler, id))
        except (PrivexError, ValidationError):
            continue  # refused, or judged before anything is looked up
        if not foreigners._takes_an_id(handler):
            break
    assert await world.seen_by_ann() == before
