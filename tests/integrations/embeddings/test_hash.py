"""The fake that other tests use in place of a model."""

import pytest

from tests.contract.embedder_contract import EmbedderContract
from tests.fakes import HashEmbedder


class TestHash(EmbedderContract):
    """The fake passes the suite of the real ones."""

    @pytest.fixture
    def embedder(self) -> HashEmbedder:
        return HashEmbedder()
