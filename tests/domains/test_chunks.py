"""People change the chunks of a document: what they say is found, what they switch off is not, and both stay."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from privexbot_app.domains.knowledge.aligning import align_chunk
from privexbot_app.domains.knowledge.content import read_text, write_text
from privexbot_app.domains.knowledge.editing import with_text
from privexbot_app.domains.knowledge.jobs import repair_vectors
from privexbot_app.domains.knowledge.models import Document, KnowledgeBase
from privexbot_app.domains.knowledge.moving import move_vectors
from privexbot_app.domains.knowledge.service import queue, space_of
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.integrations.vector_stores.base import VectorStoreUnavailableError
from tests.api.test_story import make_base, make_bot
from tests.fakes import InMemoryVectorStore
from tests.installation import ON_BOTH_DATABASES, Installation, Person

pytestmark = ON_BOTH_DATABASES

# A chunk for each part: long enough to stand alone.
PARTS = [f"Berth number {n} lies at pier {n} and costs {n} crowns a night, " + "as ever. " * 30 for n in range(1, 7)]
TEXT = "\n\n".join(f"# Part {n}\n\n{part.strip()}" for n, part in enumerate(PARTS, 1))


class Desk:
    """A knowledge base with one document of several chunks."""

    def __init__(self, installation: Installation, ann: Person, base_id: str, document_id: str) -> None:
        self.installation, self.works, self.ann = installation, installation.works, ann
        self.base_id, self.document_id = UUID(base_id), UUID(document_id)
        self.scope = scope_of_job(UUID(ann.organization_id), UUID(ann.workspace_id), job="test")
        self.path = f"/api/v1/kb/{base_id}/documents/{document_id}"

    @property
    def store(self) -> InMemoryVectorStore:
        return self.works.plugins.vector_stores.get("memory")  # type: ignore[return-value]

    async def call(self, method: str, path: str = "", body: Any = None, *, status: int = 200) -> Any:
        response = await self.installation.http.request(
            method, f"{self.path}{path}", json=body, headers=self.ann.headers
        )
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def chunks(self) -> list[dict[str, Any]]:
        return (await self.call("GET", "/chunks"))["items"]

    async def document(self) -> dict[str, Any]:
        return await self.call("GET")

    async def found(self, question: str, mode: str = "hybrid", **more: Any) -> list[dict[str, Any]]:
        body = {"query": question, "mode": mode, "limit": 50, **more}
        path = f"/api/v1/kb/{self.base_id}/search"
        response = await self.installation.http.post(path, json=body, headers=self.ann.headers)
        assert response.status_code == 200, response.text
        return response.json()["results"]

    async def finds(self, chunk_id: str, question: str) -> list[bool]:
        """Whether it is found: by both, by meaning, by words."""
        return [
            chunk_id in [result["chunk_id"] for result in await self.found(question, mode)]
            for mode in ("hybrid", "dense", "keyword")
        ]

    async def index_again(self, text: str | None = None) -> None:
        """Index the document anew, with another text if there is one, as a sync would."""
        async with self.works.open(self.scope) as work:
            document = (
                await work.session.execute(select(Document).where(Document.id == self.document_id))
            ).scalar_one()
            folder = document.storage_path
            if text is None:
                queue(work, document)
        if text is not None:
            storage = self.works.plugins.storage
            extracted = await read_text(storage, folder)
            assert extracted is not None
            await write_text(storage, folder, with_text(extracted, text))
            await self.index_again()

    async def space(self):
        async with self.works.open(self.scope, read_only=True) as work:
            base = (await work.session.execute(select(KnowledgeBase))).scalar_one()
        return space_of(self.scope, self.base_id, generation=base.generation)


@pytest.fixture
async def desk(installation: Installation, ann: Person) -> Desk:
    base_id = await make_base(installation, ann, content=TEXT)
    page = (await installation.http.get(f"/api/v1/kb/{base_id}/documents", headers=ann.headers)).json()
    return Desk(installation, ann, base_id, page["items"][0]["document_id"])


async def test_an_edited_chunk_is_found_by_its_new_words_and_no_longer_by_its_old_ones(desk: Desk):
    chunk = (await desk.chunks())[2]
    changed = await desk.call("PATCH", f"/chunks/{chunk['id']}", {"text": "Moorings for zeppelins are free."})
    assert (changed["origin"], changed["basis"]) == ("edited", chunk["text"])
    assert (changed["start"], changed["end"]) == (chunk["start"], chunk["end"])
    best = (await desk.found("zeppelins moorings"))[0]
    assert (best["chunk_id"], best["text"]) == (chunk["id"], "Moorings for zeppelins are free.")
    assert best["is_verbatim"] is False
    assert await desk.finds(chunk["id"], "zeppelins moorings") == [True, True, True]
    assert (await desk.found("zeppelins moorings", "dense"))[0]["chunk_id"] == chunk["id"]
    assert "3 crowns" not in " ".join(result["text"] for result in await desk.found("crowns", "keyword"))


async def test_a_bot_cites_an_edited_chunk_at_the_place_that_it_stands_for(desk: Desk):
    bot = await make_bot(desk.installation, desk.ann, str(desk.base_id))
    chunk = (await desk.chunks())[1]
    await desk.call("PATCH", f"/chunks/{chunk['id']}", {"text": "A zeppelin may moor for 99 crowns."})
    answer = await desk.installation.http.post(
        f"/api/v1/bots/{bot['bot_id']}/chat", json={"message": "What does it cost to moor a zeppelin?"}
    )
    assert "99 crowns" in answer.json()["response"]
    citation = answer.json()["citations"][0]
    assert "99 crowns" in citation["snippet"]
    assert (citation["start"], citation["end"]) == (chunk["start"], chunk["end"])


async def test_a_disabled_chunk_is_never_found_and_an_enabled_one_again(desk: Desk):
    chunk = (await desk.chunks())[3]
    question = chunk["text"][:60]
    assert await desk.finds(chunk["id"], question) == [True, True, True]
    await desk.call("PATCH", f"/chunks/{chunk['id']}", {"is_enabled": False})
    assert await desk.finds(chunk["id"], question) == [False, False, False]
    assert UUID(chunk["id"]) not in await desk.store.list_chunk_ids(await desk.space())
    neighbours = await desk.found(question, expand_neighbours=2)
    assert not any(chunk["text"] in result["text"] for result in neighbours)
    enabled = await desk.call("PATCH", f"/chunks/{chunk['id']}", {"is_enabled": True})
    assert (enabled["basis"], enabled["edited_at"]) == ("", None)
    assert await desk.finds(chunk["id"], question) == [True, True, True]


async def test_many_disabled_chunks_do_not_crowd_out_the_others(desk: Desk):
    chunks = await desk.chunks()
    for chunk in chunks[:-1]:
        await desk.call("PATCH", f"/chunks/{chunk['id']}", {"is_enabled": False})
    for mode in ("hybrid", "dense", "keyword"):
        found = await desk.found("berth crowns night", mode, limit=1)
        assert [result["chunk_id"] for result in found] == [chunks[-1]["id"]]


async def test_an_added_chunk_stands_behind_its_neighbour_and_is_found(desk: Desk):
    before = await desk.chunks()
    added = await desk.call(
        "POST", "/chunks", {"text": "  Sailors sing on Fridays. ", "after": before[1]["id"]}, status=201
    )
    first = await desk.call("POST", "/chunks", {"text": "Read this first."}, status=201)
    after = await desk.chunks()
    ids = [chunk["id"] for chunk in before]
    assert [chunk["id"] for chunk in after] == [first["id"], *ids[:2], added["id"], *ids[2:]]
    assert [chunk["index"] for chunk in after] == list(range(len(after)))
    assert (added["text"], added["origin"]) == ("Sailors sing on Fridays.", "added")
    assert added["start"] == added["end"] == before[1]["end"]
    assert await desk.finds(added["id"], "When do sailors sing?") == [True, True, True]
    assert (await desk.document())["chunk_count"] == len(after)


async def test_only_an_added_chunk_can_be_deleted(desk: Desk):
    before = await desk.chunks()
    refused = await desk.call("DELETE", f"/chunks/{before[0]['id']}", status=409)
    assert refused["code"] == "chunk_of_source"
    added = await desk.call("POST", "/chunks", {"text": "Sailors sing.", "after": before[0]["id"]}, status=201)
    await desk.call("DELETE", f"/chunks/{added['id']}", status=204)
    assert await desk.chunks() == before
    assert await desk.finds(added["id"], "Do sailors sing?") == [False, False, False]
    assert await desk.store.count(await desk.space()) == len(before) == (await desk.document())["chunk_count"]


async def test_what_people_changed_survives_indexing_again(desk: Desk):
    before = await desk.chunks()
    await desk.call("PATCH", f"/chunks/{before[0]['id']}", {"text": "Berths are free for zeppelins."})
    await desk.call("PATCH", f"/chunks/{before[2]['id']}", {"is_enabled": False})
    added = await desk.call("POST", "/chunks", {"text": "Sailors sing.", "after": before[3]["id"]}, status=201)
    changed = await desk.chunks()
    await desk.index_again()
    again = await desk.chunks()
    assert {again[number]["id"] for number in (0, 2, 4)} == {before[0]["id"], before[2]["id"], added["id"]}
    shown = ("index", "text", "origin", "is_enabled", "start", "end")
    assert [{name: chunk[name] for name in shown} for chunk in again] == [
        {name: chunk[name] for name in shown} for chunk in changed
    ]
    assert await desk.finds(before[0]["id"], "zeppelins") == [True, True, True]
    assert await desk.finds(before[2]["id"], before[2]["text"][:60]) == [False, False, False]
    assert await desk.finds(added["id"], "Do sailors sing?") == [True, True, True]
    assert await desk.store.count(await desk.space()) == len(again) - 1


async def test_a_source_that_says_something_else_is_a_conflict_until_somebody_decides(desk: Desk):
    text = (await desk.call("GET", "/text"))["text"]
    before = await desk.chunks()
    for number in (0, 1):
        await desk.call("PATCH", f"/chunks/{before[number]['id']}", {"text": f"Our own words {number}."})
    await desk.index_again(text.replace(" crowns a night", " ducats a night"))
    view = await desk.document()
    assert view["conflicts"] == 2
    first, second = (await desk.chunks())[:2]
    assert (first["text"], "ducats" in first["conflicting_text"]) == ("Our own words 0.", True)
    mine = await desk.call("POST", f"/chunks/{first['id']}/resolve", {"keep": "mine"})
    assert (mine["text"], mine["conflicting_text"]) == ("Our own words 0.", None)
    theirs = await desk.call("POST", f"/chunks/{second['id']}/resolve", {"keep": "source"})
    assert (theirs["text"], theirs["origin"], theirs["basis"]) == (second["conflicting_text"], "source", "")
    assert await desk.finds(second["id"], "2 ducats") == [True, True, True]
    await desk.index_again()
    again = await desk.chunks()
    assert [again[0]["text"], again[1]["text"]] == ["Our own words 0.", second["conflicting_text"]]
    assert (await desk.document())["conflicts"] == 0


async def test_a_passage_that_is_gone_can_be_kept_in_ones_own_words_or_given_up(desk: Desk):
    text = (await desk.call("GET", "/text"))["text"]
    before = await desk.chunks()
    for number in (4, 5):
        await desk.call("PATCH", f"/chunks/{before[number]['id']}", {"text": f"Our own words {number}."})
    await desk.index_again(text[: before[4]["start"]])
    own = [chunk for chunk in await desk.chunks() if chunk["origin"] == "edited"]
    assert [chunk["conflicting_text"] for chunk in own] == ["", ""]
    assert await desk.call("POST", f"/chunks/{own[0]['id']}/resolve", {"keep": "source"}) is None
    kept = await desk.call("POST", f"/chunks/{own[1]['id']}/resolve", {"keep": "mine"})
    assert kept["origin"] == "added"
    await desk.index_again()
    assert [chunk["text"] for chunk in await desk.chunks() if chunk["origin"] != "source"] == [own[1]["text"]]


async def test_a_change_can_be_undone(desk: Desk):
    chunk = (await desk.chunks())[0]
    unchanged = await desk.call("POST", f"/chunks/{chunk['id']}/resolve", {"keep": "source"}, status=409)
    assert unchanged["code"] == "chunk_unchanged"
    await desk.call("PATCH", f"/chunks/{chunk['id']}", {"text": "Something else."})
    assert await desk.call("POST", f"/chunks/{chunk['id']}/resolve", {"keep": "source"}) | {"token_count": 0} == (
        chunk | {"token_count": 0}
    )


async def test_chunks_of_a_document_at_work_are_not_changed(desk: Desk):
    chunk = (await desk.chunks())[0]
    desk.works.dispatcher.is_paused = True
    await desk.index_again()
    refused = await desk.call("PATCH", f"/chunks/{chunk['id']}", {"text": "Too early."}, status=409)
    assert refused["code"] == "document_busy"


async def test_a_chunk_of_another_document_is_not_there(desk: Desk):
    other = Desk(desk.installation, desk.ann, str(desk.base_id), str(desk.document_id))
    path = f"/api/v1/kb/{desk.base_id}/documents"
    body = {"type": "text", "title": "Other", "content": "Another text."}
    response = await desk.installation.http.post(path, json=body, headers=desk.ann.headers)
    other.path = f"{path}/{response.json()['documents'][0]['document_id']}"
    chunk = (await desk.chunks())[0]
    for id in (chunk["id"], str(uuid4())):
        assert (await other.call("PATCH", f"/chunks/{id}", {"text": "x"}, status=404))["code"] == "chunk_not_found"
    refused = await other.call("POST", "/chunks", {"text": "x", "after": chunk["id"]}, status=404)
    assert refused["code"] == "chunk_not_found"


async def test_a_store_that_fails_leaves_no_vector_of_old_words_and_upkeep_repairs_it(desk: Desk):
    chunk = (await desk.chunks())[0]
    desk.works.dispatcher.is_paused = True
    await desk.call("PATCH", f"/chunks/{chunk['id']}", {"text": "Zeppelins."})
    desk.store.failures = [VectorStoreUnavailableError("It does not answer.")]
    with pytest.raises(VectorStoreUnavailableError):
        await align_chunk(desk.works, desk.scope, desk.document_id, UUID(chunk["id"]))
    assert UUID(chunk["id"]) not in await desk.store.list_chunk_ids(await desk.space())
    desk.works.dispatcher.is_paused = False
    await repair_vectors(desk.works)
    assert (await desk.found("Zeppelins.", "dense"))[0]["chunk_id"] == chunk["id"]
    assert len(await desk.chunks()) == await desk.store.count(await desk.space())


async def test_a_chunk_that_changes_while_it_is_embedded_ends_with_its_last_words(desk: Desk, monkeypatch):
    chunk = (await desk.chunks())[0]
    path = f"/chunks/{chunk['id']}"
    upsert = desk.store.upsert
    changes = [{"text": "Second words about zeppelins."}]

    async def changing(space, records) -> None:
        if changes:
            desk.works.dispatcher.is_paused = True
            await desk.call("PATCH", path, changes.pop())
        await upsert(space, records)

    monkeypatch.setattr(desk.store, "upsert", changing)
    await desk.call("PATCH", path, {"text": "First words."})
    assert (await desk.found("Second words about zeppelins.", "dense"))[0]["chunk_id"] == chunk["id"]


async def test_changed_chunks_move_to_another_store_as_they_are(desk: Desk):
    before = await desk.chunks()
    await desk.call("PATCH", f"/chunks/{before[0]['id']}", {"text": "Berths are free for zeppelins."})
    await desk.call("PATCH", f"/chunks/{before[1]['id']}", {"is_enabled": False})
    moved = await move_vectors(desk.works, desk.scope, desk.base_id, to="memory", is_rebuilt=True)
    assert (moved.vectors, moved.reindexed) == (len(before) - 1, 0)
    assert len(await desk.chunks()) == len(before)
    assert await desk.finds(before[0]["id"], "zeppelins") == [True, True, True]
    assert await desk.finds(before[1]["id"], before[1]["text"][:50]) == [False, False, False]


@pytest.mark.parametrize("body", [{"text": "  "}, {"text": "x" * 20_001}])
async def test_a_text_that_does_not_fit_is_refused(desk: Desk, body: dict[str, str]):
    chunk = (await desk.chunks())[0]
    await desk.call("PATCH", f"/chunks/{chunk['id']}", body, status=422)
    await desk.call("POST", "/chunks", body, status=422)
