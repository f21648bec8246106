"""The fake that other tests use in place of a vector store."""

import pytest

from tests.contract.vector_store_contract import VectorStoreContract
from tests.fakes import InMemoryVectorStore


class TestInMemory(VectorStoreContract):
    """The fake passes the suite of the real ones."""

    @pytest.fixture
    def store(self) -> InMemoryVectorStore:
        return InMemoryVectorStore()
