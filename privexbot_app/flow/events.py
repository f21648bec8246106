"""What a run tells while it goes on, in order. `domains.conversations` turns these into the events of the chat API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from privexbot_app.flow.ports import Found, Tokens

NodeStatus: TypeAlias = Literal["finished", "failed", "waiting", "skipped"]
Wait: TypeAlias = Literal["message", "person"]


@dataclass(frozen=True)
class NodeStarted:
    """A node begins. path: ids of the loops and sub-flows around it, outermost first."""

    node_id: str
    type: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class NodeRun:
    """The trace of one run of one node.

    inputs: what its references were; outputs: what it gave. Long values are cut. attempts counts from 1.
    """

    node_id: str
    type: str
    status: NodeStatus
    path: tuple[str, ...] = ()
    port: str | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    duration_ms: float = 0
    tokens: Tokens = field(default_factory=Tokens)
    attempts: int = 1
    error: Mapping[str, str] | None = None


@dataclass(frozen=True)
class NodeFinished:
    """A node is through, well or badly, or waits."""

    run: NodeRun


@dataclass(frozen=True)
class Said:
    """The next piece of what the visitor reads. Pieces of two nodes never mix."""

    node_id: str
    text: str


@dataclass(frozen=True)
class Cited:
    """What a node's words rest on."""

    node_id: str
    found: Sequence[Found]


@dataclass(frozen=True)
class Asked:
    """A question that a widget can show as a control.

    kind: text, email, phone, number, choice, date, file; options: for a choice.
    """

    node_id: str
    kind: str
    options: Sequence[str] = ()


@dataclass(frozen=True)
class LeadRequested:
    """The widget shall show the form of a lead."""

    node_id: str
    fields: Sequence[str]


@dataclass(frozen=True)
class HandedOff:
    """A person takes over. reason: for the team; team: who is called, if the flow says."""

    node_id: str
    reason: str
    team: str | None = None


@dataclass(frozen=True)
class RunPaused:
    """The run waits and can be taken up from `snapshot` by any process, days later."""

    wait: Wait
    node_id: str
    snapshot: Mapping[str, Any]
    variables: Mapping[str, Any]
    tokens: Tokens


@dataclass(frozen=True)
class RunFinished:
    """Every branch came to its end. outputs: what the end nodes gave."""

    outputs: Mapping[str, Any]
    variables: Mapping[str, Any]
    tokens: Tokens


@dataclass(frozen=True)
class RunFailed:
    """The run broke off at a node; what was said stays said."""

    node_id: str | None
    code: str
    kind: str
    message: str
    tokens: Tokens


FlowEvent: TypeAlias = (
    NodeStarted | NodeFinished | Said | Cited | Asked | LeadRequested | HandedOff | RunPaused | RunFinished | RunFailed
)
