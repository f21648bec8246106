"""Rows of sources."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from privexbot_app.domains.knowledge.models import Source
from privexbot_app.kit.repository import TenantRepository


class SourceRepository(TenantRepository[Source]):
    """Sources of one workspace."""

    model = Source
    noun = "source"

    async def types(self, ids: Sequence[UUID]) -> dict[UUID, str]:
        """The type of each of these sources."""
        rows = await self.session.execute(select(Source.id, Source.type).where(Source.id.in_(ids)))
        return {row[0]: row[1] for row in rows.all()}

    async def claim(self, id: UUID, *, now: datetime, until: datetime) -> bool:
        """Begin to load a source that nobody else loads. False if somebody does, or if it is gone."""
        is_free = or_(Source.syncing_until.is_(None), Source.syncing_until < now)
        return await self._update(id, is_free, syncing_until=until)

    async def change(self, id: UUID, **values: Any) -> bool:
        """Change a source. False if it is gone."""
        return await self._update(id, Source.id == id, **values)

    async def _update(self, id: UUID, condition: ColumnElement[bool], **values: Any) -> bool:
        statement = update(Source).where(Source.id == id, condition).values(**values)
        result = await self.session.execute(statement, execution_options={"synchronize_session": False})
        return result.rowcount == 1


async def list_due_sources(session: AsyncSession, *, now: datetime) -> Sequence[tuple[UUID, UUID]]:
    """Workspace and id of sources whose next load is due. For a system scope only."""
    statement = select(Source.workspace_id, Source.id).where(Source.next_sync_at < now)
    return [(row[0], row[1]) for row in (await session.execute(statement.order_by(Source.id).limit(200))).all()]


async def list_sealed_sources(session: AsyncSession) -> Sequence[Source]:
    """Sources of all workspaces that hold secrets."""
    return (await session.execute(select(Source).where(Source.sealed != ""))).scalars().all()
