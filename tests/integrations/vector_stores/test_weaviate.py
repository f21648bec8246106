"""The Weaviate store against a local server that speaks Weaviate's protocol."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from privexbot_app.integrations.vector_stores.base import VectorRejectedError, VectorStoreUnavailableError
from privexbot_app.integrations.vector_stores.weaviate import WeaviateStore
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.scope import Namespace
from tests.contract.vector_store_contract import VectorStoreContract, record, unit
from tests.servers import serving_raw
from tests.weaviate_server import KEY, WeaviateServer, running_weaviate


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


@pytest.fixture
async def running() -> AsyncIterator[tuple[WeaviateServer, str]]:
    async with running_weaviate() as pair:
        yield pair


@pytest.fixture
def server(running) -> WeaviateServer:
    return running[0]


@pytest.fixture
async def store(running, http) -> AsyncIterator[WeaviateStore]:
    yield WeaviateStore(WeaviateStore.Config(url=running[1], api_key=KEY), http)
    assert running[0].made_by_itself == []


@pytest.fixture
def space() -> Namespace:
    return Namespace(uuid4(), "kb", uuid4())


class TestWeaviate(VectorStoreContract):
    """Weaviate passes the suite."""


async def test_a_class_that_another_process_removed_is_described_again(running, http, store, space):
    other = WeaviateStore(WeaviateStore.Config(url=running[1], api_key=KEY), http)
    await store.upsert(space, [record(1)])
    await other.delete_space(space)
    await store.upsert(space, [record(1)])
    assert await other.count(space) == 1


async def test_more_than_the_server_removes_at_once_is_removed(store, space):
    document = uuid4()
    await store.upsert(space, [record(1, n, document_id=document) for n in range(1100)] + [record(0, 1)])
    await store.delete_documents(space, [document])
    assert await store.count(space) == 1


async def test_a_question_of_another_length_is_rejected(store, space):
    await store.upsert(space, [record(1)])
    with pytest.raises(VectorRejectedError):
        await store.query(space, [1.0], limit=1)


async def test_a_wrong_key_is_named(running, http):
    for key in ("wrong", None):
        store = WeaviateStore(WeaviateStore.Config(url=running[1], api_key=key), http)
        with pytest.raises(VectorStoreUnavailableError) as caught:
            await store.check()
        assert "401" in caught.value.context["reason"]


async def test_a_server_that_answers_no_json_is_named(http, space):
    async def page(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope")
        writer.close()

    async with serving_raw(page) as url:
        store = WeaviateStore(WeaviateStore.Config(url=url), http)
        with pytest.raises(VectorStoreUnavailableError):
            await store.query(space, unit(1), limit=1)
