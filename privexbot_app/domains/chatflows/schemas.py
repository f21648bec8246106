"""What the doors and `conversations` see of chatflows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from privexbot_app.flow.events import NodeRun

MOST_SINGLE_INPUTS = 100


class PortView(BaseModel):
    """A way out of a node."""

    id: str
    label: str


class OutputView(BaseModel):
    """A value that a node gives."""

    name: str
    type: str
    description: str


class NodeTypeView(BaseModel):
    """A type of node, as the palette and the form need it.

    is_placeable: whether the palette offers it. settings: the JSON Schema of its configuration.
    defaults, ports, outputs: of a node that was just placed.
    """

    type: str
    version: int
    label: str
    description: str
    icon: str
    category: str
    is_container: bool
    is_trigger: bool
    is_placeable: bool
    settings: dict[str, Any]
    defaults: dict[str, Any]
    ports: list[PortView]
    outputs: list[OutputView]


class ProblemView(BaseModel):
    """One thing wrong with a flow. node_id: None for the whole flow."""

    code: str
    message: str
    node_id: str | None = None
    field: str | None = None
    severity: Literal["error", "warning"] = "error"


class NodeView(BaseModel):
    """What a node offers as it is configured now, for the editor. upstream: whose values it may use."""

    node_id: str
    ports: list[PortView]
    outputs: list[OutputView]
    upstream: list[str]


class Inspection(BaseModel):
    """Everything that the editor asks about a graph at once."""

    problems: list[ProblemView]
    nodes: list[NodeView]


class NodeRunView(BaseModel):
    """The trace of one run of one node; see `flow.events.NodeRun`."""

    node_id: str
    type: str
    status: str
    path: list[str] = []
    port: str | None = None
    inputs: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    duration_ms: float = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    attempts: int = 1
    error: dict[str, str] | None = None


class TurnView(BaseModel):
    """The traces of one turn of a conversation."""

    message_id: UUID
    bot_version: int
    runs: list[NodeRunView]
    error_code: str = ""


class SingleRun(BaseModel):
    """A node to run alone. values: what the nodes before it would have given, by their ids; message: the visitor's."""

    message: str = Field("", max_length=8000)
    values: dict[str, Any] = Field({}, max_length=MOST_SINGLE_INPUTS)


class SingleRunResult(BaseModel):
    """What the node did. said: what the visitor would have read."""

    run: NodeRunView
    said: str


class NodeChange(BaseModel):
    """A node that two versions have both, and differently. fields: dotted paths of what differs."""

    node_id: str
    title: str
    fields: list[str]


class GraphDiff(BaseModel):
    """How one version differs from an earlier one. Positions on the canvas do not count."""

    added: list[str]
    removed: list[str]
    changed: list[NodeChange]
    edges_added: list[str]
    edges_removed: list[str]
    settings_changed: list[str]


class LossView(BaseModel):
    """One thing of an imported file that is not as it was. id, type, title: as the file has them."""

    id: str
    type: str
    title: str
    reason: str


class MissingView(BaseModel):
    """Something that a flow names and this workspace does not have; to be chosen. kind: as in `ResourceField`."""

    node_id: str
    kind: str
    name: str


class ImportReport(BaseModel):
    """What an import has kept; kept + replaced + the unsupported nodes are the nodes of the file.

    format: the file's. added: nodes that the file did not have. changed: what is kept, and not quite as it was.
    """

    format: str
    nodes: int
    edges: int
    kept: int
    replaced: int
    added: int = 0
    unsupported: list[LossView] = []
    changed: list[LossView] = []
    missing: list[MissingView] = []


class ImportedDraft(BaseModel):
    """A draft that has just been begun from a file or a template."""

    draft_id: UUID
    report: ImportReport


class TemplateView(BaseModel):
    """A finished flow to begin with. needs: what is to be chosen before it can go live."""

    name: str
    title: str
    description: str
    nodes: int
    needs: list[MissingView]


@dataclass(frozen=True)
class FlowPlace:
    """Where a conversation stands. version: the one it stays on; None before its first turn."""

    version: int | None = None
    wait: str = ""
    snapshot: Mapping[str, Any] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class FlowRecord:
    """What a turn leaves to be kept; filled while the flow runs."""

    place: FlowPlace
    runs: Sequence[NodeRunView] = ()
    error_code: str = ""


def run_view(run: NodeRun) -> NodeRunView:
    """A trace as the doors show it."""
    return NodeRunView(
        node_id=run.node_id,
        type=run.type,
        status=run.status,
        path=list(run.path),
        port=run.port,
        inputs=dict(run.inputs),
        outputs=dict(run.outputs),
        duration_ms=round(run.duration_ms, 2),
        prompt_tokens=run.tokens.prompt,
        completion_tokens=run.tokens.completion,
        attempts=run.attempts,
        error=dict(run.error) if run.error else None,
    )
