"""Knowledge bases move from store to store, under questions, changes and kills."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from privexbot_app.commands import move_vectors as command
from privexbot_app.domains.knowledge import copying, indexing, moving
from privexbot_app.domains.knowledge.copying import MoveNotVerifiedError
from privexbot_app.domains.knowledge.models import Document, KnowledgeBase
from privexbot_app.domains.knowledge.moving import (
    KeepsChangingError,
    MovedMeanwhileError,
    MoveResult,
    MovingAlreadyError,
    move_vectors,
    scope_of_base,
)
from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.integrations.vector_stores.base import VectorRecord, VectorStoreUnavailableError
from privexbot_app.kit.errors import InvalidError, NotFoundError
from privexbot_app.settings import Settings
from tests.api.test_story import make_base
from tests.chroma_server import running_chroma
from tests.fakes import HashEmbedder, InMemoryVectorStore
from tests.installation import ON_BOTH_DATABASES, Installation, Person, installed

LONG = "\n\n".join(f"# Part {n}\n\n" + f"Berth number {n} costs {n} crowns a night. " * 12 for n in range(30))


class Mover:
    """A knowledge base in one store, and a second store to move it to."""

    def __init__(self, installation: Installation, ann: Person, base_id: UUID) -> None:
        self.installation, self.works, self.ann, self.base_id = installation, installation.works, ann, base_id
        self.lines: list[str] = []

    def store(self, name: str) -> InMemoryVectorStore:
        return self.works.plugins.vector_stores.get(name)  # type: ignore[return-value]

    def put(self, name: str, store: InMemoryVectorStore) -> InMemoryVectorStore:
        self.works.plugins.vector_stores._opened[name] = store
        return store

    async def open(self) -> "Mover":
        self.scope = await scope_of_base(self.works, self.base_id)
        return self

    def space(self, generation: int):
        return space_of(self.scope, self.base_id, generation=generation)

    async def move(self, to: str = "other", **options: object) -> MoveResult:
        async def no_pause(seconds: float) -> None:
            return None

        options = {"pause": no_pause, "tell": self.lines.append, **options}
        return await move_vectors(self.works, self.scope, self.base_id, to=to, **options)  # type: ignore[arg-type]

    async def place(self) -> tuple[str, int]:
        async with self.works.open(self.scope, read_only=True) as work:
            base = (await work.session.execute(select(KnowledgeBase))).scalar_one()
        return base.settings["vector_store"], base.generation

    async def documents(self) -> list[Document]:
        async with self.works.open(self.scope, read_only=True) as work:
            return list((await work.session.execute(select(Document).order_by(Document.id))).scalars())

    async def search(self) -> list[str]:
        path, body = f"/api/v1/kb/{self.base_id}/search", {"query": "berth number 7", "mode": "dense"}
        response = await self.installation.http.post(path, json=body, headers=self.ann.headers)
        assert response.status_code == 200, response.text
        return [result["chunk_id"] for result in response.json()["results"]]

    async def add(self, content: str) -> None:
        path = f"/api/v1/kb/{self.base_id}/documents"
        files = [("files", ("more.md", content.encode(), "text/markdown"))]
        response = await self.installation.http.post(path, files=files, headers=self.ann.headers)
        assert response.status_code == 202, response.text


@pytest.fixture
async def mover(installation: Installation, ann: Person) -> Mover:
    base_id = await make_base(installation, ann, content=LONG)
    mover = await Mover(installation, ann, UUID(base_id)).open()
    mover.put("other", InMemoryVectorStore())
    return mover


@pytest.fixture(autouse=True)
def small_batches(monkeypatch) -> None:
    monkeypatch.setattr(copying, "BATCH", 7)


@ON_BOTH_DATABASES
async def test_a_move_copies_verifies_switches_and_removes_without_embedding(mover: Mover):
    before = await mover.search()
    ids = await mover.store("memory").list_chunk_ids(mover.space(1))
    embedder: HashEmbedder = mover.works.plugins.embedders.get("hash")  # type: ignore[assignment]
    embedder.embedded_texts.clear()
    result = await mover.move()
    assert result == MoveResult(vectors=len(ids), reindexed=0)
    assert embedder.embedded_texts == []
    assert await mover.place() == ("other", 2)
    assert await mover.store("other").list_chunk_ids(mover.space(2)) == ids
    assert await mover.store("memory").count(mover.space(1)) == 0
    assert await mover.search() == before
    assert mover.lines[-1] == f"copied {len(ids)} of {len(ids)}"


class Watching(InMemoryVectorStore):
    """Does something at each upsert, as the world does while we copy."""

    def __init__(self, *deeds) -> None:
        super().__init__()
        self.deeds = list(deeds)

    async def upsert(self, space, records) -> None:
        if self.deeds and records:
            await self.deeds.pop(0)()
        await super().upsert(space, records)


async def test_bots_find_the_same_at_every_moment_of_a_move(mover: Mover):
    before = await mover.search()
    answers: list[list[str]] = []

    async def ask() -> None:
        answers.append(await mover.search())

    mover.put("other", Watching(*[ask] * 50))
    await mover.move()
    await ask()
    assert len(answers) > 2
    assert all(answer == before for answer in answers)


async def test_a_move_that_was_killed_goes_on_where_it_stopped(mover: Mover):
    async def die() -> None:
        raise KeyboardInterrupt

    async def live() -> None:
        return None

    other = mover.put("other", Watching(live, live, die))
    with pytest.raises(KeyboardInterrupt):
        await mover.move()
    assert await mover.place() == ("memory", 1)
    assert await other.count(mover.space(2)) == 14
    written = []
    other.upsert = lambda space, records: _count(written, records, InMemoryVectorStore.upsert(other, space, records))
    total = await mover.store("memory").count(mover.space(1))
    await mover.move()
    assert sum(written) == total - 14
    assert await mover.place() == ("other", 2)
    assert await other.count(mover.space(2)) == total


async def _count(written, records, done) -> None:
    written.append(len(records))
    await done


async def test_moving_again_changes_nothing_and_rebuilding_takes_the_next_generation(mover: Mover):
    await mover.move()
    total = await mover.store("other").count(mover.space(2))
    assert await mover.move() == MoveResult(vectors=total, reindexed=0, is_moved=False)
    assert await mover.place() == ("other", 2)
    assert await mover.move(is_rebuilt=True) == MoveResult(vectors=total, reindexed=0)
    assert await mover.place() == ("other", 3)
    assert await mover.store("other").count(mover.space(2)) == 0
    assert await mover.store("other").count(mover.space(3)) == total


async def test_there_and_back_again(mover: Mover):
    before = await mover.search()
    await mover.move("other")
    await mover.move("memory")
    assert await mover.place() == ("memory", 3)
    assert await mover.search() == before
    assert await mover.store("other").count(mover.space(2)) == 0


async def test_what_an_earlier_run_copied_and_is_out_of_date_is_copied_again(mover: Mover):
    [first, second, *_] = sorted(await mover.store("memory").list_chunk_ids(mover.space(1)))
    other = mover.store("other")
    stale = [1.0] + [0.0] * 63
    await other.upsert(mover.space(2), [VectorRecord(first, uuid4(), stale), VectorRecord(uuid4(), uuid4(), stale)])
    expected = await mover.store("memory").fetch_vectors(mover.space(1), [first, second])
    await mover.move()
    assert await other.fetch_vectors(mover.space(2), [first, second]) == expected
    assert await other.count(mover.space(2)) == len(await mover.store("other").list_chunk_ids(mover.space(2)))


async def test_a_document_added_and_indexed_during_the_copy_comes_along(mover: Mover):
    async def add() -> None:
        await mover.add("# Ice\n\nIce is sold at the kiosk.")

    mover.put("other", Watching(add))
    await mover.move()
    assert [document.status for document in await mover.documents()] == ["indexed", "indexed"]
    total = sum(document.chunk_count for document in await mover.documents())
    assert await mover.store("other").count(mover.space(2)) == total
    assert "documents have changed in the meantime; copying these again" in mover.lines


@ON_BOTH_DATABASES
async def test_a_worker_at_a_document_during_the_switch_starts_over_in_the_new_place(mover: Mover):
    mover.works.dispatcher.is_paused = True
    await mover.add("# Ice\n\nIce is sold at the kiosk.")
    document = (await mover.documents())[-1]

    async def move() -> None:
        await mover.move()

    old = Watching(move)
    old._spaces = mover.store("memory")._spaces
    mover.put("memory", old)
    await indexing.index_document(mover.works, mover.scope, document.id)
    assert await mover.place() == ("other", 2)
    assert await old.count(mover.space(1)) == 0
    assert (await mover.documents())[-1].status == "queued"
    await indexing.index_document(mover.works, mover.scope, document.id)
    done = (await mover.documents())[-1]
    assert done.status == "indexed"
    assert await old.count(mover.space(1)) == 0
    held = await mover.store("other").query(mover.space(2), [0.1] * 64, limit=99, document_ids=[document.id])
    assert len(held) == done.chunk_count


async def test_a_document_deleted_during_the_copy_leaves_nothing_in_the_new_store(mover: Mover):
    await mover.add("# Ice\n\nIce is sold at the kiosk.")
    [kept, gone] = await mover.documents()

    async def delete() -> None:
        path = f"/api/v1/kb/{mover.base_id}/documents/{gone.id}"
        assert (await mover.installation.http.delete(path, headers=mover.ann.headers)).status_code == 204

    mover.put("other", Watching(delete))
    await mover.move()
    assert await mover.store("other").count(mover.space(2)) == kept.chunk_count


async def test_documents_whose_vectors_were_lost_are_indexed_into_the_new_store(mover: Mover):
    ids = await mover.store("memory").list_chunk_ids(mover.space(1))
    await mover.store("memory").delete_chunks(mover.space(1), list(ids)[:3])
    result = await mover.move()
    assert result == MoveResult(vectors=len(ids) - 3, reindexed=1)
    assert [document.status for document in await mover.documents()] == ["indexed"]
    assert await mover.store("other").count(mover.space(2)) == len(ids)


class Forgetful(InMemoryVectorStore):
    """Does not keep the first vector of each batch."""

    async def upsert(self, space, records) -> None:
        await super().upsert(space, records[1:])


async def test_a_store_that_does_not_hold_what_it_was_given_is_not_switched_to(mover: Mover):
    mover.put("other", Forgetful())
    with pytest.raises(MoveNotVerifiedError):
        await mover.move()
    assert await mover.place() == ("memory", 1)
    assert await mover.search()


async def test_a_store_that_shows_what_it_holds_later_is_waited_for(mover: Mover):
    class Slow(InMemoryVectorStore):
        looks = 0

        async def list_chunk_ids(self, space) -> set[UUID]:
            self.looks += 1
            return set() if self.looks < 5 else await super().list_chunk_ids(space)

    mover.put("other", Slow())
    await mover.move()
    assert await mover.place() == ("other", 2)


async def test_two_moves_at_once_end_in_one(mover: Mover):
    outcomes = await asyncio.gather(mover.move(), mover.move(), return_exceptions=True)
    assert sorted((type(outcome) for outcome in outcomes), key=str) == sorted([MoveResult, MovingAlreadyError], key=str)
    assert await mover.place() == ("other", 2)
    assert await mover.search()


async def test_a_knowledge_base_deleted_during_the_copy_leaves_nothing(mover: Mover):
    async def delete() -> None:
        path = f"/api/v1/kb/{mover.base_id}"
        assert (await mover.installation.http.delete(path, headers=mover.ann.headers)).status_code == 204

    mover.put("other", Watching(delete))
    with pytest.raises(MovedMeanwhileError):
        await mover.move()
    assert await mover.store("other").count(mover.space(2)) == 0
    assert await mover.store("memory").count(mover.space(1)) == 0


async def test_documents_that_never_stop_changing_end_the_move(mover: Mover, monkeypatch):
    monkeypatch.setattr(moving, "MOST_ROUNDS", 2)

    async def add() -> None:
        await mover.add(f"# Ice\n\nIce is sold at kiosk {uuid4()}.")

    mover.put("other", Watching(*[add] * 99))
    with pytest.raises(KeepsChangingError):
        await mover.move()
    assert await mover.place() == ("memory", 1)


async def test_stores_and_bases_that_are_not_there_are_named_before_anything_is_copied(mover: Mover):
    with pytest.raises(InvalidError, match="no vector store named"):
        await mover.move("nowhere")
    with pytest.raises(NotFoundError):
        await scope_of_base(mover.works, uuid4())

    class Down(InMemoryVectorStore):
        async def check(self) -> None:
            raise VectorStoreUnavailableError

    mover.put("other", Down())
    with pytest.raises(VectorStoreUnavailableError):
        await mover.move()


@pytest.fixture
async def between_real_stores(tmp_path, tmp_path_factory, redis_url) -> AsyncIterator[Installation]:
    pytest.importorskip("faiss")
    with running_chroma(tmp_path_factory.mktemp("chroma")) as url:
        stores = {"chroma": {"url": url}, "faiss": {"path": tmp_path / "faiss"}}
        async with installed(
            tmp_path / "data", redis_url, vector_stores=stores, default_vector_store="chroma"
        ) as installation:
            yield installation


async def test_from_chroma_to_faiss_and_back(between_real_stores: Installation):
    ann = await between_real_stores.register("ann")
    base_id = await make_base(between_real_stores, ann, content=LONG)
    mover = await Mover(between_real_stores, ann, UUID(base_id)).open()
    before = await mover.search()
    total = await mover.store("chroma").count(mover.space(1))
    for to, come_from, generation in (("faiss", "chroma", 2), ("chroma", "faiss", 3)):
        assert await mover.move(to) == MoveResult(vectors=total, reindexed=0)
        assert await mover.place() == (to, generation)
        assert await mover.search() == before
        assert await mover.store(come_from).count(mover.space(generation - 1)) == 0


async def test_an_operator_sees_the_move_and_its_end(tmp_path, redis_url, capsys):
    pytest.importorskip("faiss")
    choices = {"vector_stores": {"faiss": {"path": tmp_path / "faiss"}}, "default_vector_store": "faiss"}
    async with installed(tmp_path / "data", redis_url, **choices) as installation:
        ann = await installation.register("ann")
        base_id = await make_base(installation, ann, content=LONG)
        mover = await Mover(installation, ann, UUID(base_id)).open()
        total = await mover.store("faiss").count(mover.space(1))
        settings = Settings(
            data_dir=tmp_path / "data",
            redis_url=redis_url,
            default_embedding="hash",
            **choices,  # type: ignore[arg-type]
        )
        for words in ([], ["--rebuild"]):
            parser = argparse.ArgumentParser()
            command.add_arguments(parser)
            options = parser.parse_args([base_id, "--to", "faiss", *words])
            await asyncio.to_thread(command.run, settings, options)
        assert await mover.store("faiss").count(mover.space(2)) == total
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"It is in faiss already, with {total} vectors; --rebuild builds it anew."
    assert f"copied {total} of {total}" in lines
    assert lines[-1] == f"✓ {total} vectors are in faiss now; the old ones are being removed."
