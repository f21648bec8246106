"""The loop: order, branches, waiting, repeating, failing, stopping."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from privexbot_app.flow.attempts import MOST_OUTPUT_CHARACTERS
from privexbot_app.flow.context import Context
from privexbot_app.flow.events import NodeFinished, RunFailed, RunFinished, RunPaused, Said
from privexbot_app.flow.graph import FlowInvalidError, compile_graph
from privexbot_app.flow.node import NODES, NodeConfig, NodeType, Outcome, Pause, node
from privexbot_app.flow.ports import Incoming, Tokens
from privexbot_app.flow.runner import Run
from privexbot_app.flow.testing import FlowFailedError, FlowTest, fake_ports
from privexbot_app.flow.values import LongTemplate
from privexbot_app.kit.errors import UpstreamFailedError
from tests.flow.drawing import flow

SAY = ("reply", {"text": "You said {{ start.message }}."})


@pytest.fixture
def probes(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Node types for the tests alone: one that asks, one that fails as told, one that hangs, one that gives much."""
    monkeypatch.setattr(NODES, "_is_frozen", False)
    monkeypatch.setattr(NODES, "_plugins", dict(NODES._plugins))
    about: dict[str, Any] = {"failures": 0, "calls": 0, "stopped": 0, "gate": asyncio.Event()}

    @node("probe_ask", label="", description="", icon="", category="talk")
    class Ask(NodeType):
        class Config(NodeConfig):
            text: LongTemplate = "?"

        async def run(self, config: Config, context: Context) -> Outcome | Pause:
            if context.resumed is None:
                context.say(config.text)
                return Pause(state={"asked": config.text})
            assert context.resumed.state == {"asked": config.text}
            message = context.resumed.message
            return Outcome({"answer": message.text if message else context.resumed.data["answer"]}, is_tainted=True)

    @node("probe_person", label="", description="", icon="", category="people")
    class Person(NodeType):
        Config = NodeConfig

        async def run(self, config: NodeConfig, context: Context) -> Outcome | Pause:
            return Pause("person") if context.resumed is None else Outcome(dict(context.resumed.data))

    @node("probe_fail", label="", description="", icon="", category="logic")
    class Fail(NodeType):
        Config = NodeConfig

        async def run(self, config: NodeConfig, context: Context) -> Outcome:
            about["calls"] += 1
            if about["calls"] <= about["failures"]:
                raise about.get("error", UpstreamFailedError("The shop does not answer.", code="shop_down"))
            return Outcome({"calls": about["calls"]})

    @node("probe_hang", label="", description="", icon="", category="logic")
    class Hang(NodeType):
        Config = NodeConfig

        async def run(self, config: NodeConfig, context: Context) -> Outcome:
            try:
                await about["gate"].wait()
            except asyncio.CancelledError:
                about["stopped"] += 1
                raise
            context.say("late")
            return Outcome()

    @node("probe_spend", label="", description="", icon="", category="logic")
    class Spend(NodeType):
        Config = NodeConfig

        async def run(self, config: NodeConfig, context: Context) -> Outcome:
            context.spend(Tokens(600, 600))
            return Outcome({"much": "x" * (MOST_OUTPUT_CHARACTERS + 1)} if about.get("much") else {})

    return about


async def test_a_flow_says_what_its_reply_says():
    talk = FlowTest(flow("start > say", say=SAY))
    assert await talk.say("hello") == "You said hello."
    assert [run.node_id for run in talk.runs] == ["start", "say"]
    assert talk.runs[1].inputs == {"start.message": "hello"}


async def test_two_replies_are_two_paragraphs():
    talk = FlowTest(flow("start > one, one > two", one=("reply", {"text": "One."}), two=("reply", {"text": "Two."})))
    assert await talk.say("x") == "One.\n\nTwo."


async def test_only_the_branch_that_holds_runs_and_the_meeting_point_runs_once():
    cases = [{"id": "yes", "comparisons": [{"left": "{{start.message}}", "operator": "contains", "right": "refund"}]}]
    drawn = flow(
        "start > if, if:yes > a, if:else > b, a > c, b > c",
        **{"if": ("condition", {"cases": cases})},
        a=("reply", {"text": "A"}),
        b=("reply", {"text": "B"}),
        c=("reply", {"text": "C"}),
    )
    assert await FlowTest(drawn).say("a REFUND please") == "A\n\nC"
    talk = FlowTest(drawn)
    assert await talk.say("hi") == "B\n\nC"
    assert [run.node_id for run in talk.runs] == ["start", "if", "b", "c"]


