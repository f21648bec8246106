"""From a knowledge base's settings to a chunker, and from a document to its chunks."""

from typing import Any

from pydantic import ValidationError

from privexbot_app.domains.knowledge.schemas import ChunkingSettings, KnowledgeSettings
from privexbot_app.integrations.embeddings.base import Embedder
from privexbot_app.integrations.plugins import Plugins
from privexbot_app.kit.errors import FieldProblem, InvalidError
from privexbot_app.rag.chunkers.base import CHUNKERS, Chunker, fair_counter


class SettingsInvalidError(InvalidError):
    """Settings of a knowledge base that do not fit together; `problems` names each."""

    code = "settings_invalid"


def build_chunker(settings: ChunkingSettings, embedder: Embedder) -> Chunker:
    """The chunker of these settings, counting tokens fairly for all languages. Raises SettingsInvalidError."""
    chunker: Any = CHUNKERS.get(settings.strategy)
    try:
        config = chunker.Config.model_validate(settings.options)
    except ValidationError as error:
        problems = [
            FieldProblem(
                ".".join(("settings", "chunking", "options", *(str(part) for part in problem["loc"]))),
                problem["type"],
                problem["msg"],
            )
            for problem in error.errors()
        ]
        raise SettingsInvalidError("The chunking settings are not right.", problems=problems) from error
    return chunker(config, count_tokens=fair_counter(embedder.count_tokens))


def complete(settings: KnowledgeSettings, plugins: Plugins) -> KnowledgeSettings:
    """Settings with the installation's defaults filled in. Raises an error for an unknown or unusable choice."""
    whole = settings.model_copy(
        update={
            "embedding": settings.embedding or plugins.defaults.embedding,
            "vector_store": settings.vector_store or plugins.defaults.vector_store,
        }
    )
    plugins.vector_stores.get(whole.vector_store)
    build_chunker(whole.chunking, plugins.embedders.get(whole.embedding))
    return whole
