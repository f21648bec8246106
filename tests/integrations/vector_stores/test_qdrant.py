"""The Qdrant adapter on a real folder."""

from collections.abc import AsyncIterator

import pytest

pytest.importorskip("qdrant_client")

from privexbot_app.integrations.vector_stores.qdrant import QdrantStore
from tests.contract.vector_store_contract import VectorStoreContract


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("qdrant")


@pytest.fixture
async def store(folder) -> AsyncIterator[QdrantStore]:
    store = QdrantStore(QdrantStore.Config(path=folder))
    yield store
    await store.close()


class TestQdrantFolder(VectorStoreContract):
    """A folder passes the suite."""
