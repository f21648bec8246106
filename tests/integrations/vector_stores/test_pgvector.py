"""The pgvector store on a real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from privexbot_app.integrations.vector_stores.base import VectorStoreUnavailableError
from privexbot_app.integrations.vector_stores.pgvector import PgVectorStore
from privexbot_app.kit.scope import Namespace
from tests.contract.vector_store_contract import VectorStoreContract, record, unit
from tests.installation import Postgres

pytestmark = pytest.mark.pg


@pytest.fixture(scope="module")
def url(postgres: Postgres) -> Iterator[str]:
    with postgres.new_database() as url:
        yield url


@pytest.fixture
async def store(url) -> AsyncIterator[PgVectorStore]:
    store = PgVectorStore(PgVectorStore.Config(url=url))
    yield store
    await store.close()


@pytest.fixture
def space() -> Namespace:
    return Namespace(uuid4(), "kb", uuid4())


class TestPgVector(VectorStoreContract):
    """pgvector passes the suite."""


async def test_a_search_in_one_small_document_finds_all_of_it_among_thousands(store, space):
    wanted = uuid4()
    small = [record(-1, n / 10, document_id=wanted) for n in range(5)]
    await store.upsert(space, [record(1, n / 1000) for n in range(3000)] + small)
    hits = await store.query(space, unit(1), limit=10, document_ids=[wanted])
    assert {hit.chunk_id for hit in hits} == {one.chunk_id for one in small}


async def test_a_space_that_another_process_rebuilt_with_another_length_is_found_again(url, store, space):
    other = PgVectorStore(PgVectorStore.Config(url=url))
    await store.upsert(space, [record(1)])
    assert len(await store.query(space, unit(1), limit=3)) == 1
    await other.delete_space(space)
    await other.upsert(space, [type(record(1))(uuid4(), uuid4(), [1.0, 0.0, 0.0])])
    assert len(await store.query(space, [1.0, 0.0, 0.0], limit=3)) == 1
    await other.close()


async def test_vectors_too_long_for_an_index_are_searched_without_one(store, space):
    long = [0.0] * 2999 + [1.0]
    await store.upsert(space, [type(record(1))(uuid4(), uuid4(), long)])
    [hit] = await store.query(space, long, limit=3)
    assert hit.cosine_similarity == pytest.approx(1.0)


async def test_a_server_that_is_down_or_refuses_is_named(url):
    for broken in ("postgresql://localhost:1/none", url.replace("/t", "/no_such_database_t", 1)):
        store = PgVectorStore(PgVectorStore.Config(url=broken, timeout_seconds=5))
        with pytest.raises(VectorStoreUnavailableError):
            await store.check()
        with pytest.raises(VectorStoreUnavailableError):
            await store.count(Namespace(uuid4(), "kb", uuid4()))
        await store.close()
