"""The Chroma adapter against a real server."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from privexbot_app.integrations.vector_stores.base import VectorStoreUnavailableError
from privexbot_app.integrations.vector_stores.chroma import ChromaStore
from privexbot_app.kit.scope import Namespace
from tests.chroma_server import running_chroma
from tests.contract.vector_store_contract import VectorStoreContract, record, unit
from tests.servers import serving_raw


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory) -> Iterator[str]:
    with running_chroma(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture
async def store(chroma_url) -> AsyncIterator[ChromaStore]:
    store = ChromaStore(ChromaStore.Config(url=chroma_url))
    yield store
    await store.close()


class TestChroma(VectorStoreContract):
    """Chroma passes the suite."""


async def test_a_space_that_another_process_rebuilt_is_found_again(chroma_url, store):
    space = Namespace(uuid4(), "kb", uuid4())
    other = ChromaStore(ChromaStore.Config(url=chroma_url))
    await store.upsert(space, [record(1)])
    await other.delete_space(space)
    assert await store.query(space, unit(1), limit=3) == []
    await other.upsert(space, [record(1), record(0, 1)])
    assert len(await store.query(space, unit(1), limit=3)) == 2
    await other.close()


async def test_a_server_that_is_down_is_named(tmp_path):
    with running_chroma(tmp_path) as url:
        store = ChromaStore(ChromaStore.Config(url=url))
        await store.check()
    for store_before_and_after in (store, ChromaStore(ChromaStore.Config(url=url))):
        with pytest.raises(VectorStoreUnavailableError) as caught:
            await store_before_and_after.check()
        assert caught.value.code == "vector_store_unavailable"
        assert caught.value.context["reason"]
        await store_before_and_after.close()


async def test_a_server_that_is_silent_is_named():
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    async with serving_raw(silent) as url:
        store = ChromaStore(ChromaStore.Config(url=url, timeout_seconds=0.2))
        with pytest.raises(VectorStoreUnavailableError):
            await store.count(Namespace(uuid4(), "kb", uuid4()))
        await store.close()
