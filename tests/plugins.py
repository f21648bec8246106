"""Registers the fakes under names of their own, before bootstrap closes the registries."""

from privexbot_app.integrations.embeddings.base import EMBEDDERS
from privexbot_app.integrations.llms.base import LLMS
from privexbot_app.integrations.vector_stores.base import VECTOR_STORES
from tests.fakes import HashEmbedder, InMemoryVectorStore, ScriptedModel

EMBEDDERS.register("hash")(HashEmbedder)
LLMS.register("scripted")(ScriptedModel)
VECTOR_STORES.register("memory")(InMemoryVectorStore)
VECTOR_STORES.register("other")(type("OtherVectorStore", (InMemoryVectorStore,), {}))
