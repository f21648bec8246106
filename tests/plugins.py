"""Registers the fakes under names of their own, before bootstrap closes the registries."""

from privexbot_app.integrations.embeddings.base import EMBEDDERS
from privexbot_app.integrations.vector_stores.base import VECTOR_STORES
from tests.fakes import HashEmbedder, InMemoryVectorStore

EMBEDDERS.register("hash")(HashEmbedder)
VECTOR_STORES.register("memory")(InMemoryVectorStore)
