"""The page of API keys: a key's text is shown once, and to nobody else."""

import pytest

from privexbot_app.kit.errors import ForbiddenError
from privexbot_app.ui.pages.api_keys.state import ApiKeysState
from tests.installation import Installation, Person
from tests.ui.tab import Tab, fire, opened_tab


@pytest.fixture
async def tab(installation: Installation, ann: Person) -> Tab:
    return await opened_tab(installation, ann)


@pytest.fixture
async def state(tab: Tab) -> ApiKeysState:
    state = tab.state(ApiKeysState)
    await fire(state, ApiKeysState.load)
    return state


async def test_a_new_key_is_shown_once_and_works(installation: Installation, tab: Tab, state: ApiKeysState):
    await fire(state, ApiKeysState.choose_access, "read")
    await fire(state, ApiKeysState.create, {"name": " Shop "})
    key, row = state.shown_key, state.keys[0]
    assert (row.name, row.access, row.kind, row.used) == ("Shop", "Read everything", "Live", "never used")
    await fire(state, ApiKeysState.hide_key, False)
    assert key not in repr(tab.root.dict())
    response = await installation.http.get("/api/v1/kb", headers={"Authorization": f"Bearer {key}"})
    assert response.status_code == 200
    await fire(state, ApiKeysState.load)
    assert state.keys[0].used.startswith("used ")


async def test_rotating_shows_another_key(state: ApiKeysState):
    await fire(state, ApiKeysState.choose_kind, "test")
    await fire(state, ApiKeysState.choose_life, "30")
    await fire(state, ApiKeysState.create, {"name": "Shop"})
    first, row = state.shown_key, state.keys[0]
    assert first.startswith("pb_test_")
    assert row.ends.startswith("Ends ")
    await fire(state, ApiKeysState.ask_rotate, row.id, row.name)
    await fire(state, ApiKeysState.choose_grace, "0")
    await fire(state, ApiKeysState.rotate)
    assert state.shown_key not in ("", first)
    assert [one.id for one in state.keys] == [row.id]


async def test_a_revoked_key_is_gone(state: ApiKeysState):
    await fire(state, ApiKeysState.create, {"name": "Shop"})
    await fire(state, ApiKeysState.ask_revoke, state.keys[0].id, "Shop")
    await fire(state, ApiKeysState.revoke)
    assert (state.keys, state.is_asking) == ([], False)


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
async def test_a_key_without_a_sensible_name_is_refused_beside_the_field(state: ApiKeysState, name: str):
    await fire(state, ApiKeysState.show_add, True)
    await fire(state, ApiKeysState.create, {"name": name})
    assert (state.is_adding, state.name_problem != "", state.keys) == (True, True, [])


async def test_choices_that_are_none_change_nothing(state: ApiKeysState):
    for handler in (ApiKeysState.choose_access, ApiKeysState.choose_life, ApiKeysState.choose_kind):
        await fire(state, handler, "root")
    assert (state.access, state.life, state.kind) == ("ask", "never", "live")


async def test_an_editor_sees_no_keys(installation: Installation, ann: Person, bob: Person):
    await installation.http.post(
        f"/api/v1/workspaces/{ann.workspace_id}/members",
        json={"email": bob.email, "role": "editor"},
        headers=ann.headers,
    )
    await installation.http.post("/api/v1/auth/switch", json={"workspace_id": ann.workspace_id}, headers=bob.headers)
    state = (await opened_tab(installation, bob)).state(ApiKeysState)
    await fire(state, ApiKeysState.switch_workspace, ann.workspace_id)
    with pytest.raises(ForbiddenError):
        await fire(state, ApiKeysState.load)
