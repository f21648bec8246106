"""Bring the vector of one chunk in step with its row, after people have changed it. Runs in the worker.

The old vector goes first, so that a store that fails afterwards leaves one missing, which upkeep finds, and none that
stands for words that are no longer there.
"""

from uuid import UUID

from privexbot_app.domains.knowledge.cutting import embedded_text
from privexbot_app.domains.knowledge.indexing import embed
from privexbot_app.domains.knowledge.models import Chunk, KnowledgeBase
from privexbot_app.domains.knowledge.repository import ChunkRepository, DocumentRepository, KnowledgeBaseRepository
from privexbot_app.domains.knowledge.schemas import KnowledgeSettings
from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.integrations.vector_stores.base import VectorStore
from privexbot_app.kit.scope import Scope

MOST_ROUNDS = 10
"""How often it begins again when somebody changes the chunk, or moves the knowledge base, at the same moment."""


async def align_chunk(works: Workshop, scope: Scope, document_id: UUID, chunk_id: UUID) -> None:
    """Write the chunk's vector anew if it is in use, else remove it. Nothing happens to a document that is gone."""
    base, row = await _read(works, scope, document_id, chunk_id)
    for _ in range(MOST_ROUNDS):
        if base is None:
            return
        await _write(works, scope, base, row, chunk_id)
        after, row_after = await _read(works, scope, document_id, chunk_id)
        if after is None or after.generation != base.generation:
            # The knowledge base has moved while we wrote into what was removed then.
            await _store(works, base).delete_space(space_of(scope, base.id, generation=base.generation))
        elif _version(row_after) == _version(row):
            return
        base, row = after, row_after


async def _read(
    works: Workshop, scope: Scope, document_id: UUID, chunk_id: UUID
) -> tuple[KnowledgeBase | None, Chunk | None]:
    async with works.open(scope, read_only=True) as work:
        document = await work.repository(DocumentRepository).find(document_id)
        if document is None:
            return None, None
        base = await work.repository(KnowledgeBaseRepository).get(document.knowledge_base_id)
        return base, await work.repository(ChunkRepository).find_in_use(chunk_id)


async def _write(works: Workshop, scope: Scope, base: KnowledgeBase, row: Chunk | None, chunk_id: UUID) -> None:
    space = space_of(scope, base.id, generation=base.generation)
    await _store(works, base).delete_chunks(space, [chunk_id])
    if row is None or not row.is_enabled:
        return
    settings = KnowledgeSettings.model_validate(base.settings)
    embedder = works.plugins.embedders.get(settings.embedding)
    await _store(works, base).upsert(space, await embed(embedder, [row], settings))
    tokens = embedder.count_tokens(embedded_text("", row.context, row.text))
    async with works.open(scope) as work:
        await work.repository(ChunkRepository).set_tokens(chunk_id, tokens, edited_at=row.edited_at)


def _store(works: Workshop, base: KnowledgeBase) -> VectorStore:
    return works.plugins.vector_stores.get(KnowledgeSettings.model_validate(base.settings).vector_store)


def _version(row: Chunk | None) -> object:
    return None if row is None else (row.edited_at, row.is_enabled, row.text)
