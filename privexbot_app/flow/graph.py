"""A flow ready to run: configurations parsed, edges indexed. Strict about shape; design is the matter of `checks`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from privexbot_app.flow.node import NodeConfig, NodeType, find_type
from privexbot_app.flow.spec import EdgeSpec, GraphSpec, Limits, NodeSpec, Policy
from privexbot_app.kit.errors import FieldProblem, InvalidError


class FlowInvalidError(InvalidError):
    """A graph that cannot run; `problems` names every reason, each with the node's id in its field."""

    code = "flow_invalid"


@dataclass(frozen=True)
class Step:
    """A node of a compiled graph. body: ids of the nodes inside, for a container."""

    id: str
    kind: NodeType
    config: NodeConfig
    policy: Policy
    parent: str | None
    body: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """What the runner walks.

    outgoing: (port, target) pairs of each node, in the order they were drawn. incoming: how many edges lead to a node,
    those aside that nothing can ever take. entries: where each level begins, by container; None for the flow itself.
    """

    steps: Mapping[str, Step]
    outgoing: Mapping[str, Sequence[tuple[str, str]]]
    incoming: Mapping[str, int]
    entries: Mapping[str | None, Sequence[str]]
    defaults: Mapping[str, Any] = field(default_factory=dict)
    run_variables: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)


def compile_graph(spec: GraphSpec) -> Graph:
    """Build the graph that runs. Raises FlowInvalidError with a problem for every node and edge that has no meaning."""
    problems: list[FieldProblem] = []
    members: dict[str | None, list[str]] = defaultdict(list)
    for node in spec.nodes:
        members[node.parent].append(node.id)
    steps = {node.id: step for node in spec.nodes if (step := _step(node, members, problems)) is not None}
    edges = _edges(spec.edges, steps, problems)
    if problems:
        raise FlowInvalidError("This flow cannot run yet.", problems=problems)
    outgoing: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for edge in edges:
        outgoing[edge.source].append((edge.source_port, edge.target))
    entries = _entries(steps, members, {edge.target for edge in edges})
    return Graph(
        steps=steps,
        outgoing=dict(outgoing),
        incoming=_incoming(outgoing, [id for ids in entries.values() for id in ids]),
        entries=entries,
        defaults={variable.name: variable.default for variable in spec.variables},
        run_variables=frozenset(variable.name for variable in spec.variables if variable.scope == "run"),
        limits=spec.limits,
    )


def _entries(
    steps: Mapping[str, Step], members: Mapping[str | None, Sequence[str]], targets: set[str]
) -> dict[str | None, tuple[str, ...]]:
    """A flow begins at its trigger; the body of a loop wherever nothing leads to."""
    return {
        parent: tuple(id for id in ids if id not in targets and (parent is not None or steps[id].kind.is_trigger))
        for parent, ids in members.items()
    }


def _incoming(outgoing: Mapping[str, Sequence[tuple[str, str]]], entries: Sequence[str]) -> dict[str, int]:
    """Edges by target, counted from nodes that can be reached: a node never waits for one that cannot come."""
    counts: dict[str, int] = defaultdict(int)
    reached, pending = set(entries), list(entries)
    while pending:
        for _, target in outgoing.get(pending.pop(), ()):
            counts[target] += 1
            if target not in reached:
                reached.add(target)
                pending.append(target)
    return dict(counts)


def parse_config(node: NodeSpec) -> tuple[NodeType | None, NodeConfig | None, list[FieldProblem]]:
    """A node's type and its checked configuration; and what is wrong with it."""
    kind = find_type(node.type, node.version)
    if kind is None:
        message = f"This installation does not know the node type “{node.type}”, version {node.version}."
        return None, None, [FieldProblem(node.id, "unknown_node_type", message)]
    try:
        return kind, kind.Config.model_validate(node.config), []  # type: ignore[attr-defined]
    except ValidationError as error:
        return kind, None, [_field_problem(node.id, problem) for problem in error.errors(include_url=False)]


def _field_problem(node_id: str, problem: Any) -> FieldProblem:
    where = ".".join((node_id, "config", *(str(part) for part in problem["loc"])))
    return FieldProblem(where, problem["type"], problem["msg"])


def _step(node: NodeSpec, members: Mapping[str | None, Sequence[str]], problems: list[FieldProblem]) -> Step | None:
    kind, config, wrong = parse_config(node)
    problems.extend(wrong)
    if kind is None or config is None:
        return None
    return Step(node.id, kind, config, node.policy, node.parent, tuple(members.get(node.id, ())))


def _edges(edges: Sequence[EdgeSpec], steps: Mapping[str, Step], problems: list[FieldProblem]) -> list[EdgeSpec]:
    kept = []
    for edge in edges:
        source, target = steps.get(edge.source), steps.get(edge.target)
        if source is None or target is None:
            if not problems:
                problems.append(FieldProblem(edge.id, "edge_dangling", "This connection leads to no node."))
            continue
        if source.parent != target.parent:
            problems.append(
                FieldProblem(edge.id, "edge_crosses_loop", "A connection cannot cross the border of a loop.")
            )
            continue
        kept.append(edge)
    return kept
