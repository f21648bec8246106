"""A knowledge base is indexed anew beside what is in use, under questions, changes and kills."""

import argparse
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from privexbot_app.commands import reindex as command
from privexbot_app.domains.knowledge import rebuilding
from privexbot_app.domains.knowledge.jobs import repair_vectors, revive_documents
from privexbot_app.domains.knowledge.models import Chunk, Document, KnowledgeBase, Rebuild
from privexbot_app.domains.knowledge.moving import move_vectors
from privexbot_app.domains.knowledge.rebuilding import rebuild_base
from privexbot_app.domains.knowledge.reindexing import ReindexRunningError
from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.integrations.vector_stores.base import VectorStoreUnavailableError
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import NotFoundError
from tests.api.test_story import make_base
from tests.fakes import HashEmbedder, InMemoryVectorStore
from tests.installation import ON_BOTH_DATABASES, Installation, Person

pytestmark = ON_BOTH_DATABASES

LONG = "\n\n".join(f"# Part {n}\n\n" + f"Berth number {n} costs {n} crowns a night. " * 12 for n in range(12))
SMALL = {"chunking": {"strategy": "sentence", "options": {"size_tokens": 16, "overlap_tokens": 0}}}


class WideEmbedder(HashEmbedder):
    """Another model, with longer vectors."""

    model_id = "hash/96"
    dimensions = 96


class Bench:
    """A knowledge base of two documents, and everything that can be asked of it."""

    def __init__(self, installation: Installation, ann: Person, base_id: str) -> None:
        self.installation, self.works, self.ann, self.base_id = installation, installation.works, ann, UUID(base_id)
        self.scope = scope_of_job(UUID(ann.organization_id), UUID(ann.workspace_id), job="test")
        self.path = f"/api/v1/kb/{base_id}"

    @property
    def store(self) -> InMemoryVectorStore:
        return self.works.plugins.vector_stores.get("memory")  # type: ignore[return-value]

    def space(self, generation: int):
        return space_of(self.scope, self.base_id, generation=generation)

    async def call(self, method: str, path: str = "", body: Any = None, *, status: int = 200) -> Any:
        response = await self.installation.http.request(
            method, f"{self.path}{path}", json=body, headers=self.ann.headers
        )
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    async def add(self, title: str, content: str) -> str:
        body = {"type": "text", "title": title, "content": content}
        return (await self.call("POST", "/documents", body, status=202))["documents"][0]["document_id"]

    async def search(self, question: str = "What does berth number 7 cost?", mode: str = "hybrid") -> list[str]:
        found = await self.call("POST", "/search", {"query": question, "mode": mode, "limit": 5})
        return [result["chunk_id"] for result in found["results"]]

    async def generations(self) -> dict[int, int]:
        """How many chunks there are of each generation."""
        async with self.works.open(self.scope, read_only=True) as work:
            rows = await work.session.execute(select(Chunk.generation, func.count(Chunk.id)).group_by(Chunk.generation))
            return {row[0]: row[1] for row in rows.all()}

    async def only_generation(self) -> int:
        """The generation in use, after everything else was found to be gone."""
        async with self.works.open(self.scope, read_only=True) as work:
            base = (await work.session.execute(select(KnowledgeBase))).scalar_one()
            assert (await work.session.execute(select(func.count(Rebuild.id)))).scalar_one() == 0
        held = {space.generation: len(records) for space, records in self.store._spaces.items() if records}
        assert await self.generations() == held
        assert set(held) == {base.generation}
        return base.generation

    async def change(self, **values: object) -> None:
        async with self.works.open(self.scope) as work:
            await work.session.execute(update(Rebuild).values(**values))

    async def begin(self, body: dict[str, Any] = SMALL) -> None:
        """Begin a re-index that nobody carries out yet."""
        self.works.dispatcher.is_paused = True
        view = await self.call("POST", "/reindex", body, status=202)
        self.works.dispatcher.is_paused = False
        assert view["reindex"]["status"] == "running"

    async def run(self) -> bool:
        return await rebuild_base(self.works, self.scope, self.base_id)


