"""The canvas on which flows are drawn: React Flow in our own editor. One component; knows no state and no page."""

from privexbot_app.ui.canvas.component import flow_canvas
from privexbot_app.ui.canvas.patches import PatchInvalidError, apply_patch, read_graph, read_patch

__all__ = ["PatchInvalidError", "apply_patch", "flow_canvas", "read_graph", "read_patch"]
