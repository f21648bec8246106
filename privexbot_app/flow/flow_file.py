"""Our own flow file, as a type: logic apart from layout, resources by name, tests. Its JSON Schema is published.

Read and written by `flow.formats.own`; its tests are run by `flow.trials`.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from privexbot_app.flow.spec import (
    DEFAULT_PORT,
    MOST_EDGES,
    MOST_NODES,
    CommentSpec,
    Limits,
    NodeId,
    Policy,
    PortId,
    Position,
    Size,
    Spec,
    VariableSpec,
)

FORMAT = "privexbot-flow"
VERSION = 1
RESOURCE_PREFIX = "resource:"
ResourceKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
ResourceKind = Literal["knowledge_base", "credential", "chatflow"]
Words = Annotated[str, Field(max_length=20_000)]


class ResourceSpec(Spec):
    """Something of the workspace that nodes name as `resource:<key>`; found by its name when the file is imported."""

    kind: ResourceKind
    name: str = Field("", max_length=200)


class BotSpec(Spec):
    """What is said about the bot beside its flow."""

    name: str = Field("", max_length=80)
    description: str = Field("", max_length=2000)
    greeting: str = Field("", max_length=1000)
    suggested_questions: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field([], max_length=6)


class FileNode(Spec):
    """A node without its place on the canvas. version: of its type's contract. parent: the loop it stands in."""

    id: NodeId
    type: str = Field(max_length=64)
    version: int = Field(1, ge=1)
    title: str = Field("", max_length=120)
    config: dict[str, Any] = Field(default_factory=dict)
    policy: Policy = Policy()
    parent: NodeId | None = None


class FileEdge(Spec):
    """A way from a port of one node to another node. id: only where it is not made of its ends."""

    id: str = Field("", max_length=200)
    source: NodeId
    source_port: PortId = DEFAULT_PORT
    target: NodeId


class LogicSpec(Spec):
    """What the flow does."""

    nodes: list[FileNode] = Field([], max_length=MOST_NODES)
    edges: list[FileEdge] = Field([], max_length=MOST_EDGES)
    variables: list[VariableSpec] = Field([], max_length=200)
    limits: Limits = Limits()
    channels: list[Annotated[str, Field(max_length=40)]] = Field(["web", "api"], max_length=20)


class Place(Position):
    """Where a node stands; size: of a loop."""

    size: Size | None = None


class LayoutSpec(Spec):
    """How the flow is drawn; nodes without a place get one."""

    nodes: dict[NodeId, Place] = Field({}, max_length=MOST_NODES)
    comments: list[CommentSpec] = Field([], max_length=500)


class WebAnswer(Spec):
    """What a fake service answers. body: JSON, or a text."""

    status: int = Field(200, ge=100, le=599)
    body: Any = None


class TrialFakes(Spec):
    """What stands in for the world in a test.

    models: answers of language models, one after the other, the last for ever; an object is written as JSON.
    knowledge: passages that searches may find. web: by address. code: what code nodes give. database: rows.
    """

    models: list[Words | dict[str, Any]] = Field([], max_length=100)
    knowledge: list[Words] = Field([], max_length=100)
    web: dict[str, WebAnswer] = Field({}, max_length=100)
    code: Any = None
    database: list[dict[str, Any]] = Field([], max_length=1000)


class TrialTurn(Spec):
    """One message and what the flow must do with it.

    say: the visitor's words; hand_back: what a person sends instead, to a flow that waits for one.
    expect, expect_not: texts that the flow's words must, or must not, hold; case does not count.
    waits: whether the flow then waits for more. fails: code of the error that the run must end with.
    """

    say: Words = ""
    data: dict[str, Any] = Field({}, max_length=100)
    hand_back: dict[str, Any] | None = None
    expect: list[Words] = Field([], max_length=50)
    expect_not: list[Words] = Field([], max_length=50)
    waits: bool | None = None
    fails: str = Field("", max_length=100)


class FlowTrial(Spec):
    """A test: a conversation with fakes.

    variables: of the conversation, before it begins. outputs: what the end nodes must have given.
    leads, mails, notices: how many of each there must be afterwards.
    """

    name: str = Field(min_length=1, max_length=200)
    fakes: TrialFakes = TrialFakes()
    variables: dict[str, Any] = Field({}, max_length=200)
    talk: list[TrialTurn] = Field(min_length=1, max_length=100)
    outputs: dict[str, Any] = Field({}, max_length=100)
    leads: int | None = Field(None, ge=0)
    mails: int | None = Field(None, ge=0)
    notices: int | None = Field(None, ge=0)


class FlowFile(Spec):
    """A whole file."""

    format: Literal["privexbot-flow"]
    version: Literal[1]
    bot: BotSpec = BotSpec()
    flow: LogicSpec
    layout: LayoutSpec = LayoutSpec()
    resources: dict[ResourceKey, ResourceSpec] = Field({}, max_length=200)
    tests: list[FlowTrial] = Field([], max_length=200)
