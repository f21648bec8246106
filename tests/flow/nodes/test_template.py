"""Texts with loops and conditions."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.testing import FakeWeb, FlowTest
from privexbot_app.kit.errors import PrivexError
from tests.flow.drawing import flow

ITEMS = [{"name": "Tea", "price": 3}, {"name": "Cake", "price": 4.5}]


async def fill(source: str, **variables):
    drawn = flow(
        "start > fill, fill > end",
        variables,
        fill=("template", {"source": source}),
        end=("end", {"outputs": {"value": "{{fill.value}}", "text": "{{fill.text}}"}}),
    )
    talk = FlowTest(drawn)
    await talk.say("<b>hi</b>")
    return talk.outputs["value"]


async def test_a_template_loops_and_chooses():
    source = (
        "{% for item in vars.items %}{% if item.price > 3 %}{{ item.name }}: {{ item.price }}{% endif %}{% endfor %}"
    )
    assert await fill(source, items=ITEMS) == "Cake: 4.5"


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{{ vars.items }}", ITEMS),
        ("{{ vars.items | size }}", 2),
        ("{{ vars.items | map: 'name' }}", ["Tea", "Cake"]),
        ("{{ vars.items | json }}!", '[{"name": "Tea", "price": 3}, {"name": "Cake", "price": 4.5}]!'),
        ("{{ start.message }}", "<b>hi</b>"),
        ("{{ vars.nobody.at_home }}", ""),
        ("[{{ vars.nobody }}]", "[]"),
        ("{{ 'now' }}-{{ start.message | upcase }}", "now-<B>HI</B>"),
    ],
)
async def test_one_expression_keeps_its_type_and_nothing_is_escaped(source, value):
    assert await fill(source, items=ITEMS) == value


async def test_a_visitors_words_are_no_template():
    drawn = flow("start > fill", fill=("template", {"source": "You said {{ start.message }}", "is_shown": True}))
    assert await FlowTest(drawn).say("{{ vars }}{% assign x = 1 %}") == "You said {{ vars }}{% assign x = 1 %}"


@pytest.mark.parametrize(
    "source", ["{{ start.message }}", "{% assign host = vars.name %}{{ host }}", "x{{ vars[vars.key] }}"]
)
async def test_what_a_template_makes_of_strangers_words_stays_tainted(source):
    drawn = flow(
        "start > keep, keep > fill, fill > call",
        {"name": "", "key": "name"},
        keep=("set_variable", {"assignments": [{"name": "name", "value": "{{start.message}}"}]}),
        fill=("template", {"source": source}),
        call=("http_request", {"url": "https://{{fill.text}}/"}),
    )
    with pytest.raises(AssertionError, match="tainted_value"):
        await FlowTest(drawn, web=FakeWeb()).say("evil.example")


def codes(source: str) -> list[str]:
    return [problem.code for problem in check(flow("start > fill", fill=("template", {"source": source})))]


def test_what_is_wrong_with_a_template_is_known_before_it_runs():
    assert codes(" ") == ["template_empty"]
    assert codes("{% if %}") == ["template_invalid"]
    assert codes("{{ start.message | explode }}") == ["template_invalid"]
    assert codes("{% include 'other' %}") == ["template_invalid"]
    assert codes("{{ nobody.name }}") == ["reference_unknown"]
    assert codes("{% for item in start.attachments %}{{ item.name }}{% endfor %}") == []


async def test_what_cannot_be_filled_in_has_a_code():
    with pytest.raises((PrivexError, AssertionError), match="template_failed"):
        await fill("{{ 1 | divided_by: 0 }}")