@pytest.fixture
async def bench(installation: Installation, ann: Person) -> Bench:
    installation.works.plugins.embedders._opened["wide"] = WideEmbedder()
    bench = Bench(installation, ann, await make_base(installation, ann, content=LONG))
    await bench.add("Dogs", "Dogs are welcome on the pier. Cats are not.")
    return bench


async def test_other_chunks_take_the_place_of_the_old_ones(bench: Bench):
    before = await bench.call("GET")
    await bench.call("POST", "/reindex", SMALL, status=202)
    after = await bench.call("GET")
    assert after["reindex"] is None
    assert after["settings"]["chunking"]["strategy"] == "sentence"
    assert after["chunk_count"] > 2 * before["chunk_count"]
    assert await bench.only_generation() == 2
    documents = (await bench.call("GET", "/documents"))["items"]
    assert sum(document["chunk_count"] for document in documents) == after["chunk_count"]
    assert await bench.search()


async def test_another_embedding_may_have_vectors_of_another_length(bench: Bench):
    await bench.call("POST", "/reindex", {"embedding": "wide"}, status=202)
    view = await bench.call("GET")
    assert (view["embedding_model"], view["settings"]["embedding"]) == ("hash/96", "wide")
    vectors = await bench.store.fetch_vectors(bench.space(2), await bench.store.list_chunk_ids(bench.space(2)))
    assert {len(vector) for vector in vectors.values()} == {96}
    assert await bench.search(mode="dense")


async def test_bots_find_the_same_at_every_moment_before_the_switch(bench: Bench, monkeypatch):
    before = await bench.search()
    answers: list[list[str]] = []
    upsert = bench.store.upsert

    async def asking(space, records) -> None:
        await upsert(space, records)
        answers.append(await bench.search())

    monkeypatch.setattr(bench.store, "upsert", asking)
    await bench.call("POST", "/reindex", SMALL, status=202)
    assert len(answers) > 2
    assert all(answer == before for answer in answers)
    assert not set(await bench.search()) & set(before)


async def test_what_people_changed_before_and_meanwhile_comes_along(bench: Bench, monkeypatch):
    document_id = (await bench.call("GET", "/documents"))["items"][-1]["document_id"]
    path = f"/documents/{document_id}/chunks"
    chunks = (await bench.call("GET", path))["items"]
    await bench.call("PATCH", f"{path}/{chunks[1]['id']}", {"text": "Zeppelins moor for free."})
    meanwhile = [bench.call("PATCH", f"{path}/{chunks[3]['id']}", {"text": "Balloons are banned."})]
    upsert = bench.store.upsert

    async def changing(space, records) -> None:
        await upsert(space, records)
        if meanwhile and records[0].document_id == UUID(document_id):
            await meanwhile.pop()

    monkeypatch.setattr(bench.store, "upsert", changing)
    await bench.call("POST", "/reindex", SMALL, status=202)
    texts = [chunk["text"] for chunk in (await bench.call("GET", path))["items"]]
    assert {"Zeppelins moor for free.", "Balloons are banned."} <= set(texts)
    assert not any("number 3 costs" in text for text in texts)
    assert await bench.only_generation() == 2


async def test_documents_that_come_go_or_are_at_work_meanwhile_end_where_they_should(bench: Bench, monkeypatch):
    dogs = (await bench.call("GET", "/documents"))["items"][0]["document_id"]
    upsert, deeds = bench.store.upsert, [True]

    async def changing(space, records) -> None:
        await upsert(space, records)
        if deeds:
            deeds.clear()
            await bench.add("Ferry", "The ferry leaves at noon.")
            bench.works.dispatcher.is_paused = True
            await bench.add("Late", "The lighthouse is lit at dusk.")
            bench.works.dispatcher.is_paused = False
            await bench.call("DELETE", f"/documents/{dogs}", status=204)

    monkeypatch.setattr(bench.store, "upsert", changing)
    await bench.call("POST", "/reindex", SMALL, status=202)
    assert (await bench.call("GET"))["documents"] == {
        "total": 3, "indexed": 3, "failed": 0, "cancelled": 0, "processing": 0
    }  # fmt: skip
    assert await bench.only_generation() == 2
    for question in ("When does the ferry leave?", "When is the lighthouse lit?"):
        assert await bench.search(question, "dense")
    assert await bench.search("Are dogs welcome?", "keyword") == []


