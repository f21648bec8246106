"""What the first page shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import reflex as rx

from privexbot_app import runtime
from privexbot_app.domains.analytics.service import AnalyticsService
from privexbot_app.domains.bots.drafts import BotDraftService
from privexbot_app.domains.bots.schemas import BotDraftView, BotView
from privexbot_app.domains.bots.service import BotService
from privexbot_app.domains.knowledge.drafts import KnowledgeDraftService
from privexbot_app.domains.knowledge.schemas import KnowledgeBaseView, KnowledgeDraftView
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.pagination import LARGEST_PAGE_SIZE, PageParams
from privexbot_app.ui import routes
from privexbot_app.ui.formats import say_ago, say_count
from privexbot_app.ui.session import ScopedState
from privexbot_app.ui.statuses import base_status

MOST_RECENT = 5
RECENT_DAYS = 30
EVERYTHING = PageParams(limit=LARGEST_PAGE_SIZE)


@dataclass
class RecentRow:
    """One line of a list; `status` and `tone` make its badge."""

    title: str
    href: str
    meta: str
    status: str
    tone: str


class OverviewState(ScopedState):
    """Counts and recent things of the workspace."""

    is_counted: bool = False
    bases: int = 0
    documents: int = 0
    bots: int = 0
    answers: int = 0
    bot_drafts: int = 0
    recent_bots: list[RecentRow] = []
    recent_bases: list[RecentRow] = []
    next_draft: str = ""

    @rx.var
    def steps_done(self) -> int:
        """How many of the three first steps are behind the workspace."""
        return sum((self.bases > 0, self.bots + self.bot_drafts > 0, self.bots > 0))

    @rx.event
    async def load(self) -> None:
        """Count and list."""
        scope = await self.scope()
        async with self.works.open(scope, read_only=True) as work:
            bases = (await KnowledgeService(work).list_bases(EVERYTHING)).items
            bots = (await BotService(work).list_bots(EVERYTHING, browser_url=runtime.current().browser_url)).items
        drafts = await BotDraftService(self.works, scope).list_drafts()
        base_drafts = await KnowledgeDraftService(self.works, scope).list_drafts()
        today = utc_now().date()
        async with self.works.open(scope, read_only=True) as work:
            report = await AnalyticsService(work).report(
                today - timedelta(days=RECENT_DAYS - 1), today, runtime.current().prices
            )
        self.answers = report.total.answers
        self.bases, self.bots, self.bot_drafts = len(bases), len(bots), len(drafts)
        self.documents = sum(base.documents.total for base in bases)
        self.recent_bots = _bot_rows(bots, drafts)
        self.recent_bases = _base_rows(bases, base_drafts)
        self.next_draft = routes.chatbot_builder(str(drafts[0].draft_id)) if drafts else ""
        self.is_counted = True


def _bot_rows(bots: Sequence[BotView], drafts: Sequence[BotDraftView]) -> list[RecentRow]:
    now = utc_now()
    pending = [
        RecentRow(
            title=draft.config.name or "Untitled chatbot",
            href=routes.chatbot_builder(str(draft.draft_id)),
            meta=f"Edited {say_ago(draft.updated_at, now=now)}",
            status="Draft",
            tone="neutral",
        )
        for draft in drafts
    ]
    live = [
        RecentRow(
            title=bot.name,
            href=routes.chatbot(str(bot.id)),
            meta=f"Version {bot.version}, made {say_ago(bot.created_at, now=now)}",
            status="Live",
            tone="good",
        )
        for bot in bots
    ]
    return [*pending, *live][:MOST_RECENT]


def _base_rows(bases: Sequence[KnowledgeBaseView], drafts: Sequence[KnowledgeDraftView]) -> list[RecentRow]:
    now = utc_now()
    pending = [
        RecentRow(
            title=draft.name or "Untitled knowledge base",
            href=routes.new_knowledge_base(str(draft.draft_id)),
            meta="Not created yet",
            status="Draft",
            tone="neutral",
        )
        for draft in drafts
    ]
    made = [
        RecentRow(
            base.name,
            routes.knowledge_base(str(base.id)),
            f"{say_count(base.documents.total, 'document')}, made {say_ago(base.created_at, now=now)}",
            *base_status(base.status),
        )
        for base in bases
    ]
    return [*pending, *made][:MOST_RECENT]
