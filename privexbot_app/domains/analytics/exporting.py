"""Figures as a table that a spreadsheet opens."""

from datetime import date
from uuid import UUID

from privexbot_app.domains.analytics.counting import figures_of
from privexbot_app.domains.analytics.prices import Prices
from privexbot_app.domains.analytics.schemas import Figures
from privexbot_app.domains.analytics.service import AnalyticsService
from privexbot_app.domains.bots.service import BotService
from privexbot_app.integrations.plugins import Work
from privexbot_app.kit.spreadsheets import write_csv


async def export_csv(
    work: Work, start: date, end: date, prices: Prices, *, bot_id: UUID | None = None, channel: str | None = None
) -> str:
    """A line for each day, bot and channel with conversations or messages. Needs `conversations.read`."""
    rows = await AnalyticsService(work).list_tallies(start, end, bot_id=bot_id, channel=channel)
    names = await BotService(work).list_all_names()
    columns = tuple(Figures.model_fields)
    lines = [["day", "bot_id", "bot", "channel", *columns]]
    for day, bot, name, tally in rows:
        figures = figures_of(tally, prices)
        lines.append([str(day), str(bot), names.get(bot, ""), name, *(getattr(figures, one) for one in columns)])
    return write_csv(lines)
