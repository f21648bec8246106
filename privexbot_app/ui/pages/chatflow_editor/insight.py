"""What the server knows of a flow, cut down to what the canvas cannot know by itself. Pure."""

import json
from typing import Any

from privexbot_app.domains.chatflows.catalog import list_node_types
from privexbot_app.domains.chatflows.schemas import Inspection, NodeView
from privexbot_app.flow.spec import ERROR_PORT


def list_kinds() -> list[dict[str, Any]]:
    """The palette."""
    return [kind.model_dump(mode="json") for kind in list_node_types()]


def to_insight(inspection: Inspection) -> dict[str, Any]:
    """Problems, and the ports and outputs of each node: `shapes`, and by node which of them (`shape_of`).

    Hundreds of nodes share a few shapes, and this goes to the browser after every gesture.
    """
    shapes: dict[str, tuple[int, dict[str, Any]]] = {}
    shape_of = {}
    for node in inspection.nodes:
        shape = _shape(node)
        shape_of[node.node_id], _ = shapes.setdefault(json.dumps(shape), (len(shapes), shape))
    return {
        "problems": [problem.model_dump(mode="json") for problem in inspection.problems],
        "shapes": [shape for _, shape in shapes.values()],
        "shape_of": shape_of,
    }


def _shape(node: NodeView) -> dict[str, Any]:
    """Without the port for errors: whether there is one, the canvas knows from the node's policy."""
    return {
        "ports": [port.model_dump(mode="json") for port in node.ports if port.id != ERROR_PORT],
        "outputs": [output.model_dump(mode="json") for output in node.outputs],
    }