async def test_a_worker_that_is_killed_is_followed_by_one_that_goes_on(bench: Bench, monkeypatch):
    upsert, built = bench.store.upsert, []

    async def dying(space, records) -> None:
        if built:
            raise KeyboardInterrupt
        built.append(records[0].document_id)
        await upsert(space, records)

    before = await bench.search()
    await bench.begin()
    monkeypatch.setattr(bench.store, "upsert", dying)
    with pytest.raises(KeyboardInterrupt):
        await bench.run()
    monkeypatch.setattr(bench.store, "upsert", upsert)
    assert await bench.search() == before
    assert await bench.run() is False  # the lease of the first still runs
    await bench.change(lease_until=utc_now())
    await revive_documents(bench.works)
    assert await bench.only_generation() == 2


async def test_a_store_that_is_down_postpones_and_a_later_round_succeeds(bench: Bench):
    await bench.begin()
    bench.store.failures = [VectorStoreUnavailableError("It does not answer.")]
    assert await bench.run() is False
    shown = (await bench.call("GET"))["reindex"]
    assert (shown["status"], shown["error"]) == ("running", None)
    await bench.change(lease_until=utc_now())
    await revive_documents(bench.works)
    assert await bench.only_generation() == 2


async def test_our_own_mistake_is_given_up_after_several_tries_and_says_so(bench: Bench):
    await bench.begin()
    for _ in range(rebuilding.MOST_TRIES):
        bench.store.failures = [ZeroDivisionError()]
        assert await bench.run() is False
        await bench.change(lease_until=utc_now())
    shown = (await bench.call("GET"))["reindex"]
    assert (shown["status"], shown["error"]["code"]) == ("failed", "internal")


async def test_a_document_that_cannot_be_cut_so_stops_everything_and_loses_nothing(bench: Bench):
    before = await bench.search()
    whole = {"chunking": {"strategy": "whole", "options": {"size_tokens": 16}}}
    await bench.call("POST", "/reindex", whole, status=202)
    view = await bench.call("GET")
    assert view["reindex"]["status"] == "failed"
    assert view["reindex"]["error"]["code"] == "document_too_long_for_one_chunk"
    assert "handbook.md" in view["reindex"]["error"]["message"]
    assert (view["settings"]["chunking"]["strategy"], await bench.search()) == ("heading", before)
    assert set(await bench.generations()) == {1}
    await bench.call("POST", "/reindex", SMALL, status=202)
    assert await bench.only_generation() == 3


async def test_a_reindex_can_be_cancelled_and_begun_with_other_settings(bench: Bench, monkeypatch):
    before, upsert, deeds = await bench.search(), bench.store.upsert, [True]

    async def cancelling(space, records) -> None:
        await upsert(space, records)
        if deeds:
            deeds.clear()
            await bench.call("DELETE", "/reindex")

    monkeypatch.setattr(bench.store, "upsert", cancelling)
    await bench.call("POST", "/reindex", SMALL, status=202)
    assert (await bench.call("GET"))["reindex"] is None
    assert await bench.search() == before
    assert await bench.only_generation() == 1
    await bench.call("POST", "/reindex", {"embedding": "wide"}, status=202)
    assert await bench.only_generation() == 2
    assert (await bench.call("DELETE", "/reindex", status=404))["code"] == "reindex_not_found"


async def test_one_at_a_time_and_no_move_meanwhile(bench: Bench):
    await bench.begin()
    assert (await bench.call("POST", "/reindex", {}, status=409))["code"] == "reindex_running"
    with pytest.raises(ReindexRunningError):
        await move_vectors(bench.works, bench.scope, bench.base_id, to="memory", is_rebuilt=True)
    shown = (await bench.call("GET"))["reindex"]
    assert (shown["done"], shown["settings"]["chunking"]["strategy"]) == (0, "sentence")
    assert await bench.run()
    await move_vectors(bench.works, bench.scope, bench.base_id, to="memory", is_rebuilt=True)
    assert await bench.only_generation() == 3


