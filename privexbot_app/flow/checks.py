"""Everything that is wrong with a flow before it runs, each with the node and field it is about.

Errors keep a flow from being published; warnings do not. The same list serves the editor's problems panel, the REST
API, `privexbot flow lint` and publishing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from privexbot_app.flow.channels import CAPABILITY_WORDS, CHANNELS
from privexbot_app.flow.graph import parse_config
from privexbot_app.flow.node import NodeConfig, NodeType
from privexbot_app.flow.spec import ERROR_PORT, GraphSpec, NodeSpec
from privexbot_app.flow.values import RESERVED_ROOTS, SYSTEM, VARIABLES, Mention, find_mentions

SYSTEM_VALUES = ("message", "date", "session_id", "channel", "bot_name", "language")


@dataclass(frozen=True)
class Problem:
    """One thing wrong. node_id: None for the whole flow. field: dotted path into the node's configuration."""

    code: str
    message: str
    node_id: str | None = None
    field: str | None = None
    severity: Literal["error", "warning"] = "error"


@dataclass
class _Sight:
    """A flow as the checks see it: types and configurations by node, ways by direction."""

    spec: GraphSpec
    nodes: Mapping[str, NodeSpec]
    kinds: Mapping[str, NodeType]
    configs: Mapping[str, NodeConfig]
    targets: Mapping[str, set[str]]
    sources: Mapping[str, set[str]]


def check(spec: GraphSpec) -> list[Problem]:
    """All problems of a flow, errors first; an empty list means that it can be published."""
    problems = list(_duplicates(spec))
    if problems:
        return problems
    sight, problems = _look(spec)
    for rule in (_trigger, _edges, _parents, _cycles, _reachability, _branches, _references, _own_rules, _channels):
        problems.extend(rule(sight))
    return sorted(problems, key=lambda problem: problem.severity != "error")


def errors_of(spec: GraphSpec) -> list[Problem]:
    """The problems that keep a flow from being published."""
    return [problem for problem in check(spec) if problem.severity == "error"]


def _look(spec: GraphSpec) -> tuple[_Sight, list[Problem]]:
    kinds: dict[str, NodeType] = {}
    configs: dict[str, NodeConfig] = {}
    problems: list[Problem] = []
    for node in spec.nodes:
        kind, config, wrong = parse_config(node)
        for problem in wrong:
            field = problem.field.removeprefix(f"{node.id}.config").lstrip(".") or None
            problems.append(Problem(problem.code, problem.message, node.id, field if field != node.id else None))
        if kind is not None:
            kinds[node.id] = kind
        if config is not None:
            configs[node.id] = config
    targets, sources = defaultdict(set), defaultdict(set)
    for edge in spec.edges:
        targets[edge.source].add(edge.target)
        sources[edge.target].add(edge.source)
    return _Sight(spec, {node.id: node for node in spec.nodes}, kinds, configs, targets, sources), problems


def _duplicates(spec: GraphSpec) -> Iterator[Problem]:
    for id, count in Counter(node.id for node in spec.nodes).items():
        if count > 1:
            yield Problem("node_id_twice", f"Two nodes have the id “{id}”.", id)
        if id in RESERVED_ROOTS:
            yield Problem("node_id_reserved", f"“{id}” is a reserved word; give the node another id.", id)
    for name, count in Counter(variable.name for variable in spec.variables).items():
        if count > 1:
            yield Problem("variable_twice", f"Two variables have the name “{name}”.")


def _trigger(sight: _Sight) -> Iterator[Problem]:
    triggers = [id for id, kind in sight.kinds.items() if kind.is_trigger]
    if not triggers:
        yield Problem("trigger_missing", "A flow needs a start: add a trigger.")
    for id in triggers[1:]:
        yield Problem("trigger_twice", "A flow has one start; remove this trigger.", id)
    for id in triggers:
        if sight.sources.get(id):
            yield Problem("trigger_has_input", "Nothing can lead to the start.", id)
        if sight.nodes[id].parent:
            yield Problem("trigger_in_loop", "The start cannot stand in a loop.", id)


