"""Fields out of text."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.testing import FakeModels, FlowFailedError, FlowTest
from tests.flow.drawing import flow

FIELDS = [
    {"name": "city", "description": "Where to."},
    {"name": "people", "type": "number"},
    {"name": "is_urgent", "type": "boolean"},
    {"name": "class", "type": "choice", "options": ["Economy", "First"], "is_required": False},
    {"name": "wishes", "type": "list", "is_required": False},
]
GOOD = '{"city": "Rome", "people": "2", "is_urgent": "yes", "class": "first", "wishes": null}'


def flow_with(fields=FIELDS):
    outputs = {field["name"]: f"{{{{read.{field['name']}}}}}" for field in fields}
    return flow(
        "start > read, read > end", read=("llm_structured", {"fields": fields}), end=("end", {"outputs": outputs})
    )


async def test_fields_come_with_their_types():
    models = FakeModels([f"Here you are:\n```json\n{GOOD}\n```"])
    talk = FlowTest(flow_with(), models=models)
    assert await talk.say("two to Rome, fast, first class") == ""
    assert talk.outputs == {"city": "Rome", "people": 2, "is_urgent": True, "class": "First", "wishes": None}
    schema = models.prompts[0].response_schema
    assert schema["properties"]["class"]["enum"] == ["Economy", "First", None]
    assert schema["additionalProperties"] is False


async def test_a_wrong_answer_is_sent_back_once_with_what_is_wrong():
    models = FakeModels(['{"city": "Rome", "people": "some"}', GOOD])
    talk = FlowTest(flow_with(), models=models)
    await talk.say("x")
    assert talk.outputs["people"] == 2
    assert len(models.prompts) == 2
    assert "“people” must be a number" in models.prompts[1].messages[-1][1]


@pytest.mark.parametrize("answer", ["I cannot do that.", "[1, 2]", '{"city": null}', "{" * 5000])
async def test_an_answer_that_stays_wrong_fails_the_node(answer):
    with pytest.raises(FlowFailedError, match="answer_shape"):
        await FlowTest(flow_with(), models=FakeModels([answer])).say("x")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ([], "fields_missing"),
        ([{"name": "a"}, {"name": "a"}], "field_twice"),
        ([{"name": "object"}], "field_twice"),
        ([{"name": "a", "type": "choice"}], "options_missing"),
    ],
)
def test_fields_that_make_no_sense_are_a_problem(fields, code):
    drawn = flow("start > read", read=("llm_structured", {"fields": fields}))
    assert code in [problem.code for problem in check(drawn)]
