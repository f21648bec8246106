"""Rows of policies."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from privexbot_app.domains.privacy.models import RetentionPolicy
from privexbot_app.kit.repository import TenantRepository


class PolicyRepository(TenantRepository[RetentionPolicy]):
    """The policy of one workspace."""

    model = RetentionPolicy
    noun = "retention policy"

    async def find_own(self) -> RetentionPolicy | None:
        """The workspace's policy, or None before it has decided."""
        return await self.one(self.query())


async def list_deciding_workspaces(session: AsyncSession) -> Sequence[UUID]:
    """Every workspace with a policy. For the clock alone, which crosses tenants."""
    return (await session.execute(select(RetentionPolicy.workspace_id))).scalars().all()
