import pytest

from privexbot_app.kit.errors import ForbiddenError
from privexbot_app.ui.pages.connections import ConnectionsState
from privexbot_app.ui.pages.knowledge_new.state import NewBaseState
from tests.api.test_connections import Services, installation, services
from tests.installation import Person
from tests.ui.tab import Tab, fire, opened_tab

__all__ = ["installation", "services"]


@pytest.fixture
async def tab(services: Services, ann: Person) -> Tab:
    return await opened_tab(services.installation, ann)


@pytest.fixture
async def state(tab: Tab) -> ConnectionsState:
    state = tab.state(ConnectionsState)
    await fire(state, ConnectionsState.load_session)
    await fire(state, ConnectionsState.load)
    return state


async def test_connections_are_listed_and_given_back(services: Services, ann: Person, tab: Tab, state):
    assert [(choice.name, choice.address) for choice in state.providers] == [
        ("google", "/api/v1/connections/google/start"),
        ("notion", "/api/v1/connections/notion/start"),
    ]
    await services.connect("notion", ann)
    await fire(state, ConnectionsState.load)
    [row] = state.connections
    assert (row.name, row.used, row.uses) == ("Notion: Ann's notes", "never used", "")
    await fire(state, ConnectionsState.ask_disconnect, row.id, row.name, row.uses)
    await fire(state, ConnectionsState.disconnect)
    assert (state.connections, len(services.notion.revoked)) == ([], 1)
    assert "access-" not in repr(tab.root.dict())


async def test_an_editor_may_not_disconnect(services: Services, ann: Person, bob: Person, tab: Tab):
    made = await services.connect("notion", ann)
    path = f"/api/v1/workspaces/{ann.workspace_id}"
    body = {"email": bob.email, "role": "editor"}
    added = await services.installation.http.post(f"{path}/members", json=body, headers=ann.headers)
    assert added.is_success, added.text
    theirs = await opened_tab(services.installation, bob)
    state = theirs.state(ConnectionsState)
    await fire(state, ConnectionsState.load_session)
    await fire(state, ConnectionsState.switch_workspace, ann.workspace_id)
    await fire(state, ConnectionsState.load)
    assert [row.id for row in state.connections] == [made["id"]]
    await fire(state, ConnectionsState.ask_disconnect, made["id"], "x", "")
    with pytest.raises(ForbiddenError):
        await fire(state, ConnectionsState.disconnect)


async def test_a_form_offers_connections_of_its_own_service(services: Services, ann: Person, tab: Tab):
    made = await services.connect("google", ann)
    await services.connect("notion", ann)
    state = tab.state(NewBaseState)
    await fire(state, NewBaseState.show_connecting, "google_docs")
    assert [choice["value"] for choice in state.connections] == ["token", made["id"]]
    assert state.connect_address == "/api/v1/connections/google/start"
    await fire(state, NewBaseState.show_connecting, "website")
    assert (state.connections, state.connect_address) == ([], "")


async def test_a_source_is_added_with_a_connection_and_without_a_token(
    services: Services,
    ann: Person,
    tab: Tab,
):
    made = await services.connect("google", ann)
    draft = await services.installation.http.post("/api/v1/kb/draft", json={"name": "Notes"}, headers=ann.headers)
    tab.visit(f"/knowledge/new?draft={draft.json()['draft_id']}")
    state = tab.state(NewBaseState)
    await fire(state, NewBaseState.load)
    await fire(state, NewBaseState.show_connecting, "google_docs")
    form = {"setting-items": "document-001", "connection": "token"}
    await fire(state, NewBaseState.add_connected, form)
    assert "" in state.problems
    await fire(state, NewBaseState.add_connected, {**form, "connection": made["id"]})
    assert (state.problems, state.adding) == ({}, "")
    assert len(state.sources) == 1
