"""Draws small flows for tests: nodes by keyword, ways as arrows."""

from typing import Any

from privexbot_app.flow.spec import GraphSpec


def flow(
    ways: str, variables: dict[str, Any] | None = None, limits: dict[str, Any] | None = None, **nodes: Any
) -> GraphSpec:
    """A flow from its nodes and ways.

    ways: "start > ask, ask:yes > end"; a port stands behind a colon. nodes: id=("type", {config}) or
    id=("type", {config}, {other fields}); `start` is there by itself.
    """
    made = {"start": ("trigger", {}), **nodes}
    return GraphSpec.model_validate(
        {
            "nodes": [_node(id, *parts) for id, parts in made.items()],
            "edges": [_edge(way) for way in ways.split(",") if way.strip()],
            "variables": [{"name": name, "default": value, "type": "any"} for name, value in (variables or {}).items()],
            **({"limits": limits} if limits else {}),
        }
    )


def _node(
    id: str, type: str, config: dict[str, Any] | None = None, more: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {"id": id, "type": type, "config": config or {}, **(more or {})}


def _edge(way: str) -> dict[str, Any]:
    source, target = (end.strip() for end in way.split(">"))
    source, _, port = source.partition(":")
    return {"id": way.strip(), "source": source, "source_port": port or "out", "target": target}
