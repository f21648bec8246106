"""What the analytics page shows, and the answers that are written on it."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import reflex as rx
from pydantic import ValidationError

from privexbot_app import runtime
from privexbot_app.domains.analytics.answers import AnswerService, accept
from privexbot_app.domains.analytics.funnel import read_funnel
from privexbot_app.domains.analytics.questions import list_top_questions, list_unanswered
from privexbot_app.domains.analytics.schemas import AnswerReview, NewAnswer
from privexbot_app.domains.analytics.service import AnalyticsService
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import NotFoundError, PrivexError
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.ui.ids import parse_id
from privexbot_app.ui.notify import message_of
from privexbot_app.ui.pages.analytics.rows import (
    AnswerRow,
    FigureRow,
    GroupRow,
    NodeRow,
    QuestionRow,
    answer_row,
    chart_row,
    figure_row,
    group_row,
    node_rows,
    tables_of,
)
from privexbot_app.ui.session import ScopedState

PERIODS = {"7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days", "365": "Last 365 days"}
ALL = "all"
ALL_BOTS = {"value": ALL, "text": "All bots"}
EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)
NO_FIGURES = FigureRow("", "0", "0", "–", "–", "–", "0 / 0", "–")


class AnalyticsState(ScopedState):
    """Figures of a period and, if one is chosen, of one bot."""

    is_read: bool = False
    has_figures: bool = False
    period: str = "30"
    bot: str = ALL
    bots: list[dict[str, str]] = [ALL_BOTS]
    total: FigureRow = NO_FIGURES
    visitors: str = "0"
    chart: list[dict[str, Any]] = []
    days: list[FigureRow] = []
    by_bot: list[FigureRow] = []
    by_channel: list[FigureRow] = []
    questions: list[QuestionRow] = []
    groups: list[GroupRow] = []
    waiting: list[AnswerRow] = []
    nodes: list[NodeRow] = []
    bases: list[dict[str, str]] = []
    base: str = ""
    is_writing: bool = False
    question: str = ""
    problem: str = ""
    export_href: str = ""
    trouble: str = ""
    _replies: list[list[UUID]] = []
    _number: int = 0

    @rx.event
    async def load(self) -> None:
        """Read everything."""
        scope = await self.scope()
        self.is_writing, self.problem = False, ""
        await self._read(scope)
        self.is_read = True

    @rx.event
    async def choose_period(self, period: str) -> None:
        """Look at another stretch of time."""
        self.period = period if period in PERIODS else "30"
        await self._read(await self.scope())

    @rx.event
    async def choose_bot(self, bot: str) -> None:
        """Look at one bot, or at all."""
        scope = await self.scope()
        self.bot = ALL if bot == ALL else str(parse_id(bot))
        await self._read(scope)

    @rx.event
    def write(self, number: int) -> None:
        """Open the dialog for what should have been answered."""
        if 0 <= int(number) < len(self.groups):
            self._number, self.question = int(number), self.groups[int(number)].question
            self.problem, self.is_writing = "", True

    @rx.event
    def show_writing(self, is_shown: bool) -> None:
        """Close the dialog."""
        self.is_writing = bool(is_shown)

    @rx.event
    def choose_base(self, base: str) -> None:
        """Where the answer goes."""
        self.base = str(base)

    @rx.event
    async def propose(self, form: dict[str, Any]) -> Any:
        """Keep an answer; it waits until somebody accepts it."""
        scope = await self.scope()
        base_id, message_ids = parse_id(self.base), self._replies_of(self._number)
        try:
            new = NewAnswer(
                knowledge_base_id=base_id,
                question=str(form.get("question", "")).strip(),
                answer=str(form.get("answer", "")).strip(),
                message_ids=message_ids,
            )
        except ValidationError:
            self.problem = "Write a question and an answer."
            return None
        try:
            async with self.works.open(scope) as work:
                await AnswerService(work).write(new)
        except PrivexError as error:
            self.problem = message_of(error)
            return None
        self.is_writing = False
        await self._read(scope)
        return rx.toast.success("Written. It goes into the knowledge base once it is accepted.")

    @rx.event
    async def dismiss(self, number: int) -> None:
        """These need no answer."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            AnswerService(work).dismiss(self._replies_of(int(number)))
        await self._read(scope)

    @rx.event
    async def accept(self, answer_id: str) -> Any:
        """Put a written answer into its knowledge base."""
        scope = await self.scope()
        await accept(self.works, scope, parse_id(answer_id), AnswerReview())
        await self._read(scope)
        return rx.toast.success("Accepted. It is being indexed.")

    @rx.event
    async def reject(self, answer_id: str) -> None:
        """Turn a written answer down."""
        scope = await self.scope()
        async with self.works.open(scope) as work:
            await AnswerService(work).settle(parse_id(answer_id), "rejected")
        await self._read(scope)

    def _replies_of(self, number: int) -> list[UUID]:
        if not 0 <= number < len(self._replies):
            raise NotFoundError("These questions are no longer there.", code="questions_not_found")
        return self._replies[number]

    async def _read(self, scope: Scope) -> None:
        end = utc_now().date()
        start = end - timedelta(days=int(self.period) - 1)
        bot_id = None if self.bot == ALL else parse_id(self.bot)
        prices = runtime.current().prices
        async with self.works.open(scope, read_only=True) as work:
            report = await AnalyticsService(work).report(start, end, prices, bot_id=bot_id)
            names = await BotService(work).list_all_names()
            bases = (await KnowledgeService(work).list_bases(EVERYTHING)).items
            waiting = await AnswerService(work).list_answers(EVERYTHING, status="waiting")
        self.total, self.visitors = figure_row("", report.total), f"{report.total.visitors:,}"
        self.has_figures = report.total.messages > 0
        self.chart = [chart_row(day) for day in report.days]
        tables = tables_of(report)
        self.days, self.by_bot, self.by_channel = tables["days"], tables["bots"], tables["channels"]
        self.bots = [ALL_BOTS, *({"value": str(id), "text": name} for id, name in names.items())]
        self.bases = [{"value": str(base.id), "text": base.name} for base in bases]
        self.base = self.base if self.base in {one["value"] for one in self.bases} else _first(self.bases)
        self.waiting = [answer_row(view) for view in waiting.items]
        params = {"start": start, "end": end} | ({"bot_id": bot_id} if bot_id else {})
        self.export_href = f"/api/v1/analytics/export?{urlencode(params)}"
        top = await list_top_questions(self.works, scope, start, end, bot_id=bot_id, limit=10)
        self.questions = [QuestionRow(one.question, f"{one.count:,}") for one in top]
        await self._read_unanswered(scope, bot_id)
        self.nodes = await self._read_funnel(scope, bot_id)

    async def _read_unanswered(self, scope: Scope, bot_id: UUID | None) -> None:
        end = utc_now().date()
        start = end - timedelta(days=int(self.period) - 1)
        self.trouble = ""
        try:
            groups = await list_unanswered(self.works, scope, start, end, bot_id=bot_id)
        except PrivexError as error:  # without the model's files the other figures are still good
            groups, self.trouble = [], message_of(error)
        self._replies = [group.message_ids for group in groups]
        self.groups = [group_row(number, group) for number, group in enumerate(groups)]

    async def _read_funnel(self, scope: Scope, bot_id: UUID | None) -> list[NodeRow]:
        if bot_id is None:
            return []
        end = utc_now().date()
        try:
            funnel = await read_funnel(self.works, scope, bot_id, end - timedelta(days=int(self.period) - 1), end)
        except NotFoundError:
            return []  # a chatbot has no nodes
        return node_rows(funnel)


def _first(options: list[dict[str, str]]) -> str:
    return options[0]["value"] if options else ""
