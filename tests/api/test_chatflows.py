"""Chatflows through the REST API: drawn, checked, tried, deployed, talked to, changed, undone."""

import json
from typing import Any
from uuid import UUID

import pytest

from privexbot_app.domains.conversations.repository import ConversationRepository
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.kit.pagination import PageParams
from tests.api.test_story import make_base
from tests.installation import ON_BOTH_DATABASES, Installation, Person

pytestmark = ON_BOTH_DATABASES

FLOWS = "/api/v1/chatflows"
GREETER = {
    "nodes": [
        {"id": "start", "type": "trigger"},
        {"id": "count", "type": "set_variable", "config": {"assignments": [{"name": "n", "how": "add", "value": "1"}]}},
        {"id": "reply", "type": "reply", "config": {"text": "{{vars.n}}: you said {{start.message}}"}},
        {"id": "end", "type": "end", "config": {"outputs": {"number": "{{vars.n}}"}}},
    ],
    "edges": [
        {"source": "start", "target": "count"},
        {"source": "count", "target": "reply"},
        {"source": "reply", "target": "end"},
    ],
    "variables": [{"name": "n", "type": "number", "default": 0}],
}
ASKER = {
    "nodes": [
        {"id": "start", "type": "trigger"},
        {"id": "ask", "type": "ask", "config": {"text": "What is your name?"}},
        {"id": "reply", "type": "reply", "config": {"text": "Hello {{ask.answer}}"}},
    ],
    "edges": [{"source": "start", "target": "ask"}, {"source": "ask", "target": "reply"}],
}


async def make_draft(installation: Installation, person: Person, graph: dict[str, Any], name: str = "Flow") -> dict:
    response = await installation.http.post(
        f"{FLOWS}/draft", json={"name": name, "graph": graph}, headers=person.headers
    )
    assert response.status_code == 201, response.text
    return response.json()


async def deploy(installation: Installation, person: Person, draft_id: str, note: str = "") -> dict:
    body = {"channels": ["web"], "note": note}
    response = await installation.http.post(f"{FLOWS}/draft/{draft_id}/deploy", json=body, headers=person.headers)
    assert response.status_code == 201, response.text
    return response.json()


async def make_flow(installation: Installation, person: Person, graph: dict[str, Any], name: str = "Flow") -> str:
    draft = await make_draft(installation, person, graph, name)
    return (await deploy(installation, person, draft["draft_id"]))["bot_id"]


async def talk(installation: Installation, bot_id: str, message: str, session_id: str | None = None) -> dict:
    response = await installation.http.post(
        f"/api/v1/bots/{bot_id}/chat", json={"message": message, "session_id": session_id}
    )
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_deployed_flow_answers_at_the_public_endpoint_and_remembers(installation: Installation, ann: Person):
    bot_id = await make_flow(installation, ann, GREETER)
    first = await talk(installation, bot_id, "hello")
    assert first["response"] == "1: you said hello"
    assert first["outputs"] == {"number": 1}
    second = await talk(installation, bot_id, "again", first["session_id"])
    assert second["response"] == "2: you said again"
    assert (await talk(installation, bot_id, "somebody else"))["response"].startswith("1:")


async def test_a_flow_that_asks_waits_for_the_answer(installation: Installation, ann: Person):
    bot_id = await make_flow(installation, ann, ASKER)
    first = await talk(installation, bot_id, "hi")
    assert first["response"] == "What is your name?"
    assert first["ask"]["kind"] == "text"
    second = await talk(installation, bot_id, "Ada", first["session_id"])
    assert second["response"] == "Hello Ada"


async def test_a_running_conversation_stays_on_its_version(installation: Installation, ann: Person):
    http, headers = installation.http, ann.headers
    bot_id = await make_flow(installation, ann, ASKER)
    first = await talk(installation, bot_id, "hi")
    draft = (await http.post(f"{FLOWS}/{bot_id}/draft", headers=headers)).json()
    graph = draft["config"]["graph"]
    graph["nodes"][2]["config"]["text"] = "Bye {{ask.answer}}"
    changed = await http.put(f"{FLOWS}/draft/{draft['draft_id']}", json={"graph": graph}, headers=headers)
    assert changed.status_code == 200, changed.text
    assert (await deploy(installation, ann, draft["draft_id"], "Says goodbye"))["version"] == 2

    assert (await talk(installation, bot_id, "Ada", first["session_id"]))["response"] == "Hello Ada"
    fresh = await talk(installation, bot_id, "hi")
    assert (await talk(installation, bot_id, "Bob", fresh["session_id"]))["response"] == "Bye Bob"

    versions = (await http.get(f"{FLOWS}/{bot_id}/versions", headers=headers)).json()["items"]
    assert [(row["version"], row["note"]) for row in versions] == [(2, "Says goodbye"), (1, "")]
    diff = (await http.get(f"{FLOWS}/{bot_id}/diff", params={"before": 1, "after": 2}, headers=headers)).json()
    assert diff["changed"] == [{"node_id": "reply", "title": "reply", "fields": ["config.text"]}]
    assert diff["added"] == diff["removed"] == diff["edges_added"] == []
    rolled = await http.post(f"{FLOWS}/{bot_id}/rollback", json={"version": 1}, headers=headers)
    assert rolled.json()["version"] == 1


