"""Rows of leads, their timelines and the workspace's settings."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from privexbot_app.domains.leads.models import Lead, LeadActivity, LeadSettings
from privexbot_app.kit.repository import TenantRepository

MOST_ENTRIES = 200


class LeadRepository(TenantRepository[Lead]):
    """Leads of one workspace."""

    model = Lead
    noun = "lead"

    async def find_by_email(self, email: str) -> Lead | None:
        """The one contact with an address in normal form, or None."""
        return await self.one(self.query(col(Lead.email) == email))

    async def count_by_status(self, *conditions: Any) -> dict[str, int]:
        """How many leads are in each stage."""
        statement = select(Lead.status, func.count(col(Lead.id))).where(*conditions).group_by(col(Lead.status))
        rows = await self.session.execute(statement)
        return {row[0]: row[1] for row in rows}

    async def list_window(self, offset: int, limit: int, *conditions: Any) -> Sequence[Lead]:
        """Newest first, from a position on."""
        newest = self.query(*conditions).order_by(col(Lead.id).desc())
        if offset == 0:
            return await self.all(newest.limit(limit))
        # Positions are counted in the index alone; only the rows of the window are read whole.
        first = select(Lead.id).where(*conditions).order_by(col(Lead.id).desc()).offset(offset).limit(1)
        start = (await self.session.execute(first)).scalar_one_or_none()
        return [] if start is None else await self.all(newest.where(col(Lead.id) <= start).limit(limit))


class ActivityRepository(TenantRepository[LeadActivity]):
    """Timelines of one workspace's leads."""

    model = LeadActivity
    noun = "entry"

    async def list_of(self, lead_id: UUID) -> Sequence[LeadActivity]:
        """A lead's timeline, newest first."""
        mine = self.query(LeadActivity.lead_id == lead_id).order_by(col(LeadActivity.id).desc())
        return await self.all(mine.limit(MOST_ENTRIES))


class LeadSettingsRepository(TenantRepository[LeadSettings]):
    """The settings of one workspace."""

    model = LeadSettings
    noun = "settings"

    async def find_own(self) -> LeadSettings | None:
        """The workspace's settings, or None while they are the usual ones."""
        return await self.one(self.query())
