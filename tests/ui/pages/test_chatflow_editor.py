"""The editor's server side: commits, conflicts, checks, tries, versions; no browser."""

from typing import Any
from uuid import UUID

import pytest

from privexbot_app.domains.chatflows.drafts import ChatflowDraftService
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.ui.canvas import PatchInvalidError
from privexbot_app.ui.pages.chatflow_editor.publishing import PublishState
from privexbot_app.ui.pages.chatflow_editor.state import EditorState, SeedState
from privexbot_app.ui.pages.chatflow_editor.trying import SingleRunUnreadableError, TryState
from privexbot_app.ui.pages.chatflow_editor.versions import FlowVersionsState
from privexbot_app.ui.pages.chatflows.state import ChatflowsState
from tests.installation import Installation, Person
from tests.ui.tab import Tab, fire, opened_tab

MOVED = {"nodes": {"put": [{"id": "reply", "position": {"x": 8, "y": 8}}]}}


async def new_draft(installation: Installation, person: Person, **fields: Any) -> str:
    body = {"name": "Greeter", **fields}
    response = await installation.http.post("/api/v1/chatflows/draft", json=body, headers=person.headers)
    assert response.status_code == 201, response.text
    return str(response.json()["draft_id"])


async def editor_tab(installation: Installation, person: Person, draft_id: str) -> Tab:
    tab = await opened_tab(installation, person)
    tab.visit(f"/chatflows/drafts/{draft_id}")
    await fire(tab.state(EditorState), EditorState.load)
    return tab


@pytest.fixture
async def tab(installation: Installation, ann: Person) -> Tab:
    """Ann's tab with the editor of a new draft."""
    return await editor_tab(installation, ann, await new_draft(installation, ann))


async def stored(tab: Tab) -> GraphSpec:
    state = tab.state(EditorState)
    graph = (await ChatflowDraftService(state.works, await state.scope()).get(UUID(state.held_id))).config.graph
    assert graph is not None
    return graph


async def commit(tab: Tab, patch: dict[str, Any], *, seq: int = 1, rev: int | None = None) -> EditorState:
    state = tab.state(EditorState)
    await fire(state, EditorState.commit, {"rev": state.rev if rev is None else rev, "seq": seq, "patch": patch})
    return state


async def test_a_flow_opens_with_its_palette_and_its_own_number(tab: Tab):
    state, seeded = tab.state(EditorState), tab.state(SeedState)
    assert (state.is_ready, state.name, seeded.seed["rev"]) == (True, "Greeter", state.rev)
    assert [node["id"] for node in seeded.seed["graph"]["nodes"]] == ["start", "reply"]
    assert {"trigger", "reply", "condition", "loop"} <= {kind["type"] for kind in seeded.kinds}


async def test_a_gesture_is_saved_and_answered_with_its_number(tab: Tab):
    state = await commit(tab, MOVED, seq=5)
    assert (state.saving, state.ack) == ("saved", 5)
    assert (await stored(tab)).nodes[1].position.x == 8


async def test_a_commit_on_a_flow_that_was_replaced_is_dropped(tab: Tab):
    before = await stored(tab)
    state = await commit(tab, MOVED, rev=tab.state(EditorState).rev - 1)
    assert (state.ack, await stored(tab)) == (0, before)


async def test_a_change_that_cannot_be_saved_is_refused_and_the_next_one_is_taken(tab: Tab):
    state = await commit(tab, {"nodes": {"put": [{"id": "reply", "policy": {"retries": 99}}]}}, seq=1)
    assert (state.saving, state.refused, state.ack) == ("invalid", 1, 0)
    assert state.refusal
    state = await commit(tab, MOVED, seq=2)
    assert (state.saving, state.ack) == ("saved", 2)


async def test_what_is_no_commit_is_refused_by_name(tab: Tab):
    with pytest.raises(PatchInvalidError):
        await fire(tab.state(EditorState), EditorState.commit, {"anything": 1})


