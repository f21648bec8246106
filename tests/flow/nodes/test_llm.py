"""A language model with the author's own prompt."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.ports import Tokens
from privexbot_app.flow.testing import FakeModels, FlowFailedError, FlowTest
from privexbot_app.kit.errors import UpstreamFailedError
from tests.flow.drawing import flow


class BreakingModels:
    """Says something and fails, every time."""

    def __init__(self) -> None:
        self.calls = 0

    async def stream(self, prompt):
        self.calls += 1
        yield "Your order "
        raise UpstreamFailedError("The model is gone.", code="model_unreachable")


def flow_with(**config):
    return flow("start > llm, llm > say", llm=("llm", config), say=("reply", {"text": "({{llm.text}})"}))


async def test_the_visitor_reads_the_answer_while_it_is_written():
    models = FakeModels(["Good morning to you."])
    talk = FlowTest(flow_with(system="You are {{sys.date}}.", prompt="Greet: {{start.message}}"), models=models)
    assert await talk.say("hi") == "Good morning to you. \n\n(Good morning to you.)"
    assert models.prompts[0].messages == (("system", "You are 2026-01-05."), ("user", "Greet: hi"))
    assert talk.events[-1].tokens == Tokens(2, 4)
    assert talk.runs[1].tokens == Tokens(2, 4)


async def test_a_silent_model_says_nothing_itself():
    assert await FlowTest(flow_with(is_shown=False), models=FakeModels(["Yes"])).say("hi") == "(Yes)"


async def test_the_model_sees_as_much_of_the_talk_as_it_may():
    models = FakeModels()
    talk = FlowTest(flow_with(history=2), models=models)
    for word in ("one", "two", "three"):
        await talk.say(word)
    assert models.prompts[2].messages[0] == ("user", "two")
    assert models.prompts[2].messages[-1] == ("user", "three")
    silent = FakeModels()
    talk = FlowTest(flow_with(history=0), models=silent)
    for word in ("one", "two"):
        await talk.say(word)
    assert silent.prompts[1].messages == (("user", "two"),)


async def test_the_choice_of_the_model_is_passed_on():
    models = FakeModels()
    await FlowTest(flow_with(provider="openai_like", model="small", temperature=0.9, max_tokens=7), models=models).say(
        "x"
    )
    asked = models.prompts[0]
    assert (asked.provider, asked.model, asked.temperature, asked.max_tokens) == ("openai_like", "small", 0.9, 7)


async def test_an_answer_that_breaks_off_is_not_begun_again():
    models = BreakingModels()
    drawn = flow("start > llm", llm=("llm", {}, {"policy": {"retries": 3, "retry_delay_seconds": 0}}))
    with pytest.raises(FlowFailedError, match="model_broke_off"):
        await FlowTest(drawn, models=models).say("x")
    assert models.calls == 1


async def test_a_silent_model_is_asked_again():
    models = BreakingModels()
    drawn = flow("start > llm", llm=("llm", {"is_shown": False}, {"policy": {"retries": 2, "retry_delay_seconds": 0}}))
    with pytest.raises(FlowFailedError, match="model_unreachable"):
        await FlowTest(drawn, models=models).say("x")
    assert models.calls == 3


def test_a_prompt_is_needed():
    assert "prompt_empty" in [problem.code for problem in check(flow_with(prompt=" "))]
