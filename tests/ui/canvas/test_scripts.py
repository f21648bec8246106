"""The canvas's pure modules, run where they run: in a browser. Its rules are those of the engine's checks."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import privexbot_app.ui.canvas
from privexbot_app.bootstrap import discover
from privexbot_app.flow.checks import Upstreams
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.ui.canvas import apply_patch, read_patch
from tests.browser import browser, new_page

__all__ = ["browser"]

FOLDER = Path(privexbot_app.ui.canvas.__file__).parent
ORIGIN = "http://canvas.test"
KINDS = "(node) => ({ is_trigger: node.type === 'trigger', is_container: node.type === 'loop' })"
PLACE = {"x": 1, "y": 2}
PORTS = "() => [{ id: 'out' }]"


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    def serve(route: Any) -> None:
        path = FOLDER / route.request.url.rsplit("/", 1)[-1]
        if path.suffix == ".js" and path.exists():
            route.fulfill(body=path.read_text(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>canvas</title>", content_type="text/html")

    with new_page(browser) as opened:
        opened.route(f"{ORIGIN}/**", serve)
        opened.goto(f"{ORIGIN}/")
        yield opened


def run(page: Page, module: str, expression: str, *arguments: Any) -> Any:
    """Evaluate an expression with a module's exports in `m` and the arguments in `a`."""
    script = f"async (a) => {{ const m = await import('/{module}.js'); return ({expression}); }}"
    return page.evaluate(script, list(arguments))


def make_flow(seed: int, *, nodes: int = 40) -> dict[str, Any]:
    """A flow with loops, branches and no circles."""
    chance = random.Random(seed)
    made: list[dict[str, Any]] = [{"id": "n0", "type": "trigger"}]
    loops: list[str | None] = [None]
    for number in range(1, nodes):
        parent = chance.choice(loops)
        kind = "loop" if chance.random() < 0.15 else "reply"
        made.append({"id": f"n{number}", "type": kind, "parent": parent, "position": {"x": number * 7, "y": number}})
        if kind == "loop":
            loops.append(f"n{number}")
    edges = []
    for later in range(1, nodes):
        earlier = [node["id"] for node in made[:later] if node.get("parent") == made[later].get("parent")]
        edges += [{"source": source, "target": f"n{later}"} for source in chance.sample(earlier, min(2, len(earlier)))]
    return GraphSpec.model_validate({"nodes": made, "edges": edges}).model_dump(mode="json")


@pytest.mark.parametrize("seed", range(8))
def test_the_variable_picker_offers_only_what_the_checks_allow_and_outside_loops_all_of_it(page: Page, seed: int):
    discover()
    flow = make_flow(seed)
    offered = run(page, "graph", "a[0].nodes.map(({ id }) => [...m.upstreamOf(a[0], id)])", flow)
    upstreams = Upstreams(GraphSpec.model_validate(flow))
    for node, found in zip(flow["nodes"], offered, strict=True):
        allowed = upstreams.of(node["id"])
        assert set(found) <= allowed
        assert node["parent"] or set(found) == allowed
        assert node["id"] not in found


@pytest.mark.parametrize("seed", range(8))
def test_what_the_browser_sends_gives_the_server_the_same_flow(page: Page, seed: int):
    before, after = make_flow(seed), make_flow(seed + 100, nodes=30)
    after["variables"] = [{"name": "x", "type": "text", "default": "1", "scope": "run", "description": ""}]
    patch = run(page, "graph", "m.diff(a[0], a[1])", before, after)
    made = apply_patch(GraphSpec.model_validate(before), read_patch(patch)).model_dump(mode="json")
    for name, items in after.items():
        assert by_id(made[name]) == by_id(items)


def by_id(items: Any) -> Any:
    is_list = isinstance(items, list) and items and isinstance(items[0], dict) and "id" in items[0]
    return {item["id"]: item for item in items} if is_list else items


def test_moving_a_node_sends_its_place_and_nothing_else(page: Page):
    flow = make_flow(1)
    moved = {**flow, "nodes": [{**node, "position": PLACE} if node["id"] == "n3" else node for node in flow["nodes"]]}
    patch = run(page, "graph", "m.diff(a[0], a[1])", flow, moved)
    assert patch == {"nodes": {"put": [{"id": "n3", "position": PLACE}], "drop": []}}