async def test_branches_run_side_by_side_and_their_words_do_not_mix(probes):
    drawn = flow("start > hang, start > say", hang=("probe_hang",), say=("reply", {"text": "first"}))
    run = Run(compile_graph(drawn), fake_ports(), Incoming("x"))
    said = []
    async for event in run.events():
        if isinstance(event, Said):
            said.append(event.text)
            probes["gate"].set()
    assert said == ["first", "\n\nlate"]


async def test_a_question_waits_and_the_answer_goes_on_behind_it(probes):
    drawn = flow(
        "start > ask, ask > say", ask=("probe_ask", {"text": "Name?"}), say=("reply", {"text": "Hi {{ask.answer}}"})
    )
    talk = FlowTest(drawn)
    assert await talk.say("hello") == "Name?"
    assert talk.is_waiting
    talk.snapshot = json.loads(json.dumps(talk.snapshot))  # as storage keeps it
    assert await talk.say("Ada") == "Hi Ada"
    assert not talk.is_waiting
    assert [run.node_id for run in talk.runs] == ["ask", "say"], "what was settled is not run again"


async def test_two_questions_take_one_message_each(probes):
    drawn = flow(
        "start > one, start > two, one > end, two > end",
        one=("probe_ask", {"text": "One?"}),
        two=("probe_ask", {"text": "Two?"}),
        end=("end", {"outputs": {"both": "{{one.answer}}{{two.answer}}"}}),
    )
    talk = FlowTest(drawn)
    assert await talk.say("x") == "One?\n\nTwo?"
    assert await talk.say("1") == ""
    await talk.say("2")
    assert talk.outputs == {"both": "12"}


async def test_a_flow_that_waits_for_a_person_is_not_woken_by_the_visitor(probes):
    drawn = flow("start > person, person > say", person=("probe_person",), say=("reply", {"text": "{{person.note}}"}))
    talk = FlowTest(drawn)
    await talk.say("help")
    await talk.say("anybody?")
    assert talk.is_waiting
    assert await talk.hand_back(note="solved") == "solved"


async def test_a_loop_goes_through_a_list_and_collects_what_each_pass_gives():
    drawn = flow(
        "start > each, each > say",
        {"names": ["Ada", "Bob"]},
        each=("loop", {"items": "vars.names"}),
        hi=("reply", {"text": "Hi {{each.item}} {{each.index}}"}, {"parent": "each"}),
        done=("end", {"outputs": {"text": "{{hi.text}}!"}}, {"parent": "each"}),
        say=("reply", {"text": "{{each.results}} {{each.count}}"}),
    )
    drawn.edges.extend(flow("hi > done", hi=("reply",), done=("end",)).edges)
    assert await FlowTest(drawn).say("x") == 'Hi Ada 0\n\nHi Bob 1\n\n["Hi Ada 0!", "Hi Bob 1!"] 2'


async def test_a_question_in_a_loop_asks_once_per_pass_and_survives_storage(probes):
    drawn = flow(
        "start > each, each > say",
        each=("loop", {"over": "times", "times": 2}),
        ask=("probe_ask", {"text": "Next?"}, {"parent": "each"}),
        keep=("end", {"outputs": {"answer": "{{ask.answer}}"}}, {"parent": "each"}),
        say=("reply", {"text": "{{each.results}}"}),
    )
    drawn.edges.extend(flow("ask > keep", ask=("end",), keep=("end",)).edges)
    talk = FlowTest(drawn)
    assert await talk.say("x") == "Next?"
    talk.snapshot = json.loads(json.dumps(talk.snapshot))
    assert await talk.say("a") == "Next?"
    talk.snapshot = json.loads(json.dumps(talk.snapshot))
    assert await talk.say("b") == '["a", "b"]'


async def test_a_loop_until_ends_when_what_its_body_gave_holds(probes):
    until = [{"left": "{{ask.answer}}", "operator": "equals", "right": "stop"}]
    drawn = flow(
        "start > each, each > say",
        each=("loop", {"over": "until", "until": until}),
        ask=("probe_ask", {"text": "More?"}, {"parent": "each"}),
        say=("reply", {"text": "{{each.count}} times"}),
    )
    talk = FlowTest(drawn)
    await talk.say("x")
    assert await talk.say("go on") == "More?"
    assert await talk.say("STOP") == "2 times"


