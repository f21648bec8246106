"""Analytics: what counts and what does not, days that are counted once, questions by meaning, answers, funnels."""

import csv
import io
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import event

from privexbot_app.domains.analytics.jobs import roll_up, roll_up_everywhere
from privexbot_app.domains.analytics.models import AnalyticsDay, AnalyticsProgress
from privexbot_app.domains.analytics.prices import ModelPrice
from privexbot_app.domains.analytics.repository import DayRepository, ProgressRepository
from privexbot_app.domains.analytics.service import AnalyticsService
from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.domains.conversations.repository import ConversationRepository, MessageRepository
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.scope import Scope
from tests.api.test_chatflows import ASKER, make_flow, talk
from tests.api.test_story import make_base, make_bot
from tests.installation import ON_BOTH_DATABASES, Installation, Person

STATS = "/api/v1/analytics"
ANSWERED = "What does a berth for one night cost?"
REFUSED = "Who won the regatta in 1987?"
needs_model = pytest.mark.skipif(
    not (Path(__file__).resolve().parents[2] / ".models" / "minilm" / "minilm.onnx").exists(),
    reason="the embedding model is not built",
)


def scope_of(person: Person) -> Scope:
    return scope_of_job(UUID(person.organization_id), UUID(person.workspace_id), job="test")


async def call(installation: Installation, person: Person, method: str, path: str, body: object = None, **params: str):
    response = await installation.http.request(
        method, f"{STATS}{path}", json=body, params=params, headers=person.headers
    )
    assert response.is_success, response.text
    return response.json() if response.content else None


