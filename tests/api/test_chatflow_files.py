"""Chatflows as files through the REST API: export, import, templates; names of the workspace in place of ids."""

import pytest

from tests.api.test_chatflows import FLOWS, GREETER, make_draft, make_flow
from tests.api.test_story import make_base
from tests.installation import Installation, Person

DIFY = """
app: {mode: advanced-chat, name: Helper}
version: 0.1.5
workflow:
  features: {opening_statement: Hi there, suggested_questions: [Who are you?]}
  graph:
    nodes:
    - {id: '1', data: {type: start, title: Start}}
    - {id: '2', data: {type: tool, title: Weather, provider_name: weather}}
    - {id: '3', data: {type: answer, title: Say, answer: 'It is {{#2.text#}}'}}
    edges: [{source: '1', target: '2', sourceHandle: source}, {source: '2', target: '3', sourceHandle: source}]
"""


def searching(base_id: str) -> dict:
    config = {"knowledge_bases": [base_id], "query": "{{start.message}}"}
    return {
        "nodes": [{"id": "start", "type": "trigger"}, {"id": "find", "type": "knowledge", "config": config}],
        "edges": [{"source": "start", "target": "find"}],
    }


async def import_file(installation: Installation, person: Person, content: str, filename: str = "") -> dict:
    body = {"content": content, "filename": filename}
    response = await installation.http.post(f"{FLOWS}/import", json=body, headers=person.headers)
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_flow_goes_out_and_comes_back_the_same(installation: Installation, ann: Person):
    bot_id = await make_flow(installation, ann, GREETER, name="Greeter")
    exported = await installation.http.get(f"{FLOWS}/{bot_id}/export", headers=ann.headers)
    assert exported.headers["content-type"].startswith("application/yaml")
    imported = await import_file(installation, ann, exported.text)
    again = await installation.http.get(f"{FLOWS}/draft/{imported['draft_id']}/export", headers=ann.headers)
    assert again.text == exported.text
    assert imported["report"] | {"changed": []} == {
        **{"format": "privexbot", "nodes": 4, "edges": 3, "kept": 4, "replaced": 0, "added": 0},
        **{"unsupported": [], "changed": [], "missing": []},
    }


async def test_an_earlier_version_can_be_exported(installation: Installation, ann: Person):
    bot_id = await make_flow(installation, ann, GREETER)
    known = await installation.http.get(f"{FLOWS}/{bot_id}/export", params={"version": 1}, headers=ann.headers)
    unknown = await installation.http.get(f"{FLOWS}/{bot_id}/export", params={"version": 9}, headers=ann.headers)
    assert (known.status_code, unknown.status_code) == (200, 404)
    assert unknown.json()["code"] == "bot_version_not_found"


async def test_a_knowledge_base_is_found_by_its_name_and_no_id_leaves(
    installation: Installation, ann: Person, bob: Person
):
    base_id = await make_base(installation, ann)
    draft = await make_draft(installation, ann, searching(base_id))
    path = f"{FLOWS}/draft/{draft['draft_id']}/export"
    exported = (await installation.http.get(path, headers=ann.headers)).text
    assert base_id not in exported
    imported = await import_file(installation, ann, exported)
    found = await installation.http.get(f"{FLOWS}/draft/{imported['draft_id']}", headers=ann.headers)
    assert found.json()["config"]["graph"]["nodes"][1]["config"]["knowledge_bases"] == [base_id]
    abroad = await import_file(installation, bob, exported)
    assert [(one["node_id"], one["kind"]) for one in abroad["report"]["missing"]] == [("find", "knowledge_base")]


async def test_an_id_in_a_file_counts_for_nothing(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    content = (
        "format: privexbot-flow\nversion: 1\nflow:\n  nodes:\n  - id: find\n    type: knowledge\n"
        f"    config:\n      knowledge_bases: ['{base_id}']\n"
    )
    imported = await import_file(installation, ann, content)
    found = await installation.http.get(f"{FLOWS}/draft/{imported['draft_id']}", headers=ann.headers)
    assert found.json()["config"]["graph"]["nodes"][0]["config"]["knowledge_bases"] == []
    assert imported["report"]["missing"][0]["node_id"] == "find"


async def test_another_products_file_comes_with_a_report(installation: Installation, ann: Person):
    imported = await import_file(installation, ann, DIFY)
    report = imported["report"]
    assert (report["format"], report["nodes"], report["kept"]) == ("dify", 3, 2)
    assert [(loss["id"], loss["title"]) for loss in report["unsupported"]] == [("2", "Weather")]
    draft = (await installation.http.get(f"{FLOWS}/draft/{imported['draft_id']}", headers=ann.headers)).json()
    assert draft["config"]["name"] == "Helper"
    assert (draft["config"]["greeting"], draft["config"]["suggested_questions"]) == ("Hi there", ["Who are you?"])
    refused = await installation.http.post(f"{FLOWS}/draft/{imported['draft_id']}/deploy", headers=ann.headers)
    assert [problem["code"] for problem in refused.json()["errors"]] == ["unsupported_node"]


async def test_a_flow_without_a_name_is_called_as_its_file(installation: Installation, ann: Person):
    imported = await import_file(installation, ann, DIFY.replace(", name: Helper", ""), "helper.yml")
    draft = (await installation.http.get(f"{FLOWS}/draft/{imported['draft_id']}", headers=ann.headers)).json()
    assert draft["config"]["name"] == "helper"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[1, 2", "flow_file_unreadable"),
        ("a: 1", "flow_format_unknown"),
        ("format: privexbot-flow", "flow_file_invalid"),
    ],
)
async def test_a_file_that_is_no_flow_is_refused(installation: Installation, ann: Person, content: str, code: str):
    response = await installation.http.post(f"{FLOWS}/import", json={"content": content}, headers=ann.headers)
    assert (response.status_code, response.json()["code"]) == (422, code)


async def test_a_template_begins_a_draft_and_says_what_to_choose(installation: Installation, ann: Person):
    templates = (await installation.http.get(f"{FLOWS}/templates", headers=ann.headers)).json()["items"]
    assert len(templates) >= 8
    made = await installation.http.post(f"{FLOWS}/templates/faq/draft", headers=ann.headers)
    assert made.status_code == 201
    assert [one["name"] for one in made.json()["report"]["missing"]] == ["Help articles"]
    nobody = await installation.http.post(f"{FLOWS}/templates/nothing/draft", headers=ann.headers)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "template_not_found")
