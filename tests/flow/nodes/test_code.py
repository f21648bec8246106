"""A little Python; the interpreter itself is tested with its kind."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.ports import CodeLimits
from privexbot_app.flow.testing import FakeCode, FlowFailedError, FlowTest
from tests.flow.drawing import flow


def flow_with(**config):
    outputs = {
        "result": "{{code.result}}",
        **{one["name"]: f"{{{{code.{one['name']}}}}}" for one in config.get("given", [])},
    }
    return flow(
        "start > code, code > end",
        {"n": 7},
        code=("code", {"source": "n", **config}),
        end=("end", {"outputs": outputs}),
    )


async def test_code_sees_its_inputs_with_their_types_and_never_a_visitors_words_as_code():
    seen = []
    code = FakeCode(lambda source, inputs: seen.append((source, inputs)))
    inputs = {"n": "{{vars.n}}", "text": "{{start.message}}"}
    await FlowTest(flow_with(source="n + 1", inputs=inputs), code=code).say("__import__('os')")
    assert seen == [("n + 1", {"n": 7, "text": "__import__('os')"})]


async def test_keys_of_the_result_become_values():
    code = FakeCode({"a": 1, "b": [2], "c": 3})
    talk = FlowTest(flow_with(given=[{"name": "a"}, {"name": "b", "type": "list"}]), code=code)
    await talk.say("x")
    assert talk.outputs == {"a": 1, "b": [2], "result": {"a": 1, "b": [2], "c": 3}}


async def test_a_result_without_keys_fails_where_keys_are_expected():
    with pytest.raises(FlowFailedError, match="code_result"):
        await FlowTest(flow_with(given=[{"name": "a"}]), code=FakeCode(5)).say("x")


async def test_limits_are_passed_on():
    seen = []

    class Runner:
        async def run(self, source, inputs, limits):
            seen.append(limits)

    await FlowTest(flow_with(seconds=0.5, megabytes=16), code=Runner()).say("x")
    assert seen == [CodeLimits(seconds=0.5, megabytes=16)]


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"source": " "}, "code_empty"),
        ({"source": "x = '{{start.message}}'"}, "code_reference"),
        ({"inputs": {"class": "1"}}, "code_name"),
    ],
)
def test_code_that_cannot_run_is_a_problem(config, code):
    assert code in [problem.code for problem in check(flow_with(**config))]
