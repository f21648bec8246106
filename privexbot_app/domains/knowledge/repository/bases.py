"""Rows of knowledge bases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from privexbot_app.domains.knowledge.models import Document, KnowledgeBase, Rebuild
from privexbot_app.domains.knowledge.states import RebuildStatus
from privexbot_app.kit.repository import TenantRepository


class KnowledgeBaseRepository(TenantRepository[KnowledgeBase]):
    """Knowledge bases of one workspace."""

    model = KnowledgeBase
    noun = "knowledge base"

    async def list_all(self, ids: Sequence[UUID]) -> Sequence[KnowledgeBase]:
        """The knowledge bases of these ids that exist here."""
        return await self.all(self.query(KnowledgeBase.id.in_(ids)))

    async def lock(self, id: UUID) -> KnowledgeBase:
        """The knowledge base, which nobody else changes until the unit of work ends. Raises NotFoundError."""
        found = await self.one(
            self.query(KnowledgeBase.id == id).with_for_update().execution_options(populate_existing=True)
        )
        return found if found is not None else await self.get(id)

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

    async def claim(self, base_id: UUID, *, now: datetime, lease_until: datetime) -> Rebuild | None:
        """Begin, or go on with, the re-index of a knowledge base that nobody is at; None if there is nothing to do."""
        is_free = or_(Rebuild.started_at.is_(None), Rebuild.lease_until < now)
        statement = (
            update(Rebuild)
            .where(Rebuild.knowledge_base_id == base_id, Rebuild.status == RebuildStatus.RUNNING, is_free)
            .values(
                attempt=Rebuild.attempt + 1,
                tries=Rebuild.tries + 1,
                lease_until=lease_until,
                started_at=now,
                done_before=Rebuild.done,
            )
        )
        result = await self.session.execute(statement, execution_options={"synchronize_session": False})
        return await self.find_of(base_id) if result.rowcount == 1 else None

    async def wait(self, base_id: UUID, *, now: datetime, lease_until: datetime) -> bool:
        """Have a re-index whose worker has gone silent wait for another one. False if there is none."""
        statement = update(Rebuild).where(
            Rebuild.knowledge_base_id == base_id, Rebuild.status == RebuildStatus.RUNNING, Rebuild.lease_until < now
        )
        # Counts on, so that a worker that was only slow is fenced off.
        values = {"attempt": Rebuild.attempt + 1, "started_at": None, "lease_until": lease_until}
        result = await self.session.execute(statement.values(values), execution_options={"synchronize_session": False})
        return result.rowcount == 1

    async def advance(self, id: UUID, attempt: int, **values: Any) -> bool:
        """Change a re-index if `attempt` is still the one at work. False if it was taken over or cancelled."""
        statement = update(Rebuild).where(
            Rebuild.id == id, Rebuild.attempt == attempt, Rebuild.status == RebuildStatus.RUNNING
        )
        result = await self.session.execute(
            statement.values(**values), execution_options={"synchronize_session": False}
        )
        return result.rowcount == 1


async def list_abandoned_rebuilds(session: AsyncSession, *, now: datetime) -> Sequence[tuple[UUID, UUID]]:
    """Workspace and knowledge base of re-indexes that nobody has spoken for in time. For a system scope only."""
    statement = select(Rebuild.workspace_id, Rebuild.knowledge_base_id).where(
        Rebuild.status == RebuildStatus.RUNNING, Rebuild.lease_until < now
    )
    return [(row[0], row[1]) for row in (await session.execute(statement)).all()]


async def list_every_base(session: AsyncSession) -> Sequence[tuple[UUID, UUID]]:
    """Workspace and id of every knowledge base. For a system scope only."""
    statement = select(KnowledgeBase.workspace_id, KnowledgeBase.id).order_by(KnowledgeBase.id)
    return [(row[0], row[1]) for row in (await session.execute(statement)).all()]