async def test_a_draft_is_tried_with_traces_and_leaves_nothing(installation: Installation, ann: Person):
    http, headers = installation.http, ann.headers
    draft = await make_draft(installation, ann, ASKER)
    path = f"{FLOWS}/draft/{draft['draft_id']}/test"
    response = await http.post(path, json={"message": "hi", "stream": True}, headers=headers)
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in response.text.strip().split("\n\n")]
    traces = [json.loads(event["data"]) for event in events if event["event"] == "node.finished"]
    assert [(trace["node_id"], trace["status"]) for trace in traces] == [("start", "finished"), ("ask", "waiting")]
    session = json.loads(events[-1]["data"])["session_id"]
    second = (await http.post(path, json={"message": "Ada", "session_id": session}, headers=headers)).json()
    assert second["response"] == "Hello Ada"
    assert (await http.get(FLOWS, headers=headers)).json()["items"] == []


async def test_visitors_do_not_see_what_nodes_work_with(installation: Installation, ann: Person):
    bot_id = await make_flow(installation, ann, GREETER)
    response = await installation.http.post(f"/api/v1/bots/{bot_id}/chat", json={"message": "hello", "stream": True})
    finished = [block for block in response.text.split("\n\n") if "event: node.finished" in block]
    assert finished
    assert all("inputs" not in block and "outputs" not in block for block in finished)


async def test_the_team_reads_the_traces_of_a_conversation(installation: Installation, ann: Person, bob: Person):
    http = installation.http
    bot_id = await make_flow(installation, ann, GREETER)
    await talk(installation, bot_id, "hello")
    conversation_id = await _only_conversation(installation, ann)
    path = f"{FLOWS}/{bot_id}/conversations/{conversation_id}/turns"
    turns = (await http.get(path, headers=ann.headers)).json()["items"]
    assert [run["node_id"] for run in turns[0]["runs"]] == ["start", "count", "reply", "end"]
    assert turns[0]["runs"][2]["inputs"] == {"vars.n": 1, "start.message": "hello"}
    assert (await http.get(path, headers=bob.headers)).status_code == 404


async def _only_conversation(installation: Installation, person: Person) -> str:
    scope = scope_of_job(UUID(person.organization_id), UUID(person.workspace_id), job="test")
    async with installation.works.open(scope, read_only=True) as work:
        page = await work.repository(ConversationRepository).page(PageParams())
    return str(page.items[0].id)


async def test_a_past_conversation_is_held_again_with_a_draft(installation: Installation, ann: Person):
    http, headers = installation.http, ann.headers
    bot_id = await make_flow(installation, ann, GREETER)
    session = (await talk(installation, bot_id, "one"))["session_id"]
    await talk(installation, bot_id, "two", session)
    conversation_id = await _only_conversation(installation, ann)
    draft = (await http.post(f"{FLOWS}/{bot_id}/draft", headers=headers)).json()
    path = f"{FLOWS}/draft/{draft['draft_id']}/replay"
    same = (await http.post(path, json={"conversation_id": conversation_id}, headers=headers)).json()["items"]
    assert [turn["is_same"] for turn in same] == [True, True]
    graph = draft["config"]["graph"]
    graph["nodes"][2]["config"]["text"] = "Number {{vars.n}}"
    await http.put(f"{FLOWS}/draft/{draft['draft_id']}", json={"graph": graph}, headers=headers)
    other = (await http.post(path, json={"conversation_id": conversation_id}, headers=headers)).json()["items"]
    assert [(turn["is_same"], turn["after"]) for turn in other] == [(False, "Number 1"), (False, "Number 2")]
    assert other[0]["path"] == ["start", "count", "reply", "end"]


