"""What every vector store does. A test module subclasses `VectorStoreContract` and brings a `store` fixture."""

import asyncio
import math
import random
from uuid import UUID, uuid4

import pytest

from privexbot_app.integrations.vector_stores.base import VectorRecord, VectorRejectedError, VectorStore
from privexbot_app.kit.scope import Namespace

DIMENSIONS = 8


def unit(*numbers: float) -> list[float]:
    """A vector of unit length that begins with these numbers."""
    padded = [*numbers, *[0.0] * (DIMENSIONS - len(numbers))]
    length = math.hypot(*padded)
    return [number / length for number in padded]


def record(*numbers: float, document_id: UUID | None = None, chunk_id: UUID | None = None) -> VectorRecord:
    return VectorRecord(chunk_id or uuid4(), document_id or uuid4(), unit(*numbers))


class VectorStoreContract:
    """The suite."""

    @pytest.fixture
    def space(self) -> Namespace:
        return Namespace(uuid4(), "kb", uuid4())

    async def test_the_nearest_comes_first_with_its_cosine(self, store: VectorStore, space):
        near, middle, far = record(1, 0.1), record(1, 1), record(-1, 0.1)
        await store.upsert(space, [far, near, middle])
        hits = await store.query(space, unit(1), limit=3)
        assert [hit.chunk_id for hit in hits] == [near.chunk_id, middle.chunk_id, far.chunk_id]
        assert [hit.document_id for hit in hits] == [near.document_id, middle.document_id, far.document_id]
        expected = [near.vector[0], middle.vector[0], far.vector[0]]
        assert [hit.cosine_similarity for hit in hits] == pytest.approx(expected, abs=1e-5)

    async def test_no_more_than_the_limit_is_found(self, store: VectorStore, space):
        await store.upsert(space, [record(1, n) for n in range(5)])
        assert len(await store.query(space, unit(1), limit=2)) == 2
        assert len(await store.query(space, unit(1), limit=50)) == 5
        assert await store.query(space, unit(1), limit=0) == []

    async def test_a_search_can_be_kept_to_some_documents(self, store: VectorStore, space):
        records = [record(1, n) for n in range(4)]
        await store.upsert(space, records)
        wanted = {records[2].document_id, records[3].document_id}
        hits = await store.query(space, unit(1), limit=10, document_ids=wanted)
        assert {hit.document_id for hit in hits} == wanted
        assert await store.query(space, unit(1), limit=10, document_ids=set()) == []

    async def test_a_second_upsert_replaces_the_first(self, store: VectorStore, space):
        first = record(1)
        await store.upsert(space, [first])
        second = record(0, 1, chunk_id=first.chunk_id)
        await store.upsert(space, [second])
        await store.upsert(space, [second])
        [hit] = await store.query(space, unit(0, 1), limit=5)
        assert hit.cosine_similarity == pytest.approx(1.0, abs=1e-5)
        assert hit.document_id == second.document_id
        assert await store.count(space) == 1

    async def test_vectors_come_back_as_they_were_given(self, store: VectorStore, space):
        records = [record(1, n) for n in range(3)]
        await store.upsert(space, records)
        found = await store.fetch_vectors(space, [records[0].chunk_id, records[2].chunk_id, uuid4()])
        assert set(found) == {records[0].chunk_id, records[2].chunk_id}
        assert list(found[records[2].chunk_id]) == pytest.approx(records[2].vector, abs=1e-6)
        assert await store.fetch_vectors(space, []) == {}

    async def test_deleting_documents_removes_all_their_chunks_and_no_others(self, store: VectorStore, space):
        gone, kept = uuid4(), uuid4()
        records = [record(1, n, document_id=gone) for n in range(3)] + [record(1, 9, document_id=kept)]
        await store.upsert(space, records)
        for _ in range(2):
            await store.delete_documents(space, [gone, uuid4()])
            assert await store.list_chunk_ids(space) == {records[3].chunk_id}
        await store.delete_documents(space, [])
        assert await store.count(space) == 1

    async def test_deleting_chunks_removes_these_and_no_others(self, store: VectorStore, space):
        kept, gone = record(1), record(0, 1)
        await store.upsert(space, [kept, gone])
        await store.delete_chunks(Namespace(uuid4(), space.kind, space.id), [kept.chunk_id])
        await store.delete_chunks(space, [gone.chunk_id, uuid4()])
        await store.delete_chunks(space, [])
        assert await store.list_chunk_ids(space) == {kept.chunk_id}

    async def test_deleting_a_space_is_idempotent_and_it_can_be_filled_again(self, store: VectorStore, space):
        await store.upsert(space, [record(1)])
        await store.delete_space(space)
        await store.delete_space(space)
        assert await store.count(space) == 0
        await store.upsert(space, [record(1), record(0, 1)])
        assert await store.count(space) == 2

    async def test_a_space_that_does_not_exist_is_empty(self, store: VectorStore, space):
        assert await store.query(space, unit(1), limit=3) == []
        assert await store.count(space) == 0
        assert await store.list_chunk_ids(space) == set()
        assert await store.fetch_vectors(space, [uuid4()]) == {}
        await store.delete_documents(space, [uuid4()])
        await store.delete_space(space)

    async def test_another_workspace_with_the_same_ids_sees_and_changes_nothing(self, store: VectorStore, space):
        held = record(1)
        await store.upsert(space, [held])
        foreign = Namespace(uuid4(), space.kind, space.id, space.generation)
        assert await store.query(foreign, unit(1), limit=3) == []
        assert await store.query(foreign, unit(1), limit=3, document_ids=[held.document_id]) == []
        assert await store.fetch_vectors(foreign, [held.chunk_id]) == {}
        assert await store.list_chunk_ids(foreign) == set()
        assert await store.count(foreign) == 0
        await store.delete_documents(foreign, [held.document_id])
        await store.upsert(foreign, [record(0, 1, chunk_id=held.chunk_id)])
        await store.delete_space(foreign)
        [hit] = await store.query(space, unit(1), limit=3)
        assert hit.cosine_similarity == pytest.approx(1.0, abs=1e-5)

    async def test_generations_stand_side_by_side(self, store: VectorStore, space):
        new = Namespace(space.workspace_id, space.kind, space.id, space.generation + 1)
        await store.upsert(space, [record(1)])
        await store.upsert(new, [record(1), record(0, 1)])
        await store.delete_space(space)
        assert (await store.count(space), await store.count(new)) == (0, 2)

    async def test_a_vector_of_another_length_is_rejected(self, store: VectorStore, space):
        await store.upsert(space, [record(1)])
        with pytest.raises(VectorRejectedError):
            await store.upsert(space, [VectorRecord(uuid4(), uuid4(), [1.0, 0.0])])

    async def test_many_vectors_are_kept_and_found(self, store: VectorStore, space):
        numbers = random.Random(7)
        records = [record(*(numbers.gauss(0, 1) for _ in range(DIMENSIONS))) for _ in range(2300)]
        await store.upsert(space, records)
        assert await store.list_chunk_ids(space) == {one.chunk_id for one in records}
        for wanted in records[::500]:
            [hit] = await store.query(space, wanted.vector, limit=1)
            assert hit.chunk_id == wanted.chunk_id
        assert len(await store.fetch_vectors(space, [one.chunk_id for one in records])) == len(records)

    async def test_nothing_to_add_is_no_work(self, store: VectorStore, space):
        await store.upsert(space, [])
        assert await store.count(space) == 0

    async def test_calls_at_the_same_time_do_not_disturb_each_other(self, store: VectorStore, space):
        records = [record(1, n) for n in range(20)]
        await asyncio.gather(*(store.upsert(space, [one]) for one in records))
        answers = await asyncio.gather(*(store.query(space, one.vector, limit=1) for one in records))
        assert [hits[0].chunk_id for hits in answers] == [one.chunk_id for one in records]

    async def test_a_store_that_answers_passes_its_check(self, store: VectorStore):
        await store.check()
