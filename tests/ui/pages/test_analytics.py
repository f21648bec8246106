"""The page of figures: nothing at first, then figures, and an answer that goes through review."""

import pytest

from privexbot_app.ui.pages.analytics.state import AnalyticsState
from tests.api.test_story import make_base, make_bot
from tests.domains.test_analytics import ANSWERED, REFUSED, needs_model, say
from tests.installation import Installation, Person
from tests.ui.tab import fire, opened_tab


@pytest.fixture
async def state(installation: Installation, ann: Person) -> AnalyticsState:
    return (await opened_tab(installation, ann)).state(AnalyticsState)


async def test_a_new_workspace_has_nothing_to_show(state: AnalyticsState):
    await fire(state, AnalyticsState.load)
    assert (state.is_read, state.has_figures, state.groups, state.waiting) == (True, False, [], [])


@needs_model
async def test_figures_appear_and_an_answer_is_written_and_accepted(
    installation: Installation, ann: Person, state: AnalyticsState
):
    bot = await make_bot(installation, ann, await make_base(installation, ann))
    for question in (ANSWERED, REFUSED):
        await say(installation, bot["bot_id"], question)
    await fire(state, AnalyticsState.load)
    assert (state.total.answers, state.total.refused, state.visitors) == ("2", "50 %", "2")
    assert (len(state.chart), len(state.days), state.by_bot[0].name) == (30, 1, "Harbour bot")
    assert [group.question for group in state.groups] == [REFUSED]

    await fire(state, AnalyticsState.write, 0)
    await fire(state, AnalyticsState.propose, {"question": state.question, "answer": " "})
    assert state.problem
    await fire(state, AnalyticsState.propose, {"question": state.question, "answer": "The crew of the Petrel won."})
    assert (state.is_writing, state.groups, len(state.waiting)) == (False, [], 1)

    await fire(state, AnalyticsState.accept, state.waiting[0].id)
    assert state.waiting == []
    assert "Petrel" in (await say(installation, bot["bot_id"], REFUSED))["response"]


async def test_a_bot_and_a_period_are_chosen(installation: Installation, ann: Person, state: AnalyticsState):
    first = await make_bot(installation, ann, await make_base(installation, ann), name="First")
    second = await make_bot(installation, ann, await make_base(installation, ann), name="Second")
    await say(installation, first["bot_id"], ANSWERED)
    await fire(state, AnalyticsState.choose_bot, second["bot_id"])
    assert state.total.answers == "0"
    await fire(state, AnalyticsState.choose_bot, first["bot_id"])
    await fire(state, AnalyticsState.choose_period, "7")
    assert (state.total.answers, len(state.chart)) == ("1", 7)
    assert f"bot_id={first['bot_id']}" in state.export_href