async def test_a_loop_without_an_end_is_stopped_by_the_flows_steps():
    never = [{"left": "a", "operator": "equals", "right": "b"}]
    drawn = flow(
        "start > each",
        limits={"steps": 20},
        each=("loop", {"over": "until", "until": never, "most_passes": 500}),
        say=("reply", {"text": "again"}, {"parent": "each"}),
    )
    with pytest.raises(FlowFailedError, match="flow_steps_spent"):
        await FlowTest(drawn).say("x")


async def test_variables_live_as_long_as_the_conversation():
    add = {"assignments": [{"name": "n", "how": "add", "value": "1"}]}
    talk = FlowTest(
        flow("start > add, add > say", {"n": 0}, add=("set_variable", add), say=("reply", {"text": "{{vars.n}}"}))
    )
    assert [await talk.say("x") for _ in range(3)] == ["1", "2", "3"]


async def test_a_variable_of_one_run_is_forgotten():
    add = {"assignments": [{"name": "n", "how": "append", "value": "{{start.message}}"}]}
    drawn = flow(
        "start > add, add > say", {"n": None}, add=("set_variable", add), say=("reply", {"text": "{{vars.n}}"})
    )
    drawn.variables[0].scope = "run"
    talk = FlowTest(drawn)
    assert [await talk.say(word) for word in ("a", "b")] == ['["a"]', '["b"]']


async def test_a_service_that_fails_for_a_moment_is_asked_again(probes):
    probes["failures"] = 2
    policy = {"retries": 2, "retry_delay_seconds": 0}
    talk = FlowTest(
        flow(
            "start > shop, shop > say",
            shop=("probe_fail", {}, {"policy": policy}),
            say=("reply", {"text": "{{shop.calls}}"}),
        )
    )
    assert await talk.say("x") == "3"
    assert talk.runs[1].attempts == 3


async def test_a_wrong_request_is_not_repeated(probes):
    from privexbot_app.kit.errors import InvalidError

    probes |= {"failures": 9, "error": InvalidError("Wrong.", code="wrong")}
    policy = {"retries": 5, "retry_delay_seconds": 0}
    with pytest.raises(FlowFailedError, match="wrong at shop"):
        await FlowTest(flow("start > shop", shop=("probe_fail", {}, {"policy": policy}))).say("x")
    assert probes["calls"] == 1


@pytest.mark.parametrize(("on_error", "said"), [("branch", "sorry: shop_down"), ("continue", "went on: shop_down")])
async def test_a_failure_leaves_by_the_way_its_policy_names(probes, on_error, said):
    probes["failures"] = 1
    drawn = flow(
        "start > shop, shop:error > sorry, shop > on",
        shop=("probe_fail", {}, {"policy": {"on_error": on_error}}),
        sorry=("reply", {"text": "sorry: {{shop.error.code}}"}),
        on=("reply", {"text": "went on: {{shop.error.code}}"}),
    )
    talk = FlowTest(drawn)
    assert await talk.say("x") == said
    assert talk.runs[1].status == "failed"
    assert talk.runs[1].error == {"code": "shop_down", "message": "The shop does not answer."}


async def test_what_was_said_before_a_failure_stays_said(probes):
    probes["failures"] = 1
    talk = FlowTest(flow("start > say, say > shop", say=SAY, shop=("probe_fail",)))
    with pytest.raises(FlowFailedError, match="shop_down"):
        await talk.say("x")
    assert [event.text for event in talk.events if isinstance(event, Said)] == ["You said x."]


async def test_our_own_mistake_in_a_node_has_a_code_and_no_details(probes):
    probes |= {"failures": 1, "error": ZeroDivisionError("secret")}
    talk = FlowTest(flow("start > shop", shop=("probe_fail",)))
    with pytest.raises(FlowFailedError, match="node_crashed"):
        await talk.say("x")
    assert "secret" not in str(talk.events[-1])