async def say(installation: Installation, bot_id: str, message: str, **fields: object) -> dict:
    headers = fields.pop("headers", None)
    body = {"message": message, **fields}
    response = await installation.http.post(f"/api/v1/bots/{bot_id}/chat", json=body, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def rate(installation: Installation, bot_id: str, answer: dict, rating: str) -> None:
    body = {"session_id": answer["session_id"], "message_id": answer["message_id"], "rating": rating}
    response = await installation.http.post(f"/api/v1/bots/{bot_id}/feedback", json=body)
    assert response.is_success, response.text


@pytest.fixture
async def bot_id(installation: Installation, ann: Person) -> str:
    return (await make_bot(installation, ann, await make_base(installation, ann)))["bot_id"]


async def keep_past(
    installation: Installation,
    person: Person,
    bot_id: str,
    moment: datetime,
    *,
    outcome: str = "answered",
    **more: object,
) -> None:
    """A conversation of one exchange, at some time in the past."""
    scope = scope_of(person)
    async with installation.works.open(scope) as work:
        own = {"workspace_id": scope.workspace_id, "created_at": moment}
        talk = Conversation(**own, bot_id=UUID(bot_id), bot_version=1, **more)
        work.repository(ConversationRepository).add(talk)
        await work.session.flush()
        rows = work.repository(MessageRepository)
        rows.add(Message(**own, conversation_id=talk.id, role="visitor", content="A question"))
        await work.session.flush()
        tokens = {"prompt_tokens": 1000, "completion_tokens": 100, "latency_ms": 800, "model": "openai_like/small"}
        rows.add(Message(**own, conversation_id=talk.id, role="bot", content="An answer", outcome=outcome, **tokens))


@ON_BOTH_DATABASES
async def test_answers_refusals_and_thumbs_are_told_apart(installation: Installation, ann: Person, bot_id: str):
    good = await say(installation, bot_id, ANSWERED)
    bad = await say(installation, bot_id, REFUSED)
    assert (good["is_supported"], bad["is_supported"]) == (True, False)
    await say(installation, bot_id, ANSWERED, session_id=bad["session_id"])
    await rate(installation, bot_id, good, "up")

    total = (await call(installation, ann, "GET", ""))["total"]

    assert (total["conversations"], total["visitors"], total["messages"]) == (2, 2, 6)
    assert (total["answers"], total["refusals"], total["fallback_rate"]) == (3, 1, 0.3333)
    assert (total["resolved"], total["resolution_rate"]) == (2, 1.0)  # the refusal was made good
    assert (total["thumbs_up"], total["thumbs_down"]) == (1, 0)
    assert total["p50_ms"] <= total["p95_ms"]

    await rate(installation, bot_id, good, "down")
    total = (await call(installation, ann, "GET", ""))["total"]
    assert (total["resolved"], total["thumbs_up"], total["thumbs_down"]) == (1, 0, 1)


async def test_what_is_only_tried_out_never_counts(installation: Installation, ann: Person, bot_id: str):
    new = {"name": "Test", "scopes": ["bots.chat"], "is_test": True}
    key = (await installation.http.post("/api/v1/api-keys", json=new, headers=ann.headers)).json()["key"]
    bearer = {"Authorization": f"Bearer {key}"}
    body = {"model": bot_id, "messages": [{"role": "user", "content": ANSWERED}]}
    assert (await installation.http.post("/v1/chat/completions", json=body, headers=bearer)).status_code == 200
    draft = (await installation.http.post("/api/v1/chatbots/draft", json={"name": "D"}, headers=ann.headers)).json()
    tried = f"/api/v1/chatbots/draft/{draft['draft_id']}/test"
    assert (await installation.http.post(tried, json={"message": REFUSED}, headers=ann.headers)).status_code == 200
    await keep_past(installation, ann, bot_id, utc_now(), outcome="refused", is_test=True)

    report = await call(installation, ann, "GET", "")

    assert report["total"]["messages"] == report["total"]["conversations"] == 0
    assert await call(installation, ann, "GET", "/questions") == []
    assert await call(installation, ann, "GET", "/unanswered") == []


async def test_figures_of_another_workspace_are_none(installation: Installation, ann: Person, bob: Person, bot_id: str):
    await say(installation, bot_id, ANSWERED)
    report = await call(installation, bob, "GET", "", bot_id=bot_id)
    assert (report["total"]["messages"], report["bots"]) == (0, [])


@ON_BOTH_DATABASES
async def test_days_that_are_over_are_counted_once_and_say_the_same(
    installation: Installation, ann: Person, bot_id: str
):
    now = utc_now()
    for days in (0, 1, 1, 2, 40):
        await keep_past(installation, ann, bot_id, now - timedelta(days=days), visitor_id="kim")
    await keep_past(installation, ann, bot_id, now - timedelta(days=2), outcome="refused")
    period = {"start": str(now.date() - timedelta(days=60)), "end": str(now.date())}
    before = await call(installation, ann, "GET", "", **period)
    assert (before["total"]["conversations"], before["total"]["visitors"]) == (6, 2)
    assert [day["conversations"] for day in before["days"][-3:]] == [2, 2, 1]

    await roll_up_everywhere(installation.works)
    assert await call(installation, ann, "GET", "", **period) == before
    for _ in range(2):
        await roll_up(installation.works, scope_of(ann))
        async with installation.works.open(scope_of(ann)) as work:
            await AnalyticsService(work).roll_up(now.date() - timedelta(days=2))
    assert await call(installation, ann, "GET", "", **period) == before

    await keep_past(installation, ann, bot_id, now)
    after = await call(installation, ann, "GET", "", **period)
    assert after["total"]["conversations"] == 7


async def test_figures_stay_when_conversations_are_forgotten(installation: Installation, ann: Person, bot_id: str):
    yesterday = utc_now() - timedelta(days=1)
    await keep_past(installation, ann, bot_id, yesterday)
    await roll_up(installation.works, scope_of(ann))
    async with installation.works.open(scope_of(ann)) as work:
        rows = work.repository(ConversationRepository)
        for row in await rows.all(rows.query()):
            await rows.delete(row.id)
    assert (await call(installation, ann, "GET", ""))["total"]["conversations"] == 1


async def test_tokens_cost_what_the_operator_says(installation: Installation, ann: Person, bot_id: str):
    await keep_past(installation, ann, bot_id, utc_now())
    today = utc_now().date()
    async with installation.works.open(scope_of(ann), read_only=True) as work:
        analytics = AnalyticsService(work)
        unknown = await analytics.report(today, today, {})
        known = await analytics.report(today, today, {"openai_like": ModelPrice(prompt=2, completion=10)})
    assert unknown.total.cost is None
    assert known.total.cost == known.bots[0].cost == 0.003


async def test_a_year_is_read_from_an_index(installation: Installation, ann: Person, bot_id: str, tmp_path: Path):
    scope, today = scope_of(ann), date(2026, 1, 1)
    async with installation.works.open(scope) as work:
        for number in range(365):
            day = today - timedelta(days=number)
            work.repository(DayRepository).add(
                AnalyticsDay(workspace_id=scope.workspace_id, bot_id=UUID(bot_id), channel="web", day=day, answers=1)
            )
        work.repository(ProgressRepository).add(AnalyticsProgress(workspace_id=scope.workspace_id, through=today))
    await keep_past(installation, ann, bot_id, datetime(2026, 1, 2, tzinfo=UTC))
    asked: list[tuple[str, tuple[object, ...]]] = []
    engine = installation.works.sessions.kw["bind"].sync_engine

    def note(connection, cursor, statement, parameters, context, many):
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    async with installation.works.open(scope, read_only=True) as work:
        report = await AnalyticsService(work).report(today - timedelta(days=364), date(2026, 1, 2), {})
    event.remove(engine, "before_cursor_execute", note)

    assert report.total.answers == 366
    with closing(sqlite3.connect(tmp_path / "privexbot.sqlite")) as connection:
        plans = [
            " ".join(str(row[-1]) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))
            for statement, parameters in asked
        ]
    assert any("SEARCH analytics_day USING INDEX" in plan and "day>?" in plan for plan in plans)
    assert any("SEARCH message USING INDEX ix_message_moment" in plan for plan in plans)
    assert not [plan for plan in plans if "SCAN message" in plan or "SCAN analytics_day" in plan]


