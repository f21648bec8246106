"""The palette: every node type with its form, and what the editor asks about a graph. Pure."""

from functools import cache
from typing import Any

from pydantic import ValidationError

from privexbot_app.domains.chatflows.schemas import (
    Inspection,
    NodeTypeView,
    NodeView,
    OutputView,
    PortView,
    ProblemView,
)
from privexbot_app.flow.checks import Problem, Upstreams, check
from privexbot_app.flow.graph import parse_config
from privexbot_app.flow.node import NodeConfig, NodeType, latest_types
from privexbot_app.flow.spec import ERROR_PORT, GraphSpec, NodeSpec


@cache
def list_node_types() -> tuple[NodeTypeView, ...]:
    """Every type, in the palette's order; those that only importers place, too, so that they can be shown."""
    return tuple(_view(kind) for kind in latest_types())


def inspect_graph(graph: GraphSpec) -> Inspection:
    """Problems, ports, outputs and upstream nodes of a graph."""
    upstreams = Upstreams(graph)
    return Inspection(
        problems=[problem_view(problem) for problem in check(graph)],
        nodes=[_node_view(node, sorted(upstreams.of(node.id))) for node in graph.nodes],
    )


def problem_view(problem: Problem) -> ProblemView:
    """A problem as the doors show it."""
    return ProblemView(**vars(problem))


def _view(kind: NodeType) -> NodeTypeView:
    config_type: type[NodeConfig] = kind.Config  # type: ignore[attr-defined]
    try:
        config: NodeConfig | None = config_type()
    except ValidationError:
        config = None
    return NodeTypeView(
        type=kind.type,
        version=kind.version,
        label=kind.label,
        description=kind.description,
        icon=kind.icon,
        category=kind.category,
        is_container=kind.is_container,
        is_trigger=kind.is_trigger,
        is_placeable=kind.is_placeable,
        settings=config_type.model_json_schema(),
        defaults=config.model_dump(mode="json") if config else {},
        ports=_ports(kind, config),
        outputs=_outputs(kind, config),
    )


def _node_view(node: NodeSpec, upstream: list[str]) -> NodeView:
    kind, config, _ = parse_config(node)
    ports = _ports(kind, config)
    if node.policy.on_error == "branch":
        ports.append(PortView(id=ERROR_PORT, label="Error"))
    return NodeView(node_id=node.id, ports=ports, outputs=_outputs(kind, config), upstream=upstream)


def _ports(kind: NodeType | None, config: Any) -> list[PortView]:
    if kind is None or config is None:
        return []
    return [PortView(id=port.id, label=port.label) for port in kind.ports(config)]


def _outputs(kind: NodeType | None, config: Any) -> list[OutputView]:
    if kind is None or config is None:
        return []
    return [
        OutputView(name=output.name, type=output.type, description=output.description)
        for output in kind.outputs(config)
    ]
