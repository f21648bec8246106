"""How the workspace's bots do: figures, questions, what stayed unanswered, and the answers people write for it."""

from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.analytics.answers import AnswerService, accept
from privexbot_app.domains.analytics.exporting import export_csv
from privexbot_app.domains.analytics.funnel import read_funnel
from privexbot_app.domains.analytics.questions import list_top_questions, list_unanswered
from privexbot_app.domains.analytics.schemas import (
    AnswerReview,
    AnswerStatus,
    AnswerView,
    Dismissal,
    Funnel,
    NewAnswer,
    Report,
    TopQuestion,
    UnansweredGroup,
)
from privexbot_app.domains.analytics.service import AnalyticsService
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])

USUAL_DAYS = 30


class Period(BaseModel):
    """Days of UTC, both included."""

    start: date
    end: date


async def period(
    start: Annotated[date | None, Query(description="First day; by default 29 days before the last.")] = None,
    end: Annotated[date | None, Query(description="Last day; by default today.")] = None,
) -> Period:
    """The days that are asked about."""
    last = end or utc_now().date()
    return Period(start=start or last - timedelta(days=USUAL_DAYS - 1), end=last)


PeriodDep = Annotated[Period, Depends(period)]
Channel = Annotated[str | None, Query(max_length=50)]


@router.get("")
async def get_report(
    scope: CurrentScope, days: PeriodDep, installation: RuntimeDep, bot_id: UUID | None = None, channel: Channel = None
) -> Report:
    """Figures of a period: as a whole, by day, by bot and by channel."""
    async with installation.works.open(scope, read_only=True) as work:
        return await AnalyticsService(work).report(
            days.start, days.end, installation.prices, bot_id=bot_id, channel=channel
        )


@router.get("/export")
async def export_report(
    scope: CurrentScope, days: PeriodDep, installation: RuntimeDep, bot_id: UUID | None = None, channel: Channel = None
) -> Response:
    """The figures as CSV, a line for each day, bot and channel."""
    async with installation.works.open(scope, read_only=True) as work:
        text = await export_csv(work, days.start, days.end, installation.prices, bot_id=bot_id, channel=channel)
    headers = {"Content-Disposition": f'attachment; filename="analytics-{days.start}-{days.end}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/questions")
async def get_top_questions(
    scope: CurrentScope,
    days: PeriodDep,
    installation: RuntimeDep,
    bot_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[TopQuestion]:
    """What visitors ask most."""
    return await list_top_questions(installation.works, scope, days.start, days.end, bot_id=bot_id, limit=limit)


@router.get("/unanswered")
async def get_unanswered(
    scope: CurrentScope, days: PeriodDep, installation: RuntimeDep, bot_id: UUID | None = None
) -> list[UnansweredGroup]:
    """What the bots could not answer, put together by meaning."""
    return await list_unanswered(installation.works, scope, days.start, days.end, bot_id=bot_id)


@router.post("/unanswered/dismiss", status_code=204)
async def dismiss_unanswered(body: Dismissal, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Take questions off the list that need no answer."""
    async with installation.works.open(scope) as work:
        AnswerService(work).dismiss(body.message_ids)


@router.get("/answers")
async def list_answers(
    scope: CurrentScope, paging: Paging, installation: RuntimeDep, status: AnswerStatus | None = None
) -> Page[AnswerView]:
    """Written answers, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await AnswerService(work).list_answers(paging, status=status)


@router.post("/answers", status_code=201)
async def write_answer(body: NewAnswer, scope: CurrentScope, installation: RuntimeDep) -> AnswerView:
    """Write what a bot should have answered; it waits for somebody who may change the knowledge base."""
    async with installation.works.open(scope) as work:
        return await AnswerService(work).write(body)


@router.post("/answers/{answer_id}/accept")
async def accept_answer(
    answer_id: UUID, body: AnswerReview, scope: CurrentScope, installation: RuntimeDep
) -> AnswerView:
    """Put a written answer into its knowledge base, in these words or in its own."""
    return await accept(installation.works, scope, answer_id, body)


@router.post("/answers/{answer_id}/reject")
async def reject_answer(answer_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> AnswerView:
    """Turn a written answer down; its questions are unanswered again."""
    async with installation.works.open(scope) as work:
        return await AnswerService(work).settle(answer_id, "rejected")


@router.get("/funnel/{chatflow_id}")
async def get_funnel(chatflow_id: UUID, scope: CurrentScope, days: PeriodDep, installation: RuntimeDep) -> Funnel:
    """How far visitors get in a chatflow, node by node."""
    return await read_funnel(installation.works, scope, chatflow_id, days.start, days.end)
