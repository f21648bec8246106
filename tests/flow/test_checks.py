"""What is wrong with a flow is said before it runs, with the node and the field."""

import pytest

from privexbot_app.flow.checks import Upstreams, check, errors_of
from privexbot_app.flow.spec import EdgeSpec, GraphSpec, NodeSpec
from tests.flow.drawing import flow

SAY = ("reply", {"text": "Hello"})


def codes(graph: GraphSpec) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.node_id) for problem in check(graph)]


def test_a_sound_flow_has_no_problems():
    assert check(flow("start > say", say=SAY)) == []


def test_an_empty_flow_needs_a_start():
    assert codes(GraphSpec()) == [("trigger_missing", None)]


def test_a_flow_has_one_start_and_nothing_leads_to_it():
    drawn = flow("start > say, say > start", say=SAY, second=("trigger",))
    assert ("trigger_twice", "second") in codes(drawn)
    assert ("trigger_has_input", "start") in codes(drawn)


def test_ways_that_lead_in_a_circle_are_an_error():
    drawn = flow("start > a, a > b, b > a", a=SAY, b=SAY)
    assert ("cycle", "a") in codes(drawn)


def test_what_the_start_does_not_lead_to_is_a_warning():
    drawn = flow("start > a", a=SAY, b=SAY)
    assert codes(drawn) == [("unreachable", "b")]
    assert errors_of(drawn) == []


def test_a_branch_that_leads_nowhere_is_a_warning():
    cases = [{"id": "yes", "comparisons": [{"left": "a", "right": "b"}]}]
    drawn = flow("start > if, if:yes > a", **{"if": ("condition", {"cases": cases})}, a=SAY)
    assert codes(drawn) == [("branch_missing", "if")]


def test_a_connection_from_a_way_that_is_gone_is_an_error():
    assert ("port_unknown", "a") in codes(flow("start > a, a:gone > b", a=SAY, b=SAY))


def test_a_connection_that_leads_to_no_node_is_an_error():
    drawn = flow("start > a", a=SAY)
    drawn.edges.append(EdgeSpec(source="a", target="nobody"))
    assert ("edge_dangling", "a") in codes(drawn)


def test_a_connection_cannot_cross_the_border_of_a_loop():
    drawn = flow(
        "start > each, start > in",
        each=("loop", {"over": "times"}),
        **{"in": ("reply", {"text": "x"}, {"parent": "each"})},
    )
    assert ("edge_crosses_loop", "start") in codes(drawn)


def test_only_a_loop_holds_nodes():
    assert ("parent_not_a_loop", "b") in codes(flow("start > a", a=SAY, b=("reply", {"text": "x"}, {"parent": "a"})))


def test_a_loop_cannot_stand_in_itself():
    loop = ("loop", {"over": "times"}, {"parent": "b"})
    drawn = flow("start > a", a=loop, b=("loop", {"over": "times"}, {"parent": "a"}))
    assert "loop_inside_itself" in dict(codes(drawn))


def test_two_nodes_cannot_have_one_id_nor_a_reserved_word():
    drawn = flow("start > a", a=SAY)
    drawn.nodes.append(drawn.nodes[1])
    drawn.nodes.append(NodeSpec(id="vars", type="reply"))
    assert codes(drawn) == [("node_id_twice", "a"), ("node_id_reserved", "vars")]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("nobody.x", "reference_unknown"),
        ("start.no_such", "reference_unknown"),
        ("vars.no_such", "reference_unknown"),
        ("sys.no_such", "reference_unknown"),
        ("later.text", "reference_not_upstream"),
    ],
)
def test_a_reference_that_cannot_have_a_value_is_an_error(path, code):
    drawn = flow("start > a, a > later", a=("reply", {"text": f"x {{{{ {path} }}}}"}), later=SAY)
    assert [(problem.code, problem.node_id, problem.field) for problem in check(drawn)] == [(code, "a", "text")]


def test_references_to_what_runs_before_are_sound():
    text = "{{start.message}} {{vars.n}} {{sys.date}} {{a.text}}"
    assert check(flow("start > a, a > b", {"n": 1}, a=SAY, b=("reply", {"text": text}))) == []


def test_a_loop_sees_its_body_and_its_body_sees_what_is_before_the_loop():
    drawn = flow(
        "start > each",
        each=("loop", {"over": "until", "until": [{"left": "{{in.text}}", "right": "x"}]}),
        **{"in": ("reply", {"text": "{{start.message}} {{each.item}}"}, {"parent": "each"})},
    )
    assert check(drawn) == []
    assert Upstreams(drawn).of("in") == {"each", "start"}


def test_an_error_is_a_value_where_the_policy_lets_the_flow_go_on():
    drawn = flow(
        "start > a, a:error > b",
        a=("reply", {"text": "x"}, {"policy": {"on_error": "branch"}}),
        b=("reply", {"text": "{{a.error.code}}"}),
    )
    assert errors_of(drawn) == []


def test_a_channel_that_cannot_what_a_node_needs_is_named():
    drawn = flow("start > ask", ask=("ask", {"text": "Your photo?", "kind": "file"}))
    drawn.channels = ["web", "sms", "pigeon"]
    found = {problem.code: problem.message for problem in check(drawn)}
    assert found["channel_cannot"] == "sms cannot take files, which this node needs."
    assert found["channel_unknown"] == "There is no channel “pigeon”."


def test_unknown_types_and_wrong_fields_are_named_with_their_place():
    drawn = flow(
        "start > a, start > b, start > c", a=("no_such",), b=("reply", {"txt": "x"}), c=("loop", {"times": -1})
    )
    found = {(problem.node_id, problem.field, problem.code) for problem in check(drawn)}
    assert {
        ("a", None, "unknown_node_type"),
        ("b", "txt", "extra_forbidden"),
        ("c", "times", "greater_than_equal"),
    } <= found


def test_inside_a_loop_only_what_ran_before_can_be_used():
    drawn = flow(
        "start > each",
        each=("loop", {"over": "times"}),
        one=("reply", {"text": "{{two.text}}"}, {"parent": "each"}),
        two=("reply", {"text": "{{one.text}} {{two.text}}"}, {"parent": "each"}),
    )
    drawn.edges.append(EdgeSpec(source="one", target="two"))
    found = [(problem.code, problem.node_id, problem.message) for problem in errors_of(drawn)]
    assert [(code, id) for code, id, _ in found] == [
        ("reference_not_upstream", "one"),
        ("reference_not_upstream", "two"),
    ]