async def test_a_second_tab_is_told_and_may_take_the_latest_or_keep_its_own(
    installation: Installation, ann: Person, tab: Tab
):
    other = await editor_tab(installation, ann, tab.state(EditorState).held_id)
    await commit(tab, MOVED)
    state = await commit(other, {"nodes": {"drop": ["reply"]}, "edges": {"drop": ["start:out-reply"]}})
    assert state.saving == "conflict"
    assert (await stored(tab)).nodes[1].position.x == 8

    mine = {"nodes": [{"id": "start", "type": "trigger"}]}
    await fire(state, EditorState.overwrite, mine)
    assert (state.saving, len((await stored(tab)).nodes)) == ("saved", 1)

    assert (await commit(tab, MOVED, seq=2)).saving == "conflict"
    await fire(tab.state(EditorState), EditorState.load_latest)
    assert len(tab.state(SeedState).seed["graph"]["nodes"]) == 1


async def test_a_draft_that_is_gone_can_be_saved_as_a_new_one(tab: Tab):
    state = tab.state(EditorState)
    await ChatflowDraftService(state.works, await state.scope()).delete(UUID(state.held_id))
    assert (await commit(tab, MOVED)).saving == "gone"
    [event] = await fire(state, EditorState.begin_anew, {"nodes": [{"id": "start", "type": "trigger"}]})
    assert "/chatflows/drafts/" in str(event)


async def test_a_missing_draft_is_told_and_another_name_is_kept(tab: Tab):
    state = tab.state(EditorState)
    await fire(state, EditorState.rename, "  Welcome  ")
    assert state.name == "Welcome"
    tab.visit(f"/chatflows/drafts/{UUID(int=7)}")
    await fire(state, EditorState.load)
    assert state.is_missing


async def test_a_node_runs_alone_with_given_values(tab: Tab):
    state = tab.state(TryState)
    values = {"start": {"message": "the sea"}}
    await fire(state, TryState.run_node, {"node_id": "reply", "message": "", "values": values})
    assert state.lights == {"reply": "finished"}
    assert "the sea" in state.runs[0]["outputs"]["said"]
    with pytest.raises(SingleRunUnreadableError):
        await fire(state, TryState.run_node, {"node_id": "reply", "values": "all"})


async def test_problems_name_their_node_and_publishing_leads_to_versions(installation: Installation, ann: Person):
    broken = {"nodes": [{"id": "start", "type": "trigger"}, {"id": "empty", "type": "reply"}]}
    tab = await editor_tab(installation, ann, await new_draft(installation, ann, graph=broken))
    publishing = tab.state(PublishState)
    await fire(publishing, PublishState.show)
    assert [problem.node_id for problem in publishing.problems] == ["empty"]

    for note, text in (("One", "Hello"), ("Two", "Good day")):
        put = [{"id": "empty", "config": {"text": text}}]
        await commit(tab, {"nodes": {"put": put}})
        await fire(publishing, PublishState.publish, {"note": note})
        assert publishing.live_version
        live_id = publishing.live_id
        [event] = await fire(publishing, PublishState.close, False)
        tab = await editor_tab(installation, ann, str(event).split("/chatflows/drafts/")[1][:36])
        publishing = tab.state(PublishState)
    assert tab.state(EditorState).live_id == live_id

    versions = tab.state(FlowVersionsState)
    await fire(versions, FlowVersionsState.load)
    assert [(row.number, row.note, row.is_live) for row in versions.versions] == [(2, "Two", True), (1, "One", False)]
    await fire(versions, FlowVersionsState.compare, 2)
    assert versions.versions[0].changes == ["Changed reply (config.text)"]
    await fire(versions, FlowVersionsState.ask_go_back, 1)
    await fire(versions, FlowVersionsState.go_back)
    assert [row.is_live for row in versions.versions] == [False, True]

    listed = tab.state(ChatflowsState)
    await fire(listed, ChatflowsState.load)
    assert [row.id for row in listed.live] == [live_id]
    await fire(listed, ChatflowsState.duplicate, live_id)
    await fire(listed, ChatflowsState.ask_delete, "bot", live_id, "Greeter")
    await fire(listed, ChatflowsState.delete)
    assert not listed.live