async def test_a_knowledge_base_deleted_meanwhile_leaves_nothing(bench: Bench, monkeypatch):
    upsert, deeds = bench.store.upsert, [True]

    async def deleting(space, records) -> None:
        if deeds:
            deeds.clear()
            await bench.call("DELETE", status=204)
        await upsert(space, records)

    monkeypatch.setattr(bench.store, "upsert", deleting)
    await bench.begin()
    assert await bench.run() is False
    assert await bench.generations() == {}
    assert not any(records for records in bench.store._spaces.values())


async def test_upkeep_leaves_a_reindex_alone_and_nothing_to_repair_behind(bench: Bench, monkeypatch):
    upsert = bench.store.upsert

    async def comparing(space, records) -> None:
        await upsert(space, records)
        await repair_vectors(bench.works)

    monkeypatch.setattr(bench.store, "upsert", comparing)
    await bench.call("POST", "/reindex", SMALL, status=202)
    before = await bench.search()
    await repair_vectors(bench.works)
    assert await bench.search() == before
    assert await bench.only_generation() == 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"chunking": {"strategy": "nothing"}}, "unknown_chunker"),
        ({"chunking": {"strategy": "sentence", "options": {"size_tokens": 3}}}, "settings_invalid"),
        ({"embedding": "nothing"}, "unknown_embedding"),
    ],
)
async def test_settings_that_do_not_fit_are_refused_before_anything_happens(bench: Bench, body, code):
    refused = await bench.call("POST", "/reindex", body, status=422)
    assert refused["code"] == code
    assert (await bench.call("GET"))["reindex"] is None


async def test_how_passages_are_found_changes_at_once(bench: Bench):
    view = await bench.call("PATCH", body={"retrieval": {"mode": "keyword", "limit": 3}, "name": "Harbour"})
    assert (view["name"], view["settings"]["retrieval"]["mode"]) == ("Harbour", "keyword")
    assert view["reindex"] is None
    refused = await bench.call("PATCH", body={"retrieval": {"rerank": "nothing"}}, status=422)
    assert refused["code"] == "unknown_reranker"


async def test_the_operators_verb_indexes_anew_and_says_what_went_wrong(bench: Bench, capsys):
    class Runtime:
        works = bench.works

    def options(**values: Any) -> argparse.Namespace:
        base = {"knowledge_base": bench.base_id, "chunking": None, "option": [], "embedding": None}
        return argparse.Namespace(**{**base, **values})

    asked = options(chunking="sentence", option=["size_tokens=16", "overlap_tokens=0"])
    assert await command.reindex(Runtime(), asked) == ""  # type: ignore[arg-type]
    assert "2 of 2 documents" in capsys.readouterr().out
    assert await bench.only_generation() == 2
    problem = await command.reindex(Runtime(), options(chunking="whole", option=["size_tokens=16"]))  # type: ignore[arg-type]
    assert problem.endswith("Nothing has changed.")
    for words in (["size_tokens"], ["size_tokens=x"]):
        with pytest.raises(SystemExit):
            command.read_request(options(chunking="sentence", option=words))
    with pytest.raises(SystemExit):
        command.read_request(options(option=["size_tokens=16"]))
    with pytest.raises(NotFoundError):
        await command.reindex(Runtime(), options(knowledge_base=UUID(int=5)))  # type: ignore[arg-type]


async def test_an_open_document_keeps_what_people_changed_of_it(bench: Bench):
    document_id = (await bench.call("GET", "/documents"))["items"][-1]["document_id"]
    path = f"/documents/{document_id}/chunks"
    chunk = (await bench.call("GET", path))["items"][0]
    await bench.call("PATCH", f"{path}/{chunk['id']}", {"text": "Zeppelins moor for free."})
    bench.works.dispatcher.is_paused = True
    await bench.call("POST", f"/documents/{document_id}/retry", status=202)
    bench.works.dispatcher.is_paused = False
    await bench.call("POST", "/reindex", SMALL, status=202)
    assert "Zeppelins moor for free." in [chunk["text"] for chunk in (await bench.call("GET", path))["items"]]
    async with bench.works.open(bench.scope, read_only=True) as work:
        statuses = (await work.session.execute(select(Document.status))).scalars().all()
    assert set(statuses) == {"indexed"}
