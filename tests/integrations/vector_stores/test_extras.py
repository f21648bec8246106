"""Stores whose library is an extra, on an installation without it."""

import sys
from uuid import uuid4

import pytest

from privexbot_app.integrations.vector_stores.faiss import FaissStore
from privexbot_app.integrations.vector_stores.milvus import MilvusStore
from privexbot_app.integrations.vector_stores.qdrant import QdrantStore
from privexbot_app.kit.extras import ExtraMissingError
from privexbot_app.kit.scope import Namespace


@pytest.mark.parametrize(
    ("name", "library", "store_type"),
    [("faiss", "faiss", FaissStore), ("milvus", "pymilvus", MilvusStore), ("qdrant", "qdrant_client", QdrantStore)],
)
async def test_a_missing_extra_is_one_sentence_with_the_remedy(tmp_path, monkeypatch, name, library, store_type):
    monkeypatch.setitem(sys.modules, library, None)
    store = store_type(store_type.Config(path=tmp_path / "x.db"))
    for call in (store.check(), store.count(Namespace(uuid4(), "kb", uuid4()))):
        with pytest.raises(ExtraMissingError) as caught:
            await call
        assert caught.value.code == "extra_missing"
        assert f"pip install privexbot[{name}]" in caught.value.message
    await store.close()