def _edges(sight: _Sight) -> Iterator[Problem]:
    seen: set[tuple[str, str, str]] = set()
    for edge in sight.spec.edges:
        source, target = sight.nodes.get(edge.source), sight.nodes.get(edge.target)
        if source is None or target is None:
            yield Problem(
                "edge_dangling", "A connection leads to a node that is not there.", source.id if source else None
            )
            continue
        if source.parent != target.parent:
            yield Problem("edge_crosses_loop", "A connection cannot cross the border of a loop.", source.id)
        if (edge.source, edge.source_port, edge.target) in seen:
            yield Problem("edge_twice", "These two nodes are connected twice.", source.id, severity="warning")
        seen.add((edge.source, edge.source_port, edge.target))
        if edge.source in sight.configs and edge.source_port not in _port_ids(sight, edge.source):
            message = f"A connection starts at “{edge.source_port}”, a way out that this node no longer has."
            yield Problem("port_unknown", message, edge.source)


def _port_ids(sight: _Sight, id: str) -> list[str]:
    ports = [port.id for port in sight.kinds[id].ports(sight.configs[id])]
    return [*ports, ERROR_PORT] if sight.nodes[id].policy.on_error == "branch" else ports


def _parents(sight: _Sight) -> Iterator[Problem]:
    for node in sight.spec.nodes:
        if node.parent is None:
            continue
        parent = sight.kinds.get(node.parent)
        if node.parent not in sight.nodes or (parent is not None and not parent.is_container):
            yield Problem("parent_not_a_loop", "This node stands inside something that is not a loop.", node.id)
    for node in sight.spec.nodes:
        if _is_inside_itself(sight, node.id):
            yield Problem("loop_inside_itself", "This loop stands inside itself.", node.id)
            return


def _is_inside_itself(sight: _Sight, id: str) -> bool:
    seen: set[str] = set()
    current: str | None = id
    while current is not None and current in sight.nodes:
        if current in seen:
            return True
        seen.add(current)
        current = sight.nodes[current].parent
    return False


def _cycles(sight: _Sight) -> Iterator[Problem]:
    """Ways that lead back are an error: what repeats stands in a loop node, which counts."""
    open_inputs = {id: len(sight.sources.get(id, set()) & sight.nodes.keys()) for id in sight.nodes}
    ready = [id for id, count in open_inputs.items() if not count]
    while ready:
        for target in sight.targets.get(ready.pop(), ()):
            if target in open_inputs:
                open_inputs[target] -= 1
                if not open_inputs[target]:
                    ready.append(target)
    circling = [id for id, count in open_inputs.items() if count > 0]
    if circling:
        message = "These connections lead in a circle. Put what repeats into a loop node."
        yield Problem("cycle", message, circling[0])


def _reachability(sight: _Sight) -> Iterator[Problem]:
    starts = [id for id, kind in sight.kinds.items() if kind.is_trigger]
    if not starts:
        return
    reached: set[str] = set()
    pending = list(starts)
    children: dict[str | None, list[str]] = defaultdict(list)
    for node in sight.spec.nodes:
        children[node.parent].append(node.id)
    while pending:
        id = pending.pop()
        if id in reached:
            continue
        reached.add(id)
        pending.extend(sight.targets.get(id, ()))
        pending.extend(child for child in children.get(id, ()) if not sight.sources.get(child))
    for node in sight.spec.nodes:
        if node.id not in reached:
            yield Problem("unreachable", "Nothing leads here from the start.", node.id, severity="warning")


def _branches(sight: _Sight) -> Iterator[Problem]:
    used: dict[str, set[str]] = defaultdict(set)
    for edge in sight.spec.edges:
        used[edge.source].add(edge.source_port)
    for id, config in sight.configs.items():
        ports = sight.kinds[id].ports(config)
        offered = [port.id for port in ports]
        labels = {port.id: port.label or port.id for port in ports} | {ERROR_PORT: "error"}
        if sight.nodes[id].policy.on_error == "branch":
            offered.append(ERROR_PORT)
        if len(offered) < 2:
            continue
        for port in offered:
            if port not in used[id]:
                message = f"The way “{labels[port]}” leads nowhere: the flow ends there."
                yield Problem("branch_missing", message, id, severity="warning")