@pytest.mark.parametrize("seed", range(6))
def test_an_arranged_flow_reads_from_left_to_right_and_nothing_overlaps(page: Page, seed: int):
    made = run(page, "layout", f"m.arranged(a[0], {KINDS}, {PORTS})", make_flow(seed))
    nodes = by_id(made["nodes"])
    for edge in made["edges"]:
        assert nodes[edge["source"]]["position"]["x"] < nodes[edge["target"]]["position"]["x"]
    for one in made["nodes"]:
        for other in made["nodes"]:
            if one["id"] < other["id"] and one["parent"] == other["parent"]:
                assert are_apart(one, other), (one["id"], other["id"])
        loop = nodes.get(one["parent"])
        if loop:
            assert one["position"]["x"] + box(one)[0] <= loop["size"]["width"]
            assert one["position"]["y"] + box(one)[1] <= loop["size"]["height"]


def box(node: dict[str, Any]) -> tuple[float, float]:
    size = node["size"] or ({"width": 420, "height": 240} if node["type"] == "loop" else {"width": 232, "height": 56})
    return size["width"], size["height"]


def are_apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    (width, height), (other_width, other_height) = box(one), box(other)
    at, there = one["position"], other["position"]
    return (
        at["x"] + width <= there["x"]
        or there["x"] + other_width <= at["x"]
        or at["y"] + height <= there["y"]
        or there["y"] + other_height <= at["y"]
    )


def test_pasted_nodes_get_free_names_and_their_templates_follow(page: Page):
    flow = GraphSpec.model_validate(
        {
            "nodes": [
                {"id": "ask", "type": "reply", "config": {"text": "Name?"}},
                {
                    "id": "greet",
                    "type": "reply",
                    "config": {"text": "Hi {{ ask.answer }}, {{ vars.x }}", "from": "ask.a"},
                },
            ],
            "edges": [{"source": "ask", "target": "greet"}],
        }
    ).model_dump(mode="json")
    schema = {"properties": {"text": {"type": "string", "format": "template"}, "from": {"format": "reference"}}}
    text = run(page, "clipboard", "m.packed(a[0], new Set(['ask', 'greet']))", flow)
    options = "{ at: null, kindOf: () => ({ settings: a[2] }) }"
    made = run(page, "clipboard", f"m.pasted(a[0], m.unpacked(a[1]), {options})", flow, text, schema)
    assert made["ids"] == ["ask_2", "greet_2"]
    assert made["spec"]["nodes"][-1]["config"] == {"text": "Hi {{ ask_2.answer }}, {{ vars.x }}", "from": "ask_2.a"}
    assert made["spec"]["edges"][-1]["source"] == "ask_2"
    GraphSpec.model_validate(made["spec"])


def test_a_foreign_text_is_not_pasted(page: Page):
    texts = ["", "hello", "[]", "null", json.dumps({"nodes": []}), json.dumps({"kind": "privexbot/flow", "nodes": 1})]
    assert run(page, "clipboard", "a[0].map(m.unpacked)", texts) == [None] * len(texts)


@pytest.mark.parametrize(
    ("edge", "word"),
    [
        (("n1", "n1"), "itself"),
        (("n1", "n0"), "start"),
        (("n2", "n1"), "circle"),
        (("n1", "inside"), "border"),
        (("n1", "n2"), "already"),
        (("n0", "n2"), ""),
    ],
)
def test_a_connection_that_the_checks_would_reject_is_not_made(page: Page, edge: tuple[str, str], word: str):
    flow = {
        "nodes": [
            {"id": "n0", "type": "trigger"},
            {"id": "n1", "type": "reply"},
            {"id": "n2", "type": "loop"},
            {"id": "inside", "type": "reply", "parent": "n2"},
        ],
        "edges": [{"source": "n0", "target": "n1"}, {"source": "n1", "target": "n2"}],
    }
    spec = GraphSpec.model_validate(flow).model_dump(mode="json")
    wanted = {"source": edge[0], "source_port": "out", "target": edge[1]}
    why = run(page, "graph", f"m.refusal(a[0], a[1], {KINDS})", spec, wanted)
    assert word in why if word else why == ""


def test_an_unanswered_commit_is_sent_again_and_later_gestures_wait_for_it(page: Page):
    sent = run(
        page,
        "saving",
        """(() => {
          const sent = [];
          const saving = new m.Saving((commit) => sent.push(commit), () => {});
          const moved = (n, x) => (n.id === 'n1' ? { ...n, position: { x, y: 0 } } : n);
          const at = (x) => ({ ...a[0], nodes: a[0].nodes.map((n) => moved(n, x)) });
          saving.begin(a[0], 7);
          saving.want(at(1));
          saving.want(at(2));
          saving.again();
          saving.acknowledge(1);
          saving.refuse(2);
          saving.want(at(3));
          saving.stop();
          return sent.map(({ rev, seq, patch }) => [rev, seq, patch.nodes.put[0].position.x]);
        })()""",
        make_flow(2),
    )
    assert sent == [[7, 1, 1], [7, 1, 1], [7, 2, 2], [7, 3, 3]]
