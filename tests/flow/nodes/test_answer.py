"""Answers from knowledge bases."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.events import Cited
from privexbot_app.flow.ports import Tokens
from privexbot_app.flow.testing import FakeAnswers, FakeKnowledge, FlowFailedError, FlowTest
from tests.flow.drawing import flow

KNOWLEDGE = FakeKnowledge(["Refunds take 30 days"])


def flow_with(**config):
    return flow(
        "start > answer, answer > end, answer:fallback > sorry"
        if config.get("has_fallback")
        else "start > answer, answer > end",
        answer=("answer", {"knowledge_bases": ["kb-1"], **config}),
        end=("end", {"outputs": {"is_supported": "{{answer.is_supported}}", "text": "{{answer.text}}"}}),
        sorry=("reply", {"text": "Ask a colleague."}),
    )


async def test_an_answer_is_said_and_cited():
    talk = FlowTest(flow_with(persona="You are {{sys.date}}."), knowledge=KNOWLEDGE)
    assert await talk.say("refunds when") == "Refunds take 30 days [1]"
    assert talk.outputs == {"is_supported": True, "text": "Refunds take 30 days [1]"}
    assert [one.document_id for event in talk.events if isinstance(event, Cited) for one in event.found] == ["doc-1"]
    assert talk.events[-1].tokens == Tokens(10, 5)
    assert talk.runs[1].outputs["sources"][0]["title"] == "Handbook"


async def test_the_port_gets_the_talk_and_the_authors_wishes():
    answers = FakeAnswers(KNOWLEDGE)
    talk = FlowTest(flow_with(grounding="guided", persona="Be brief.", limit=2), answers=answers)
    await talk.say("refunds")
    await talk.say("and in winter")
    asked = answers.inquiries[1]
    assert [turn.content for turn in asked.history] == ["refunds", "Refunds take 30 days [1]"]
    assert (asked.grounding, asked.persona, asked.search.limit, asked.search.text) == (
        "guided", "Be brief.", 2, "and in winter",
    )  # fmt: skip


async def test_a_refusal_is_said_unless_there_is_a_fallback():
    assert await FlowTest(flow_with(), knowledge=KNOWLEDGE).say("hello") == "The documents do not say."
    talk = FlowTest(flow_with(has_fallback=True), knowledge=KNOWLEDGE)
    assert await talk.say("hello") == "Ask a colleague."


async def test_a_silent_answer_is_for_the_nodes_behind_it():
    talk = FlowTest(flow_with(is_shown=False), knowledge=KNOWLEDGE)
    assert await talk.say("refunds") == ""
    assert talk.outputs["text"] == "Refunds take 30 days [1]"


async def test_where_there_are_no_knowledge_bases_it_says_so():
    with pytest.raises(FlowFailedError, match="answers_unavailable"):
        await FlowTest(flow_with(), answers=None).say("x")


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"knowledge_bases": []}, "knowledge_base_missing"),
        ({"question": ""}, "question_empty"),
        ({"has_fallback": True, "grounding": "guided"}, "fallback_not_strict"),
    ],
)
def test_an_answer_that_cannot_be_given_is_a_problem(config, code):
    assert code in [problem.code for problem in check(flow_with(**config))]
