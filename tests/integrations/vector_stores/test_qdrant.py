"""The Qdrant store on a real folder, and over HTTP against Qdrant's own engine behind a local server."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

pytest.importorskip("qdrant_client")

from privexbot_app.integrations.vector_stores.base import VectorStoreUnavailableError
from privexbot_app.integrations.vector_stores.qdrant import QdrantStore
from privexbot_app.kit.scope import Namespace
from tests.contract.vector_store_contract import VectorStoreContract, record, unit
from tests.qdrant_server import KEY, QdrantServer, running_qdrant
from tests.servers import serving_raw

pytestmark = pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
MEMORY = Path("/dev/shm")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Qdrant's folder waits for the disk at every point; where memory poses as a disk, thousands take no minute.
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def space() -> Namespace:
    return Namespace(uuid4(), "kb", uuid4())


class TestQdrantFolder(VectorStoreContract):
    """A folder passes the suite."""

    @pytest.fixture
    async def store(self, folder) -> AsyncIterator[QdrantStore]:
        store = QdrantStore(QdrantStore.Config(path=folder))
        yield store
        await store.close()


@pytest.fixture
async def running() -> AsyncIterator[tuple[QdrantServer, str]]:
    async with running_qdrant() as pair:
        yield pair


@pytest.fixture
async def store(running) -> AsyncIterator[QdrantStore]:
    store = QdrantStore(QdrantStore.Config(url=running[1], api_key=KEY))
    yield store
    await store.close()


class TestQdrantServer(VectorStoreContract):
    """A server passes the suite."""


async def test_what_was_written_is_there_after_a_restart(folder, space):
    kept = record(1)
    for _ in range(2):
        store = QdrantStore(QdrantStore.Config(path=folder))
        if await store.count(space) == 0:
            await store.upsert(space, [kept])
        [hit] = await store.query(space, unit(1), limit=5, document_ids=[kept.document_id])
        assert hit.chunk_id == kept.chunk_id
        await store.close()


async def test_a_folder_that_another_process_has_open_is_named(tmp_path, space):
    first, second = (QdrantStore(QdrantStore.Config(path=tmp_path)) for _ in range(2))
    await first.check()
    with pytest.raises(VectorStoreUnavailableError, match="in use by another process"):
        await second.check()
    await first.close()
    await second.check()
    await second.close()


async def test_filters_are_indexed_on_a_server(running, store, space):
    await store.upsert(space, [record(1)])
    assert running[0].indexes == {space.full_name: {"document_id", "workspace_id"}}


async def test_a_collection_that_another_process_removed_is_made_again(running, store, space):
    other = QdrantStore(QdrantStore.Config(url=running[1], api_key=KEY))
    await store.upsert(space, [record(1)])
    await other.delete_space(space)
    assert await store.query(space, unit(1), limit=3) == []
    await store.upsert(space, [record(1)])
    assert await other.count(space) == 1
    await other.close()


async def test_a_wrong_key_a_silent_server_and_none_at_all_are_named(running, space):
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    async with serving_raw(silent) as silent_url:
        for url in (running[1], silent_url, "http://127.0.0.1:1"):
            store = QdrantStore(QdrantStore.Config(url=url, api_key="wrong", timeout_seconds=1))
            with pytest.raises(VectorStoreUnavailableError):
                await store.count(space)
            await store.close()


def test_an_address_or_a_folder_is_needed():
    with pytest.raises(ValueError, match="url or path"):
        QdrantStore.Config()
