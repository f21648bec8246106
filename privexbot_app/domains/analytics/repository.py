"""Rows of analytics."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select

from privexbot_app.domains.analytics.models import AnalyticsDay, AnalyticsProgress, WrittenAnswer
from privexbot_app.kit.repository import TenantRepository


class DayRepository(TenantRepository[AnalyticsDay]):
    """Figures by day."""

    model = AnalyticsDay
    noun = "day"

    async def list_between(
        self, start: date, end: date, *, bot_id: UUID | None = None, channel: str | None = None
    ) -> Sequence[AnalyticsDay]:
        """The rows of a period, both days included."""
        statement = self.query(AnalyticsDay.day >= start, AnalyticsDay.day <= end)
        if bot_id is not None:
            statement = statement.where(AnalyticsDay.bot_id == bot_id)
        if channel is not None:
            statement = statement.where(AnalyticsDay.channel == channel)
        return await self.all(statement)

    async def forget(self, day: date) -> None:
        """Delete the rows of a day, before it is counted anew."""
        await self.session.execute(
            delete(AnalyticsDay).where(
                AnalyticsDay.workspace_id == self.scope.workspace_id,
                AnalyticsDay.day == day,
            )
        )


class ProgressRepository(TenantRepository[AnalyticsProgress]):
    """How far the days are counted."""

    model = AnalyticsProgress
    noun = "progress"

    async def find_only(self) -> AnalyticsProgress | None:
        """The workspace's row, or None before its first day is counted."""
        return await self.one(self.query())


class AnswerRepository(TenantRepository[WrittenAnswer]):
    """Written answers."""

    model = WrittenAnswer
    noun = "answer"

    async def list_settled(self) -> set[str]:
        """The replies that some answer settles or that were dismissed; a rejected answer settles nothing."""
        statement = select(WrittenAnswer.message_ids).where(
            WrittenAnswer.workspace_id == self.scope.workspace_id, WrittenAnswer.status != "rejected"
        )
        return {id for ids in (await self.session.execute(statement)).scalars() for id in ids}
