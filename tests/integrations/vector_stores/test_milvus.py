"""The Milvus store on a real file (Milvus Lite)."""

import socket
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

pytest.importorskip("pymilvus")
pytest.importorskip("milvus_lite")

from privexbot_app.integrations.vector_stores.base import VectorStoreUnavailableError
from privexbot_app.integrations.vector_stores.milvus import MilvusStore
from privexbot_app.kit.scope import Namespace
from tests.contract.vector_store_contract import VectorStoreContract, record, unit


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("milvus") / "vectors.db"


@pytest.fixture
async def store(path) -> AsyncIterator[MilvusStore]:
    store = MilvusStore(MilvusStore.Config(path=path))
    yield store
    await store.close()


class TestMilvusLite(VectorStoreContract):
    """A file passes the suite."""


async def test_what_was_written_is_there_after_a_restart(path, store):
    space, kept = Namespace(uuid4(), "kb", uuid4()), record(1)
    await store.upsert(space, [kept])
    await store.close()
    again = MilvusStore(MilvusStore.Config(path=path))
    [hit] = await again.query(space, unit(1), limit=5, document_ids=[kept.document_id])
    assert hit.chunk_id == kept.chunk_id
    await again.close()


async def test_a_server_that_is_down_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        store = MilvusStore(MilvusStore.Config(url=url, timeout_seconds=1))
        with pytest.raises(VectorStoreUnavailableError):
            await store.check()
        await store.close()


def test_an_address_or_a_file_is_needed():
    with pytest.raises(ValueError, match="url or path"):
        MilvusStore.Config()
