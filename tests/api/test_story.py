"""The main job through the REST API alone, by the names of the contract."""

import json

from tests.installation import ON_BOTH_DATABASES, Installation, Person

pytestmark = ON_BOTH_DATABASES

HANDBOOK = """# Handbook of the harbour office

## Opening hours

The harbour office is open from 8:30 to 17:00 on weekdays. It is closed on public holidays.

## Fees

A berth for one night costs 24 euros. Electricity is included, water is not.
"""


async def make_base(
    installation: Installation, person: Person, *, name: str = "Handbook", content: str = HANDBOOK
) -> str:
    http, headers = installation.http, person.headers
    draft = (await http.post("/api/v1/kb/draft", json={"name": name}, headers=headers)).json()
    files = [("files", ("handbook.md", content.encode(), "text/markdown"))]
    response = await http.put(f"/api/v1/kb/draft/{draft['draft_id']}/sources", files=files, headers=headers)
    assert response.status_code == 200, response.text
    response = await http.post(f"/api/v1/kb/draft/{draft['draft_id']}/finalize", headers=headers)
    assert response.status_code == 202, response.text
    return response.json()["kb_id"]


async def make_bot(installation: Installation, person: Person, base_id: str, **fields: object) -> dict:
    http, headers = installation.http, person.headers
    body = {"name": "Harbour bot", "knowledge_bases": [{"kb_id": base_id}], **fields}
    response = await http.post("/api/v1/chatbots/draft", json=body, headers=headers)
    assert response.status_code == 201, response.text
    response = await http.post(f"/api/v1/chatbots/draft/{response.json()['draft_id']}/deploy", headers=headers)
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_pile_of_documents_becomes_a_cited_answer(installation: Installation, ann: Person):
    http, headers = installation.http, ann.headers
    base_id = await make_base(installation, ann)
    base = (await http.get(f"/api/v1/kb/{base_id}", headers=headers)).json()
    assert base["status"] == "ready", base
    found = (
        await http.post(f"/api/v1/kb/{base_id}/search", json={"query": "night berth price"}, headers=headers)
    ).json()["results"]
    assert "24 euros" in found[0]["text"]
    bot = await make_bot(installation, ann, base_id)

    response = await http.post(
        f"/api/v1/bots/{bot['bot_id']}/chat", json={"message": "What does a berth for one night cost?"}
    )

    assert response.status_code == 200, response.text
    answer = response.json()
    assert "24 euros" in answer["response"]
    citation = answer["citations"][0]
    text = (await http.get(f"/api/v1/kb/{base_id}/documents/{citation['document_id']}/text", headers=headers)).json()[
        "text"
    ]
    assert "24 euros" in text[citation["start"] : citation["end"]]


async def test_a_streamed_answer_comes_in_the_closed_list_of_events(installation: Installation, ann: Person):
    bot = await make_bot(installation, ann, await make_base(installation, ann))
    response = await installation.http.post(
        f"/api/v1/bots/{bot['bot_id']}/chat", json={"message": "When is the harbour office open?", "stream": True}
    )
    events = [dict(line.split(": ", 1) for line in block.split("\n")) for block in response.text.strip().split("\n\n")]
    names = [event["event"] for event in events]
    assert names[0] == "run.started"
    assert names[-1] == "run.finished"
    text = "".join(json.loads(event["data"])["delta"] for event in events if event["event"] == "token")
    assert text == json.loads(events[-1]["data"])["response"]
    assert "8:30" in text


async def test_a_long_document_is_indexed_whole(installation: Installation, ann: Person):
    text = "\n\n".join(f"Paragraph {number}: " + "some words about the harbour. " * 40 for number in range(150))
    base_id = await make_base(installation, ann, content=text)
    documents = await installation.http.get(f"/api/v1/kb/{base_id}/documents", headers=ann.headers)
    [document] = documents.json()["items"]
    assert document["status"] == "indexed", document["error"]
    assert document["chunk_count"] > 100
