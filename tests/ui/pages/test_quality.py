import inspect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from privexbot_app.domains.evaluations.schemas import GoldenRunView
from privexbot_app.domains.evaluations.states import RunStatus
from privexbot_app.kit.errors import UnauthenticatedError
from privexbot_app.ui.knowledge.golden import last_finished, recall_points, run_row
from privexbot_app.ui.pages.knowledge_base.quality.state import QualityState
from privexbot_app.ui.pages.knowledge_base.state import BaseState
from tests.api.test_story import make_base
from tests.installation import Installation, Person
from tests.ui.pages.test_knowledge import page_of
from tests.ui.tab import Tab, fire

ONLY_SHOWS = {"open_golden_dialog", "close_golden_dialog", "ask_forget", "keep_golden"}
BERTH = {"question": "What does a berth cost?", "expected_phrases": "24 euros\n\n€ 24", "expected_document": ""}


def handlers() -> Iterator[Any]:
    for name, handler in QualityState.event_handlers.items():
        if name in vars(QualityState) and name != "setvar" and name not in ONLY_SHOWS:
            yield pytest.param(handler, id=name)


@pytest.mark.parametrize("handler", handlers())
async def test_a_stranger_is_refused(installation: Installation, handler: Any):
    names = list(inspect.signature(handler.fn).parameters)[1:]
    with pytest.raises(UnauthenticatedError):
        await fire(Tab().state(QualityState), handler, *({"form": {}}.get(name, "x") for name in names))


async def quality_of(installation: Installation, person: Person, base_id: str) -> QualityState:
    """The tab of a knowledge base, opened."""
    state = await page_of(installation, person, f"/knowledge/{base_id}", QualityState)
    await fire(state, QualityState.open_quality)
    return state


async def test_a_question_is_added_run_and_found(installation: Installation, ann: Person):
    state = await quality_of(installation, ann, await make_base(installation, ann))
    await fire(state, QualityState.add_golden, BERTH)
    assert [(row.expected, row.outcome) for row in state.golden] == [("“24 euros” or “€ 24”", "untried")]
    await fire(state, QualityState.start_run)
    assert [(row.outcome_words, "24 euros" in row.answer) for row in state.golden] == [("Found at place 1", True)]
    assert state.figures_of_run == ["100 %", "1.00", "0"]
    assert [row.recall for row in state.runs] == ["100 %"]


async def test_a_question_that_expects_nothing_says_what_is_missing(installation: Installation, ann: Person):
    state = await quality_of(installation, ann, await make_base(installation, ann))
    await fire(state, QualityState.add_golden, {"question": "Why?", "expected_phrases": " \n"})
    assert state.golden_problems == {"": "Say which phrase, or which document, must be found."}
    await fire(state, QualityState.add_golden, {"question": "", "expected_phrases": "24"})
    assert set(state.golden_problems) == {"question"}


async def test_an_import_names_every_wrong_line_and_adds_nothing(installation: Installation, ann: Person):
    state = await quality_of(installation, ann, await make_base(installation, ann))
    content = "question,phrases,document\n,24,\nWhen is it open?,8:30,\nWho?,,\n"
    await fire(state, QualityState.import_golden, {"content": content})
    assert state.line_problems == [
        "Line 2: The question is empty.",
        "Line 4: It names neither a phrase nor a document to be found.",
    ]
    assert state.golden_total == 0


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "question,phrases,document\n", "x" * 300_001])
async def test_a_text_without_questions_is_refused_in_the_dialog(installation: Installation, ann: Person, content: str):
    state = await quality_of(installation, ann, await make_base(installation, ann))
    await fire(state, QualityState.import_golden, {"content": content})
    assert (set(state.golden_problems), state.golden_total) == ({"content"}, 0)


async def test_a_changed_answer_is_shown_beside_the_earlier_one(installation: Installation, ann: Person):
    state = await quality_of(installation, ann, await make_base(installation, ann))
    await fire(state, QualityState.import_golden, {"content": "question,phrases,document\nA berth?,24 euros,\n"})
    await fire(state, QualityState.start_run)
    before = state.golden[0].answer
    await fire(state, BaseState.set_enabled, state.documents[0].id, False)
    await fire(state, QualityState.start_run)
    await fire(state, QualityState.choose_outcome, "changed")
    assert [(row.earlier, row.outcome) for row in state.golden] == [(before, "missed")]
    assert state.golden[0].answer != before
    assert state.recall_line == "0.0,0.0 240.0,48.0"


async def test_the_gate_says_whether_the_last_run_passes_it(installation: Installation, ann: Person):
    state = await quality_of(installation, ann, await make_base(installation, ann))
    await fire(state, QualityState.switch_gate, True)
    assert (state.gate_is_on, state.gate_percent, state.gate_verdict) == (True, 80, "waiting")
    await fire(state, QualityState.add_golden, BERTH)
    await fire(state, QualityState.start_run)
    assert state.gate_verdict == "passed"
    await fire(state, QualityState.change_minimum, "101")
    assert (state.gate_problem, state.gate_percent) == ("A number from 1 to 100.", 80)
    await fire(state, QualityState.switch_gate, False)
    assert (state.gate_is_on, state.gate_verdict) == (False, "")


async def test_a_deleted_question_is_gone(installation: Installation, ann: Person):
    state = await quality_of(installation, ann, await make_base(installation, ann))
    await fire(state, QualityState.add_golden, BERTH)
    await fire(state, QualityState.ask_forget, state.golden[0].id)
    assert state.forgetting == "What does a berth cost?"
    await fire(state, QualityState.forget_golden)
    assert (state.golden, state.golden_total) == ([], 0)


async def test_many_questions_come_in_pages(installation: Installation, ann: Person):
    state = await quality_of(installation, ann, await make_base(installation, ann))
    lines = "".join(f"Question {number}?,24,\n" for number in range(60))
    await fire(state, QualityState.import_golden, {"content": f"question,phrases,document\n{lines}"})
    assert (len(state.golden), state.golden_page_words) == (50, "Page 1 of 2")
    await fire(state, QualityState.turn_golden, 1)
    assert (len(state.golden), state.golden_page_words) == (10, "Page 2 of 2")
    await fire(state, QualityState.turn_golden, 1)
    assert state.golden_page == 2


def run(status: RunStatus, recall: float, *, minutes_ago: int) -> GoldenRunView:
    moment = datetime(2030, 1, 1, 12, tzinfo=UTC) - timedelta(minutes=minutes_ago)
    return GoldenRunView(
        id=UUID(int=minutes_ago),
        status=status,
        question_count=2,
        recall=recall,
        mean_reciprocal_rank=recall,
        changed_answers=0,
        created_at=moment,
        finished_at=None,
        results=[],
    )


def test_unfinished_runs_are_listed_but_not_drawn():
    runs = [
        run(RunStatus.RUNNING, 0, minutes_ago=1),
        run(RunStatus.FINISHED, 1.0, minutes_ago=2),
        run(RunStatus.FAILED, 0, minutes_ago=3),
        run(RunStatus.FINISHED, 0.5, minutes_ago=4),
    ]
    assert recall_points(runs) == "0.0,24.0 240.0,0.0"
    assert last_finished(runs) == runs[1]
    row = run_row(runs[0], now=datetime(2030, 1, 1, 12, tzinfo=UTC))
    assert (row.status, row.recall, row.ago) == ("Running", "–", "1 minute ago")
