"""The editor as a Reflex component. Everything while a hand moves happens in the browser; the server hears of finished
gestures, one commit each, and answers with what only it knows: problems, ports, outputs.
"""

from pathlib import Path
from typing import Any

import reflex as rx
from reflex.vars import VarData
from reflex.vars.base import Var

from privexbot_app.flow.channels import CHANNELS
from privexbot_app.flow.node import latest_types
from privexbot_app.flow.spec import Limits, Policy

SCRIPTS = {
    path.name: rx.asset(path.name, shared=True)
    for path in sorted(Path(__file__).parent.iterdir())
    if path.suffix in {".js", ".jsx", ".css"}
}


class FlowCanvas(rx.NoSSRComponent):
    """A flow that is being edited.

    seed: {rev, draft, graph}; draft: the id in the page's address. A new `rev` replaces what is on the canvas; the same
    one never does.
    ack, refused: `seq` of the last commit that was, or was not, saved. kinds: types of nodes, in the palette's order.
    insight: all `problems`; `shapes`: ports and outputs; `shape_of`: by node, which of these it has.
    lights: status of each node in the run that goes on or went last; runs: its traces.
    choices: what fields of a format such as `knowledge_base` may name.
    on_commit: {rev, seq, patch}, see `patches`. on_run_node: {node_id, message, values}.
    """

    library = SCRIPTS["flow_canvas.jsx"].importable_path
    tag = "FlowCanvas"
    lib_dependencies: list[str] = ["@xyflow/react@12.12.1", "lucide-react@1.26.0"]

    seed: rx.Var[dict[str, Any]]
    ack: rx.Var[int]
    refused: rx.Var[int]
    kinds: rx.Var[list[dict[str, Any]]]
    insight: rx.Var[dict[str, Any]]
    lights: rx.Var[dict[str, str]]
    runs: rx.Var[list[dict[str, Any]]]
    choices: rx.Var[dict[str, list[dict[str, str]]]]
    icons: rx.Var[dict[str, Any]]
    channels: rx.Var[list[str]]
    policy_schema: rx.Var[dict[str, Any]]
    limits_schema: rx.Var[dict[str, Any]]
    default_policy: rx.Var[dict[str, Any]]

    on_commit: rx.EventHandler[rx.event.passthrough_event_spec(dict)]
    on_run_node: rx.EventHandler[rx.event.passthrough_event_spec(dict)]


def flow_canvas(**props: Any) -> rx.Component:
    """The editor, with what is the same for every flow."""
    return FlowCanvas.create(
        icons=_icons(),
        channels=list(CHANNELS),
        policy_schema=Policy.model_json_schema(),
        limits_schema=Limits.model_json_schema(),
        default_policy=Policy().model_dump(mode="json"),
        **props,
    )


def _icons() -> Var[dict[str, Any]]:
    """The icons of the node types that this installation knows, by name; only these are built into the page."""
    drawn = {kind.icon: rx.icon(kind.icon) for kind in latest_types()}
    pairs = ", ".join(f'"{name}": {component.alias or component.tag}' for name, component in drawn.items())
    imports = {
        str(component.library): [component.import_var for component in drawn.values()] for component in drawn.values()
    }
    return Var(_js_expr=f"({{ {pairs} }})", _var_type=dict[str, Any], _var_data=VarData(imports=imports))
