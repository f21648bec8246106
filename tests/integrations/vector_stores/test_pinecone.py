"""The Pinecone store against a local server that speaks Pinecone's protocol."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from privexbot_app.integrations.vector_stores.base import VectorRejectedError, VectorStoreUnavailableError
from privexbot_app.integrations.vector_stores.pinecone import PineconeStore
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.scope import Namespace
from tests.contract.vector_store_contract import VectorStoreContract, record, unit
from tests.pinecone_server import KEY, PineconeServer, running_pinecone
from tests.servers import serving_raw


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    client = HttpClient()
    yield client
    await client.close()


@pytest.fixture
async def running() -> AsyncIterator[tuple[PineconeServer, str]]:
    async with running_pinecone() as pair:
        yield pair


@pytest.fixture
def server(running) -> PineconeServer:
    return running[0]


@pytest.fixture
def store(running, http) -> PineconeStore:
    return PineconeStore(PineconeStore.Config(host=running[1], api_key=KEY), http)


@pytest.fixture
def space() -> Namespace:
    return Namespace(uuid4(), "kb", uuid4())


class TestPinecone(VectorStoreContract):
    """Pinecone passes the suite."""


async def test_a_busy_service_is_asked_again(store, server, space):
    server.busy = 2
    await store.upsert(space, [record(1)])
    assert await store.count(space) == 1


async def test_a_service_that_stays_busy_is_named(store, server, space):
    server.busy = 99
    with pytest.raises(VectorStoreUnavailableError) as caught:
        await store.count(space)
    assert "429" in caught.value.context["reason"]


async def test_a_wrong_key_is_named_and_not_told(running, http, space):
    store = PineconeStore(PineconeStore.Config(host=running[1], api_key="wrong-key"), http)
    with pytest.raises(VectorStoreUnavailableError) as caught:
        await store.check()
    assert "401" in caught.value.context["reason"]
    assert "wrong-key" not in str(caught.value.context)


async def test_long_vectors_go_in_requests_that_the_service_takes(store, server, space):
    server.dimensions = 1536
    vector = [1 / 3] * 1536
    await store.upsert(space, [type(record(1))(uuid4(), uuid4(), vector) for _ in range(100)])
    assert await store.count(space) == 100
    assert len(server.requests) > 2


async def test_a_question_of_another_length_is_rejected(store, space):
    with pytest.raises(VectorRejectedError):
        await store.query(space, [1.0], limit=1)


async def test_an_address_of_something_else_is_not_taken_for_an_empty_namespace(http, space):
    async def page(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope")
        writer.close()

    async with serving_raw(page) as url:
        store = PineconeStore(PineconeStore.Config(host=url, api_key=KEY), http)
        with pytest.raises(VectorStoreUnavailableError):
            await store.query(space, unit(1), limit=1)


async def test_a_server_that_is_silent_is_named(http, space):
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    async with serving_raw(silent) as url:
        store = PineconeStore(PineconeStore.Config(host=url, api_key=KEY, timeout_seconds=0.2), http)
        with pytest.raises(VectorStoreUnavailableError):
            await store.count(space)
