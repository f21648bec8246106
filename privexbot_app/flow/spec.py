"""A flow as it is stored, exported and edited: nodes, edges, variables, comments. Says nothing about running.

Reading is forgiving, so that a half-drawn flow can be saved: a node's `config` is checked by its type when the flow is
compiled (see `graph` and `checks`), not here.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

MOST_NODES = 2000
MOST_EDGES = 8000
DEFAULT_PORT = "out"
ERROR_PORT = "error"

NodeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_\-]{0,63}$")]
PortId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
ValueType = Literal["text", "number", "boolean", "list", "object", "any"]
Json = str | int | float | bool | None | list[Any] | dict[str, Any]


class Spec(BaseModel):
    """A part of a flow; unknown fields are refused, so that a misspelt one is not lost in silence."""

    model_config = ConfigDict(extra="forbid")


class Position(Spec):
    """Where a node stands on the canvas, in pixels; inside a loop from the loop's corner."""

    x: float = 0
    y: float = 0


class Size(Spec):
    """How large a container is drawn, in pixels."""

    width: float = Field(320, ge=40, le=20_000)
    height: float = Field(200, ge=40, le=20_000)


class Policy(Spec):
    """What happens when a node fails or hangs; the same for every type.

    retries: further attempts after the first, each after `retry_delay_seconds`, doubled every time.
    on_error: stop the run, leave by the port `error`, or go on by the usual port with `error` among the outputs.
    """

    retries: int = Field(0, ge=0, le=5)
    retry_delay_seconds: float = Field(1, ge=0, le=60)
    timeout_seconds: float | None = Field(None, gt=0, le=600)
    on_error: Literal["stop", "branch", "continue"] = "stop"


class NodeSpec(Spec):
    """One node. version: of its type's contract, fixed when the node was placed. parent: the loop it stands in."""

    id: NodeId
    type: str = Field(max_length=64)
    version: int = Field(1, ge=1)
    title: str = Field("", max_length=120)
    config: dict[str, Any] = Field(default_factory=dict)
    policy: Policy = Policy()
    parent: NodeId | None = None
    position: Position = Position()
    size: Size | None = None


class EdgeSpec(Spec):
    """A way from a port of one node to another node. id: made of its ends when none is given."""

    id: str = Field("", max_length=200)
    source: NodeId
    source_port: PortId = DEFAULT_PORT
    target: NodeId

    @model_validator(mode="after")
    def _name(self) -> Self:
        self.id = self.id or f"{self.source}:{self.source_port}-{self.target}"
        return self


class VariableSpec(Spec):
    """A value of the whole flow, `{{ vars.name }}`. scope: lives for one run, or as long as the conversation."""

    name: VariableName
    type: ValueType = "text"
    default: Json = None
    scope: Literal["run", "conversation"] = "conversation"
    description: str = Field("", max_length=300)


class CommentSpec(Spec):
    """A note on the canvas; never runs."""

    id: NodeId
    text: str = Field("", max_length=4000)
    position: Position = Position()
    size: Size = Size()
    color: Literal["yellow", "blue", "green", "pink", "gray"] = "yellow"


class Limits(Spec):
    """What one run may use between two messages of the visitor."""

    steps: int = Field(200, ge=1, le=10_000)
    seconds: float = Field(120, ge=1, le=900)
    tokens: int = Field(50_000, ge=100, le=2_000_000)


class GraphSpec(Spec):
    """A whole flow."""

    nodes: list[NodeSpec] = Field([], max_length=MOST_NODES)
    edges: list[EdgeSpec] = Field([], max_length=MOST_EDGES)
    variables: list[VariableSpec] = Field([], max_length=200)
    comments: list[CommentSpec] = Field([], max_length=500)
    limits: Limits = Limits()
    channels: list[str] = Field(["web", "api"], max_length=20)
