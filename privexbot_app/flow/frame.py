"""The state of one level of a run: the flow itself, or one pass through the body of a loop or sub-flow.

A node is ready when every edge that leads to it is settled and at least one of them was taken; it is skipped when none
was. So a node after a branch waits for nobody who will not come, and a node where branches meet runs once.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from privexbot_app.flow.errors import SnapshotInvalidError
from privexbot_app.flow.graph import Graph, Step, compile_graph
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.flow.values import SYSTEM, VARIABLES, Values


@dataclass
class Waiting:
    """A node that has paused, or whose body has.

    state: the node's own, as it gave it. wait: "message" or "person"; empty for a node that waits with its body.
    body: the body's frame. body_graph: the graph of a sub-flow; None for a loop's own nodes.
    """

    state: Mapping[str, Any]
    wait: str = ""
    body: "Frame | None" = None
    body_graph: Mapping[str, Any] | None = None


@dataclass
class Frame:
    """Which nodes of one level are settled, and what they gave.

    container: whose body this is; None for a flow's own level. settled: node id → the port it left by, None if skipped.
    outputs: what the end nodes of this level gave.
    """

    graph: Graph
    container: str | None
    values: Values
    settled: dict[str, str | None] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    _open: dict[str, int] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _ready: deque[str] = field(default_factory=deque)

    def begin(self) -> None:
        """Make the entry nodes ready."""
        self._ready.extend(self.graph.entries.get(self.container, ()))

    def take_ready(self) -> list[Step]:
        """The nodes that may run now, each once."""
        steps = [self.graph.steps[id] for id in self._ready]
        self._ready.clear()
        return steps

    def settle(self, id: str, port: str | None) -> None:
        """A node has left by a port (None: skipped): open the ways behind it, close the others."""
        pending = [(id, port)]
        while pending:
            settled_id, settled_port = pending.pop()
            self.settled[settled_id] = settled_port
            for edge_port, target in self.graph.outgoing.get(settled_id, ()):
                if self._arrive(target, is_taken=edge_port == settled_port):
                    pending.append((target, None))

    def _arrive(self, target: str, *, is_taken: bool) -> bool:
        """Count an edge as settled; True when its target is to be skipped."""
        if is_taken:
            self._taken.add(target)
        remaining = self._open.get(target, self.graph.incoming[target]) - 1
        self._open[target] = remaining
        if remaining:
            return False
        if target in self._taken:
            self._ready.append(target)
            return False
        return True

    def dump(self) -> dict[str, Any]:
        """The frame as JSON; the graph is not in it."""
        return {
            "values": self.values.dump(),
            "settled": self.settled,
            "outputs": self.outputs,
            "waiting": {id: _dump_waiting(waiting) for id, waiting in self.waiting.items()},
        }

    def restore(self, raw: Mapping[str, Any]) -> None:
        """Take up what `dump` wrote. Raises SnapshotInvalidError where it does not fit the graph."""
        try:
            for root, value in raw["values"]["data"].items():
                if root != SYSTEM:
                    self.values.put(root, value, is_tainted=root in raw["values"]["tainted"])
            self.values.tainted.update(raw["values"]["tainted"])
            self._settle_again(raw)
            self.outputs = dict(raw["outputs"])
            self.waiting = {id: self._restore_waiting(id, waiting) for id, waiting in raw["waiting"].items()}
        except (KeyError, TypeError, AttributeError) as error:
            raise SnapshotInvalidError from error
        if not self.waiting:
            raise SnapshotInvalidError

    def _settle_again(self, raw: Mapping[str, Any]) -> None:
        for id, port in raw["settled"].items():
            if self.graph.steps[id] and id not in self.settled:
                self.settle(id, port)
        self._ready = deque(id for id in self._ready if id not in self.settled and id not in raw["waiting"])

    def _restore_waiting(self, id: str, raw: Mapping[str, Any]) -> Waiting:
        restored = Waiting(raw["state"], raw["wait"], body_graph=raw["body_graph"])
        self.graph.steps[id]
        if raw["body"] is not None:
            restored.body = self.body_of(id, {}, raw["body_graph"], is_tainted=False)
            restored.body.restore(raw["body"])
        return restored

    def body_of(
        self, id: str, inputs: Mapping[str, Any], graph: Mapping[str, Any] | None, *, is_tainted: bool
    ) -> "Frame":
        """The frame of a node's body, not begun. A loop sees the values around it; a sub-flow sees its inputs alone."""
        if graph is None:
            return Frame(self.graph, id, Values({id: dict(inputs)}, {id} if is_tainted else set(), self.values))
        compiled = compile_graph(GraphSpec.model_validate(graph))
        system, _ = self.values.find(SYSTEM)
        tainted = {VARIABLES} if is_tainted else set()
        values = Values({VARIABLES: {**compiled.defaults, **inputs}, SYSTEM: system}, tainted | {SYSTEM})
        return Frame(compiled, None, values)

    def first_waiting(self, wait: str | None = None) -> tuple[str, ...] | None:
        """The path to the first node that waits, through the bodies it stands in; None when none does.

        wait: only for that; None for any.
        """
        for id, waiting in self.waiting.items():
            if waiting.body is not None:
                inner = waiting.body.first_waiting(wait)
                if inner:
                    return (id, *inner)
            elif wait in (None, waiting.wait):
                return (id,)
        return None

    def wait_at(self, path: tuple[str, ...]) -> str:
        """What the node at a path waits for."""
        waiting = self.waiting[path[0]]
        return waiting.body.wait_at(path[1:]) if waiting.body is not None else waiting.wait


def _dump_waiting(waiting: Waiting) -> dict[str, Any]:
    return {
        "state": dict(waiting.state),
        "wait": waiting.wait,
        "body": waiting.body.dump() if waiting.body else None,
        "body_graph": waiting.body_graph,
    }
