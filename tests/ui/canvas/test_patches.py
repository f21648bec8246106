"""What a gesture changed becomes part of the graph, once or twice over; what cannot be part of one is refused."""

import pytest

from privexbot_app.flow.spec import GraphSpec
from privexbot_app.ui.canvas import PatchInvalidError, apply_patch, read_graph, read_patch

START = {"id": "start", "type": "trigger", "position": {"x": 0, "y": 0}}
REPLY = {"id": "reply", "type": "reply", "config": {"text": "Hello"}, "position": {"x": 300, "y": 0}}
EDGE = {"id": "start:out-reply", "source": "start", "source_port": "out", "target": "reply"}


@pytest.fixture
def graph() -> GraphSpec:
    return GraphSpec.model_validate({"nodes": [START, REPLY], "edges": [EDGE]})


def test_a_moved_node_keeps_all_but_its_place(graph: GraphSpec):
    patch = read_patch({"nodes": {"put": [{"id": "reply", "position": {"x": 4, "y": 8}}]}})
    after = apply_patch(graph, patch)
    assert [node.id for node in after.nodes] == ["start", "reply"]
    assert (after.nodes[1].position.x, after.nodes[1].config) == (4, {"text": "Hello"})
    assert graph.nodes[1].position.x == 300


def test_a_new_node_and_its_connection_come_last(graph: GraphSpec):
    end = {"id": "end", "type": "end"}
    edge = {"id": "reply:out-end", "source": "reply", "target": "end"}
    after = apply_patch(graph, read_patch({"nodes": {"put": [end]}, "edges": {"put": [edge]}}))
    assert [node.id for node in after.nodes] == ["start", "reply", "end"]
    assert after.edges[-1].target == "end"


def test_a_patch_that_arrives_twice_changes_nothing_more(graph: GraphSpec):
    patch = read_patch(
        {
            "nodes": {"put": [{"id": "end", "type": "end"}], "drop": ["reply"]},
            "edges": {"drop": ["start:out-reply"]},
            "channels": ["web"],
        }
    )
    once = apply_patch(graph, patch)
    assert apply_patch(once, patch) == once
    assert ([node.id for node in once.nodes], once.edges, once.channels) == (["start", "end"], [], ["web"])


@pytest.mark.parametrize(
    "patch",
    [
        {"nodes": {"put": [{"id": "unknown", "position": {"x": 0, "y": 0}}]}},
        {"nodes": {"put": [{"id": "1 bad id", "type": "reply"}]}},
        {"nodes": {"put": [{"id": "reply", "policy": {"retries": 99}}]}},
        {"limits": {"steps": -1}},
    ],
)
def test_what_cannot_be_part_of_a_flow_is_refused_by_name(graph: GraphSpec, patch: dict[str, object]):
    with pytest.raises(PatchInvalidError) as caught:
        apply_patch(graph, read_patch(patch))
    assert caught.value.problems


@pytest.mark.parametrize("raw", [None, [], {"nodes": []}, {"anything": 1}, {"nodes": {"put": "all"}}])
def test_garbage_is_no_patch(raw: object):
    with pytest.raises(PatchInvalidError):
        read_patch(raw)


def test_garbage_is_no_graph():
    with pytest.raises(PatchInvalidError):
        read_graph({"nodes": "many"})
