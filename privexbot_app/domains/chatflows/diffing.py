"""How two versions of a flow differ. Pure; where nodes stand on the canvas does not count."""

from collections.abc import Iterator, Mapping
from typing import Any

from privexbot_app.domains.chatflows.schemas import GraphDiff, NodeChange
from privexbot_app.flow.spec import EdgeSpec, GraphSpec, NodeSpec

LAYOUT = {"position", "size"}


def diff_graphs(before: GraphSpec, after: GraphSpec) -> GraphDiff:
    """What changed on the way from one graph to the other."""
    old, new = {node.id: node for node in before.nodes}, {node.id: node for node in after.nodes}
    old_edges, new_edges = set(map(_edge, before.edges)), set(map(_edge, after.edges))
    return GraphDiff(
        added=[id for id in new if id not in old],
        removed=[id for id in old if id not in new],
        changed=[change for id in new if id in old and (change := _change(old[id], new[id]))],
        edges_added=sorted(new_edges - old_edges),
        edges_removed=sorted(old_edges - new_edges),
        settings_changed=[
            name for name in ("variables", "limits", "channels") if getattr(before, name) != getattr(after, name)
        ],
    )


def _edge(edge: EdgeSpec) -> str:
    return f"{edge.source}:{edge.source_port} → {edge.target}"


def _change(before: NodeSpec, after: NodeSpec) -> NodeChange | None:
    fields = list(_differences(_logic(before), _logic(after)))
    return NodeChange(node_id=after.id, title=after.title or after.type, fields=fields) if fields else None


def _logic(node: NodeSpec) -> dict[str, Any]:
    return node.model_dump(mode="json", exclude=LAYOUT)


def _differences(before: Any, after: Any, path: str = "") -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys((*before, *after)):
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif before != after:
        yield path