async def test_a_node_that_hangs_ends_at_its_time_limit(probes):
    policy = {"timeout_seconds": 0.01, "on_error": "branch"}
    drawn = flow(
        "start > hang, hang:error > say",
        hang=("probe_hang", {}, {"policy": policy}),
        say=("reply", {"text": "{{hang.error.code}}"}),
    )
    assert await FlowTest(drawn).say("x") == "node_timeout"


async def test_a_run_ends_at_the_flows_time_limit(probes):
    drawn = flow("start > hang", hang=("probe_hang",))
    graph = compile_graph(drawn)
    object.__setattr__(graph, "limits", graph.limits.model_copy(update={"seconds": 0.01}))
    events = [event async for event in Run(graph, fake_ports(), Incoming("x")).events()]
    assert isinstance(events[-1], RunFailed)
    assert events[-1].code == "flow_seconds_spent"
    assert probes["stopped"] == 1


async def test_tokens_have_a_limit_and_are_counted(probes):
    talk = FlowTest(flow("start > a, a > b", a=("probe_spend",), b=("probe_spend",)))
    await talk.say("x")
    assert talk.events[-1].tokens == Tokens(1200, 1200)
    with pytest.raises(FlowFailedError, match="flow_tokens_spent"):
        await FlowTest(flow("start > a", limits={"tokens": 1000}, a=("probe_spend",))).say("x")


async def test_a_node_cannot_give_more_than_a_run_keeps(probes):
    probes["much"] = True
    with pytest.raises(FlowFailedError, match="node_output_too_large"):
        await FlowTest(flow("start > a", a=("probe_spend",))).say("x")


async def test_closing_the_iterator_stops_every_node(probes):
    run = Run(
        compile_graph(flow("start > a, start > b", a=("probe_hang",), b=("probe_hang",))), fake_ports(), Incoming("x")
    )
    events: AsyncIterator[Any] = run.events()
    async for event in events:
        if isinstance(event, NodeFinished):
            break
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await events.aclose()
    assert probes["stopped"] == 2


async def test_a_snapshot_of_another_flow_is_refused(probes):
    talk = FlowTest(flow("start > ask", ask=("probe_ask",)))
    await talk.say("x")
    other = FlowTest(flow("start > say", say=SAY))
    other.snapshot = talk.snapshot
    with pytest.raises(FlowFailedError, match="snapshot_invalid"):
        await other.say("y")


@pytest.mark.parametrize("snapshot", [{}, {"version": 1}, {"version": 1, "frame": {}}, {"version": 99, "frame": {}}])
async def test_a_broken_snapshot_is_refused(snapshot):
    talk = FlowTest(flow("start > say", say=SAY))
    talk.snapshot = snapshot
    with pytest.raises(FlowFailedError, match="snapshot_invalid"):
        await talk.say("y")


async def test_a_flow_with_ten_thousand_waiting_ways_does_not_recurse():
    many = {f"n{number}": ("reply", {"text": "."}) for number in range(1500)}
    ways = ", ".join(["start > if", "if:yes > n0", *(f"n{number} > n{number + 1}" for number in range(1499))])
    cases = [{"id": "yes", "comparisons": [{"left": "a", "operator": "equals", "right": "b"}]}]
    talk = FlowTest(flow(ways, **{"if": ("condition", {"cases": cases})}, **many))
    assert await talk.say("x") == ""
    assert isinstance(talk.events[-1], RunFinished)


def test_a_graph_that_has_no_meaning_is_refused_with_every_reason():
    drawn = flow("start > a", a=("reply", {"txt": "x"}), b=("no_such",), c=("loop", {"times": -1}))
    with pytest.raises(FlowInvalidError) as failed:
        compile_graph(drawn)
    fields = [problem.field for problem in failed.value.problems]
    assert fields == ["a.config.txt", "b", "c.config.times"]


async def test_nodes_that_the_start_does_not_lead_to_neither_run_nor_hold_up():
    drawn = flow("start > say, stray > say", say=SAY, stray=("reply", {"text": "never"}))
    assert await FlowTest(drawn).say("x") == "You said x."


async def test_a_paused_run_tells_for_what_it_waits(probes):
    talk = FlowTest(flow("start > ask", ask=("probe_ask",)))
    await talk.say("x")
    paused = talk.events[-1]
    assert isinstance(paused, RunPaused)
    assert (paused.wait, paused.node_id) == ("message", "ask")
