"""A flow within a flow."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.testing import FakeFlows, FlowFailedError, FlowTest
from tests.flow.drawing import flow

INNER = flow(
    "start > ask, ask > end",
    {"who": "?"},
    ask=("ask", {"text": "Colour, {{vars.who}}?"}),
    end=("end", {"outputs": {"colour": "{{ask.answer}}", "outside": "{{vars.secret}}"}}),
).model_dump(mode="json")


def flow_with(**config):
    return flow(
        "start > inner, inner > say",
        {"secret": "hidden"},
        inner=("subflow", {"chatflow_id": "other", "inputs": {"who": "Ada"}, "given": ["colour"], **config}),
        say=("reply", {"text": "{{inner.colour}} {{inner.values}}"}),
    )


async def test_it_asks_waits_and_gives_back_and_sees_nothing_but_its_inputs():
    talk = FlowTest(flow_with(), flows=FakeFlows({"other": INNER}))
    assert await talk.say("hello") == "Colour, Ada?"
    assert await talk.say("blue") == 'blue {"colour": "blue", "outside": null}'


async def test_a_flow_of_another_workspace_is_a_missing_one():
    with pytest.raises(FlowFailedError, match="chatflow_not_found"):
        await FlowTest(flow_with(chatflow_id="foreign"), flows=FakeFlows({"other": INNER})).say("x")


async def test_a_flow_that_calls_itself_is_stopped():
    itself = flow("start > inner", inner=("subflow", {"chatflow_id": "itself"}))
    flows = FakeFlows({"itself": itself.model_dump(mode="json")})
    with pytest.raises(FlowFailedError, match="flow_steps_spent"):
        await FlowTest(itself, flows=flows).say("x")


def test_a_flow_must_be_chosen():
    assert "chatflow_missing" in [one.code for one in check(flow_with(chatflow_id=""))]