@pytest.mark.parametrize(
    ("node", "code", "where"),
    [
        ({"id": "bad", "type": "reply", "config": {"text": "{{nobody.x}}"}}, "reference_unknown", "graph.bad.text"),
        ({"id": "bad", "type": "no_such"}, "unknown_node_type", "graph.bad"),
        ({"id": "bad", "type": "reply", "config": {"txt": ""}}, "extra_forbidden", "graph.bad.txt"),
    ],
)
async def test_what_is_wrong_keeps_a_flow_from_going_live(
    installation: Installation, ann: Person, node: dict, code: str, where: str
):
    graph = {
        **GREETER,
        "nodes": [*GREETER["nodes"], node],
        "edges": [*GREETER["edges"], {"source": "start", "target": "bad"}],
    }
    draft = await make_draft(installation, ann, graph)
    response = await installation.http.post(f"{FLOWS}/draft/{draft['draft_id']}/deploy", headers=ann.headers)
    assert response.status_code == 422
    assert (where, code) in [(problem["field"], problem["code"]) for problem in response.json()["errors"]]
    problems = await installation.http.get(f"{FLOWS}/draft/{draft['draft_id']}/problems", headers=ann.headers)
    assert ("bad", code) in [(found["node_id"], found["code"]) for found in problems.json()["problems"]]


async def test_another_tenants_knowledge_base_is_not_there(installation: Installation, ann: Person, bob: Person):
    base_id = await make_base(installation, bob)
    graph = {
        "nodes": [
            {"id": "start", "type": "trigger"},
            {
                "id": "find",
                "type": "knowledge",
                "config": {"knowledge_bases": [base_id], "query": "{{start.message}}"},
            },
        ],
        "edges": [{"source": "start", "target": "find"}],
    }
    draft = await make_draft(installation, ann, graph)
    path = f"{FLOWS}/draft/{draft['draft_id']}"
    refused = await installation.http.post(f"{path}/deploy", headers=ann.headers)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["code"] == "not_found"
    tried = await installation.http.post(f"{path}/test", json={"message": "berth"}, headers=ann.headers)
    assert tried.status_code in (404, 200)
    assert "24 euros" not in tried.text


async def test_one_node_runs_alone_with_given_values(installation: Installation, ann: Person):
    draft = await make_draft(installation, ann, ASKER)
    path = f"{FLOWS}/draft/{draft['draft_id']}/nodes"
    body = {"values": {"ask": {"answer": "Ada"}}}
    ran = (await installation.http.post(f"{path}/reply/run", json=body, headers=ann.headers)).json()
    assert (ran["said"], ran["run"]["status"]) == ("Hello Ada", "finished")
    missing = await installation.http.post(f"{path}/nobody/run", json={}, headers=ann.headers)
    assert (missing.status_code, missing.json()["code"]) == (404, "node_not_found")


async def test_a_second_tab_that_saves_an_older_version_is_told(installation: Installation, ann: Person):
    draft = await make_draft(installation, ann, ASKER)
    path = f"{FLOWS}/draft/{draft['draft_id']}"
    saved = await installation.http.put(path, json={"graph": GREETER, "version": draft["version"]}, headers=ann.headers)
    assert saved.json()["version"] > draft["version"]
    stale = await installation.http.put(path, json={"graph": ASKER, "version": draft["version"]}, headers=ann.headers)
    assert stale.status_code == 409
    assert (await installation.http.get(path, headers=ann.headers)).json()["config"]["graph"]["nodes"][1][
        "id"
    ] == "count"


async def test_chatflows_and_chatbots_are_lists_of_their_own(installation: Installation, ann: Person):
    bot_id = await make_flow(installation, ann, GREETER)
    flows = (await installation.http.get(FLOWS, headers=ann.headers)).json()["items"]
    bots = (await installation.http.get("/api/v1/chatbots", headers=ann.headers)).json()["items"]
    assert ([flow["id"] for flow in flows], bots) == ([bot_id], [])


async def test_the_palette_tells_every_type_with_its_form(installation: Installation, ann: Person):
    types = (await installation.http.get(f"{FLOWS}/node-types", headers=ann.headers)).json()
    names = [kind["type"] for kind in types]
    assert {"trigger", "reply", "condition", "loop", "end"} <= set(names)
    assert len(names) == len(set(names))
    assert all(kind["settings"]["type"] == "object" for kind in types)


async def test_a_deleted_flow_is_silent(installation: Installation, ann: Person):
    bot_id = await make_flow(installation, ann, GREETER)
    assert (await installation.http.delete(f"{FLOWS}/{bot_id}", headers=ann.headers)).status_code == 204
    gone = await installation.http.post(f"/api/v1/bots/{bot_id}/chat", json={"message": "hello"})
    assert gone.status_code == 404


async def test_a_copy_is_a_draft_of_its_own(installation: Installation, ann: Person):
    bot_id = await make_flow(installation, ann, GREETER, name="Greeter")
    copy = (await installation.http.post(f"{FLOWS}/{bot_id}/duplicate", headers=ann.headers)).json()
    assert (copy["bot_id"], copy["config"]["name"]) == (None, "Greeter (copy)")
