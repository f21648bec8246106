"""Small chunks are found, and the whole passage around them is read, cited and counted once."""

from typing import Any

import pytest

from tests.api.test_story import make_bot
from tests.installation import ON_BOTH_DATABASES, Installation, Person

pytestmark = ON_BOTH_DATABASES

TOPICS = ("herons", "lanterns", "anchors", "violins", "pumpkins", "glaciers")
TEXT = "\n\n".join(
    f"{topic.capitalize()} have a chapter of their own. There are {number} kinds of {topic} here. "
    f"The oldest of all {topic} is kept in the tower. Nobody may sell {topic} on Sundays."
    for number, topic in enumerate(TOPICS, 3)
)
CHUNKING = {"strategy": "parent_child", "options": {"size_tokens": 16, "overlap_tokens": 0, "parent_tokens": 90}}


class Shelf:
    """A knowledge base whose documents are cut into passages of small chunks."""

    def __init__(self, installation: Installation, ann: Person, base_id: str, document_id: str) -> None:
        self.installation, self.ann, self.base_id = installation, ann, base_id
        self.path = f"/api/v1/kb/{base_id}/documents/{document_id}"

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        response = await self.installation.http.request(method, path, json=body, headers=self.ann.headers)
        assert response.is_success, response.text
        return response.json()

    async def chunks(self) -> list[dict[str, Any]]:
        return (await self.call("GET", f"{self.path}/chunks"))["items"]

    async def search(self, question: str, **more: Any) -> list[dict[str, Any]]:
        body = {"query": question, "limit": 3, **more}
        return (await self.call("POST", f"/api/v1/kb/{self.base_id}/search", body))["results"]


@pytest.fixture
async def shelf(installation: Installation, ann: Person) -> Shelf:
    http, headers = installation.http, ann.headers
    body = {"name": "Shelf", "settings": {"chunking": CHUNKING}}
    draft = (await http.post("/api/v1/kb/draft", json={"name": "Shelf"}, headers=headers)).json()["draft_id"]
    assert (await http.put(f"/api/v1/kb/draft/{draft}", json=body, headers=headers)).status_code == 200
    source = {"type": "text", "title": "Shelf", "content": TEXT}
    await http.put(f"/api/v1/kb/draft/{draft}/sources", json=source, headers=headers)
    made = (await http.post(f"/api/v1/kb/draft/{draft}/finalize", headers=headers)).json()
    return Shelf(installation, ann, made["kb_id"], made["documents"][0]["document_id"])


async def test_the_passage_is_read_word_by_word_as_it_stands_in_the_document(shelf: Shelf):
    text = (await shelf.call("GET", f"{shelf.path}/text"))["text"]
    chunks = await shelf.chunks()
    for mode in ("hybrid", "dense", "keyword"):
        best = (await shelf.search("How many kinds of violins are here?", mode=mode))[0]
        assert best["text"] == text[best["start"] : best["end"]]
        assert best["is_verbatim"] is True
        assert "oldest of all violins" in best["text"]
        assert len(best["text"]) > 2 * max(len(chunk["text"]) for chunk in chunks)


async def test_a_passage_is_read_once_however_many_of_its_chunks_are_found(shelf: Shelf):
    found = await shelf.search("Nobody may sell the oldest violins here on Sundays", limit=20)
    spans = [(result["start"], result["end"]) for result in found]
    assert len(spans) == len(set(spans))
    assert all(a[1] <= b[0] for a, b in zip(sorted(spans), sorted(spans)[1:], strict=False))
    assert await shelf.search("violins", limit=20, expand_neighbours=3) == await shelf.search("violins", limit=20)


async def test_a_budget_counts_what_is_read(shelf: Shelf):
    found = await shelf.search("Nobody may sell herons on Sundays", limit=20, max_characters=700)
    assert 0 < sum(len(result["text"]) for result in found) <= 700


async def test_a_citation_points_at_the_sentence_inside_the_passage(shelf: Shelf):
    bot = await make_bot(shelf.installation, shelf.ann, shelf.base_id)
    body = {"message": "Where is the oldest of all lanterns kept?"}
    answer = (await shelf.installation.http.post(f"/api/v1/bots/{bot['bot_id']}/chat", json=body)).json()
    text = (await shelf.call("GET", f"{shelf.path}/text"))["text"]
    citation = answer["citations"][0]
    assert "oldest of all lanterns" in text[citation["start"] : citation["end"]]


async def test_what_people_changed_is_read_with_its_passage(shelf: Shelf):
    chunks = await shelf.chunks()
    [oldest] = [chunk for chunk in chunks if "oldest of all violins" in chunk["text"]]
    path = f"{shelf.path}/chunks"
    await shelf.call("PATCH", f"{path}/{oldest['id']}", {"text": "The oldest of all violins was sold."})
    await shelf.call("POST", path, {"text": "Violins are tuned on Mondays.", "after": oldest["id"]})
    best = (await shelf.search("How many kinds of violins are here?"))[0]
    assert "There are 6 kinds of violins here." in best["text"]
    assert "The oldest of all violins was sold.\nViolins are tuned on Mondays.\n" in best["text"]
    assert "kept in the tower. Nobody may sell violins" not in best["text"]
    assert best["is_verbatim"] is False
    await shelf.call("PATCH", f"{path}/{oldest['id']}", {"is_enabled": False})
    best = (await shelf.search("How many kinds of violins are here?"))[0]
    assert "was sold" not in best["text"]
    assert "tuned on Mondays" in best["text"]
