"""Branching by a value."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.testing import FlowTest
from tests.flow.drawing import flow

CASES = [{"id": "eu", "values": ["de", "fr"]}, {"id": "one", "values": ["1", "{{vars.other}}"]}]


@pytest.mark.parametrize(("message", "said"), [("FR", "eu"), (" 1.0 ", "one"), ("two", "one"), ("it", "else")])
async def test_the_first_case_that_names_the_value_is_taken(message, said):
    drawn = flow(
        "start > by, by:eu > a, by:one > a, by:else > a",
        {"other": "TWO"},
        by=("switch", {"value": "{{start.message}}", "cases": CASES}),
        a=("reply", {"text": "{{by.case}}"}),
    )
    assert await FlowTest(drawn).say(message) == said


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"cases": CASES}, "switch_value_missing"),
        ({"value": "x"}, "case_missing"),
        ({"value": "x", "cases": [CASES[0], CASES[0]]}, "case_twice"),
    ],
)
def test_a_switch_that_leads_nowhere_is_a_problem(config, code):
    assert code in [problem.code for problem in check(flow("start > by", by=("switch", config)))]
