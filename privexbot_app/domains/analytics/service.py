"""Figures of a workspace's bots. Days that are over are counted once, by a job; the rest is counted when one looks.

Days are those of UTC. What happens to a day later than LATE_DAYS after it, such as a thumb, no longer changes it.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from privexbot_app.domains.analytics.counting import COUNTS, Key, Tally, count_facts, figures_of, sum_up
from privexbot_app.domains.analytics.models import AnalyticsDay, AnalyticsProgress
from privexbot_app.domains.analytics.prices import Prices
from privexbot_app.domains.analytics.repository import DayRepository, ProgressRepository
from privexbot_app.domains.analytics.schemas import (
    LONGEST_PERIOD_DAYS,
    BotFigures,
    ChannelFigures,
    DayFigures,
    Report,
)
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.conversations.figures import ConversationFigures, Span
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import InvalidError

LATE_DAYS = 7
DAY = timedelta(days=1)

Part = TypeVar("Part", bound=Hashable)


class PeriodInvalidError(InvalidError):
    """The period ends before it begins, or is too long."""

    code = "period_invalid"

    def __init__(self) -> None:
        super().__init__(f"Choose a first and a last day, at most {LONGEST_PERIOD_DAYS} days apart.")


class AnalyticsService:
    """The figures of the unit's workspace. Everything needs `conversations.read`."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._facts = ConversationFigures(work)
        self._days = work.repository(DayRepository)
        self._progress = work.repository(ProgressRepository)

    async def report(
        self, start: date, end: date, prices: Prices, *, bot_id: UUID | None = None, channel: str | None = None
    ) -> Report:
        """The figures of a period, both days included. Raises PeriodInvalidError."""
        rows = await self.list_tallies(start, end, bot_id=bot_id, channel=channel)
        named = await self._facts.count_named_visitors(span_of(start, end, bot_id, channel))
        whole = sum_up([tally for *_, tally in rows])
        by_day = _grouped(rows, lambda row: row[0])
        names = await BotService(self._work).list_all_names()
        return Report(
            start=start,
            end=end,
            total=figures_of(whole, prices, visitors=whole.anonymous + named),
            days=[
                DayFigures(day=day, **figures_of(by_day.get(day, Tally()), prices).model_dump())
                for day in _days_between(start, end)
            ],
            bots=[
                BotFigures(bot_id=id, name=names.get(id, ""), **figures_of(tally, prices).model_dump())
                for id, tally in _grouped(rows, lambda row: row[1]).items()
            ],
            channels=[
                ChannelFigures(channel=name, **figures_of(tally, prices).model_dump())
                for name, tally in _grouped(rows, lambda row: row[2]).items()
            ],
        )

    async def list_tallies(
        self, start: date, end: date, *, bot_id: UUID | None = None, channel: str | None = None
    ) -> list[tuple[date, UUID, str, Tally]]:
        """Day, bot, channel and counts, in this order, where there are any. Raises PeriodInvalidError."""
        require_period(start, end)
        progress = await self._progress.find_only()
        counted = progress.through if progress else date.min
        found = [
            (row.day, row.bot_id, row.channel, _tally_of(row))
            for row in await self._days.list_between(start, min(end, counted), bot_id=bot_id, channel=channel)
        ]
        for day in await self._open_days(max(start, counted + DAY), end):
            tallies = await self._count(day, bot_id, channel)
            found += [(day, bot, name, tally) for (bot, name), tally in tallies.items()]
        return sorted(found, key=lambda row: row[:3])

    async def next_days(self, today: date) -> list[date]:
        """The days that a round of counting has to look at, oldest first; all are over."""
        progress = await self._progress.find_only()
        if progress is not None and progress.through >= today - DAY:
            return []
        if progress is None:
            first = await self._facts.first_moment()
            begin = first.astimezone(UTC).date() if first else today - DAY
        else:
            begin = progress.through - LATE_DAYS * DAY
        return list(_days_between(begin, today - DAY))

    async def roll_up(self, day: date) -> None:
        """Count a day that is over and keep its figures; counting it again replaces them."""
        tallies = await self._count(day)
        await self._days.forget(day)
        for (bot_id, channel), tally in tallies.items():
            workspace_id = self._work.scope.workspace_id
            self._days.add(
                AnalyticsDay(workspace_id=workspace_id, bot_id=bot_id, channel=channel, day=day, **asdict(tally))
            )
        progress = await self._progress.find_only()
        if progress is None:
            self._progress.add(AnalyticsProgress(workspace_id=self._work.scope.workspace_id, through=day))
        else:
            progress.through = max(progress.through, day)

    async def _open_days(self, start: date, end: date) -> list[date]:
        """The days of a period that must be counted now: none lie before the first conversation or after today."""
        end = min(end, utc_now().date())
        if start > end:
            return []
        first = await self._facts.first_moment()
        return list(_days_between(max(start, first.date()), end)) if first else []

    async def _count(self, day: date, bot_id: UUID | None = None, channel: str | None = None) -> dict[Key, Tally]:
        span = span_of(day, day, bot_id, channel)
        return count_facts(await self._facts.list_started(span), await self._facts.list_messages(span))


def span_of(start: date, end: date, bot_id: UUID | None = None, channel: str | None = None) -> Span:
    """A period of days of UTC, both included."""
    return Span(datetime.combine(start, time(), UTC), datetime.combine(end + DAY, time(), UTC), bot_id, channel)


def require_period(start: date, end: date) -> None:
    """Raise PeriodInvalidError for a period that is none, or too long."""
    if not 0 <= (end - start).days < LONGEST_PERIOD_DAYS:
        raise PeriodInvalidError


def _days_between(start: date, end: date) -> list[date]:
    return [start + number * DAY for number in range((end - start).days + 1)]


def _tally_of(row: AnalyticsDay) -> Tally:
    counts = {name: getattr(row, name) for name in COUNTS}
    return Tally(**counts, latencies=row.latencies, tokens=row.tokens)


def _grouped(
    rows: Sequence[tuple[date, UUID, str, Tally]], part: Callable[[tuple[date, UUID, str, Tally]], Part]
) -> dict[Part, Tally]:
    groups: dict[Part, Tally] = {}
    for row in rows:
        groups.setdefault(part(row), Tally()).add(row[3])
    return groups
