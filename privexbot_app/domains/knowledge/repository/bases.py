"""Rows of knowledge bases."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from privexbot_app.domains.knowledge.models import Document, KnowledgeBase, Rebuild
from privexbot_app.kit.repository import TenantRepository


class KnowledgeBaseRepository(TenantRepository[KnowledgeBase]):
    """Knowledge bases of one workspace."""

    model = KnowledgeBase
    noun = "knowledge base"

    async def list_all(self, ids: Sequence[UUID]) -> Sequence[KnowledgeBase]:
        """The knowledge bases of these ids that exist here."""
        return await self.all(self.query(KnowledgeBase.id.in_(ids)))

    async def counts(self, ids: Sequence[UUID]) -> dict[UUID, dict[str, tuple[int, float, int]]]:
        """For each knowledge base and document status: documents, sum of their progress, chunks."""
        statement = (
            select(
                Document.knowledge_base_id,
                Document.status,
                func.count(Document.id),
                func.sum(Document.progress),
                func.sum(Document.chunk_count),
            )
            .where(Document.knowledge_base_id.in_(ids))
            .group_by(Document.knowledge_base_id, Document.status)
        )
        counts: dict[UUID, dict[str, tuple[int, float, int]]] = {id: {} for id in ids}
        for base_id, status, documents, progress, chunks in (await self.session.execute(statement)).all():
            counts[base_id][status] = (documents, float(progress), int(chunks))
        return counts


class RebuildRepository(TenantRepository[Rebuild]):
    """Re-indexes of one workspace; at most one for each knowledge base."""

    model = Rebuild
    noun = "re-index"

    async def find_of(self, base_id: UUID) -> Rebuild | None:
        """The re-index of a knowledge base, or None."""
        return await self.one(self.query(Rebuild.knowledge_base_id == base_id))

    async def find_all(self, base_ids: Sequence[UUID]) -> dict[UUID, Rebuild]:
        """The re-indexes of those of these knowledge bases that have one."""
        rows = await self.all(self.query(Rebuild.knowledge_base_id.in_(base_ids)))
        return {row.knowledge_base_id: row for row in rows}


async def list_every_base(session: AsyncSession) -> Sequence[tuple[UUID, UUID]]:
    """Workspace and id of every knowledge base. For a system scope only."""
    statement = select(KnowledgeBase.workspace_id, KnowledgeBase.id).order_by(KnowledgeBase.id)
    return [(row[0], row[1]) for row in (await session.execute(statement)).all()]