def _references(sight: _Sight) -> Iterator[Problem]:
    names = {variable.name for variable in sight.spec.variables}
    upstream = _Upstream(sight)
    for id, config in sight.configs.items():
        for mention in find_mentions(config):
            problem = _check_mention(sight, id, mention, names, upstream)
            if problem:
                yield problem


def _check_mention(sight: _Sight, id: str, mention: Mention, names: set[str], upstream: "_Upstream") -> Problem | None:
    root, _, rest = mention.path.partition(".")
    name = rest.partition(".")[0]
    if root == VARIABLES:
        known = name in names
    elif root == SYSTEM:
        known = name in SYSTEM_VALUES
    else:
        if root not in sight.nodes:
            return Problem("reference_unknown", f"There is no node “{root}”.", id, mention.field)
        if root not in upstream.of(id):
            message = f"“{root}” does not run before this node on any way."
            return Problem("reference_not_upstream", message, id, mention.field)
        known = not name or root not in sight.configs or name in _output_names(sight, root)
    if known:
        return None
    return Problem("reference_unknown", f"There is no value “{mention.path}”.", id, mention.field)


def _output_names(sight: _Sight, id: str) -> set[str]:
    names = {output.name for output in sight.kinds[id].outputs(sight.configs[id])}
    return names | {"error"} if sight.nodes[id].policy.on_error != "stop" else names


class _Upstream:
    """The nodes that may have run before a node: those that lead to it, and those before the loops around it."""

    def __init__(self, sight: _Sight) -> None:
        self._sight = sight
        self._known: dict[str, set[str]] = {}

    def of(self, id: str) -> set[str]:
        """Their ids; a loop counts for the nodes inside it, and they for what it does after a pass."""
        kind = self._sight.kinds.get(id)
        if kind is None or not kind.is_container:
            return self._before(id)
        return self._before(id) | {node.id for node in self._sight.spec.nodes if node.parent == id}

    def _before(self, id: str) -> set[str]:
        if id not in self._known:
            found: set[str] = set()
            pending = list(self._sight.sources.get(id, ()))
            while pending:
                source = pending.pop()
                if source not in found:
                    found.add(source)
                    pending.extend(self._sight.sources.get(source, ()))
            parent = self._sight.nodes[id].parent
            if parent and parent in self._sight.nodes and not _is_inside_itself(self._sight, id):
                found |= {parent} | self._before(parent)
            self._known[id] = found - {id}
        return self._known[id]


class Upstreams:
    """Whose values each node may use; for the editor's variable picker."""

    def __init__(self, spec: GraphSpec) -> None:
        self._sight, _ = _look(spec)
        self._upstream = _Upstream(self._sight)

    def of(self, node_id: str) -> set[str]:
        """Ids of the nodes that may have run before it; empty for a node that is not there."""
        return self._upstream.of(node_id) if node_id in self._sight.nodes else set()


def _own_rules(sight: _Sight) -> Iterator[Problem]:
    for id, config in sight.configs.items():
        for field, code, message in sight.kinds[id].problems(config):
            yield Problem(code, message, id, field or None)


def _channels(sight: _Sight) -> Iterator[Problem]:
    for channel in sight.spec.channels:
        if channel not in CHANNELS:
            yield Problem("channel_unknown", f"There is no channel “{channel}”.")
    known: Sequence[str] = [channel for channel in sight.spec.channels if channel in CHANNELS]
    for id, config in sight.configs.items():
        for need in sorted(sight.kinds[id].capabilities(config)):
            unable = [channel for channel in known if need not in CHANNELS[channel]]
            if unable:
                message = f"{', '.join(unable)} cannot {CAPABILITY_WORDS[need]}, which this node needs."
                yield Problem("channel_cannot", message, id)