async def test_a_period_that_is_none_is_refused(installation: Installation, ann: Person):
    for start, end in (("2026-02-01", "2026-01-01"), ("2020-01-01", "2026-01-01")):
        response = await installation.http.get(STATS, params={"start": start, "end": end}, headers=ann.headers)
        assert (response.status_code, response.json()["code"]) == (422, "period_invalid")


async def test_an_export_has_a_line_for_each_day_and_calculates_nothing(installation: Installation, ann: Person):
    bot = await make_bot(installation, ann, await make_base(installation, ann), name="=1+1")
    await say(installation, bot["bot_id"], ANSWERED)
    response = await installation.http.get(f"{STATS}/export", headers=ann.headers)
    [line] = csv.DictReader(io.StringIO(response.text))
    assert (line["bot"], line["channel"], line["answers"]) == ("'=1+1", "web", "1")
    assert response.headers["content-type"].startswith("text/csv")


async def test_questions_are_counted_whatever_their_small_words(installation: Installation, ann: Person, bot_id: str):
    for question in ("What are the opening hours?", "opening hours", "The opening hours?", REFUSED):
        await say(installation, bot_id, question)
    top = await call(installation, ann, "GET", "/questions")
    assert [one["count"] for one in top] == [3, 1]


@needs_model
async def test_questions_without_an_answer_come_together_by_meaning_and_get_one(
    installation: Installation, ann: Person, bot_id: str
):
    same = ["Can I bring my dog?", "Are dogs allowed on the boat?", "Are pets such as dogs permitted?"]
    for question in [*same, REFUSED]:
        await say(installation, bot_id, question)
    dogs, regatta = await call(installation, ann, "GET", "/unanswered")
    assert (dogs["count"], dogs["refused"], sorted(dogs["examples"])) == (3, 3, sorted(same))
    assert regatta["question"] == REFUSED

    bases = (await installation.http.get("/api/v1/kb", headers=ann.headers)).json()["items"]
    new = {
        "knowledge_base_id": bases[0]["id"],
        "question": "Are dogs allowed on the boat?",
        "answer": "Dogs are allowed on a leash.",
        "message_ids": dogs["message_ids"],
    }
    written = await call(installation, ann, "POST", "/answers", new)
    assert written["status"] == "waiting"
    assert [one["question"] for one in await call(installation, ann, "GET", "/unanswered")] == [REFUSED]
    assert not (await say(installation, bot_id, same[1]))["is_supported"]

    review = {"answer": "Dogs are allowed on the boat on a short leash."}
    accepted = await call(installation, ann, "POST", f"/answers/{written['id']}/accept", review)

    assert (accepted["status"], accepted["answer"]) == ("accepted", review["answer"])
    assert "short leash" in (await say(installation, bot_id, same[1]))["response"]
    again = await installation.http.post(f"{STATS}/answers/{written['id']}/reject", headers=ann.headers)
    assert (again.status_code, again.json()["code"]) == (409, "answer_settled")


@needs_model
async def test_a_rejected_answer_settles_nothing_and_a_dismissal_does(
    installation: Installation, ann: Person, bot_id: str
):
    answer = await say(installation, bot_id, ANSWERED)
    await rate(installation, bot_id, answer, "down")
    [group] = await call(installation, ann, "GET", "/unanswered")
    assert (group["question"], group["rated_down"]) == (ANSWERED, 1)
    bases = (await installation.http.get("/api/v1/kb", headers=ann.headers)).json()["items"]
    new = {"knowledge_base_id": bases[0]["id"], "question": "Q", "answer": "A", "message_ids": group["message_ids"]}
    written = await call(installation, ann, "POST", "/answers", new)
    assert await call(installation, ann, "GET", "/unanswered") == []

    await call(installation, ann, "POST", f"/answers/{written['id']}/reject")
    assert len(await call(installation, ann, "GET", "/unanswered")) == 1
    await call(installation, ann, "POST", "/unanswered/dismiss", {"message_ids": group["message_ids"]})
    assert await call(installation, ann, "GET", "/unanswered") == []
    waiting = await call(installation, ann, "GET", "/answers", status="waiting")
    assert waiting["items"] == []


async def test_a_funnel_shows_where_visitors_stay_away(installation: Installation, ann: Person):
    flow = await make_flow(installation, ann, ASKER)
    for name in ("Kim", None, None):
        first = await talk(installation, flow, "Hello")
        if name:
            await talk(installation, flow, name, first["session_id"])

    funnel = await call(installation, ann, "GET", f"/funnel/{flow}")

    nodes = {node["node_id"]: node for node in funnel["nodes"]}
    assert (funnel["conversations"], funnel["is_partial"]) == (3, False)
    assert (nodes["ask"]["reached"], nodes["ask"]["runs"], nodes["ask"]["waiting"]) == (3, 3, 2)
    assert sum(nodes["ask"]["ports"].values()) == 1
    assert (nodes["reply"]["reached"], nodes["reply"]["waiting"]) == (1, 0)
