"""Builds a graph out of somebody else's: names, places, ways, placeholders, and the report of what is lost.

An importer first announces every node (`announce`), so that references can be translated, then places each with what
it has become, then connects them. Nothing is dropped: what cannot be said here stays as a node `unsupported`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from privexbot_app.flow.formats.base import FlowFileInvalidError, Loss, Report
from privexbot_app.flow.formats.foreign import valid_port
from privexbot_app.flow.node import find_type
from privexbot_app.flow.spec import (
    DEFAULT_PORT,
    MOST_EDGES,
    MOST_NODES,
    CommentSpec,
    EdgeSpec,
    GraphSpec,
    Json,
    NodeSpec,
    Policy,
    Position,
    Size,
    ValueType,
    VariableSpec,
)
from privexbot_app.flow.values import RESERVED_ROOTS

PLACEHOLDER = "unsupported"
LONGEST_ID = 40
LONGEST_SETTINGS = 100_000
LONGEST_COMMENT = 4000
MOST_COMMENTS = 500
MOST_GIVEN = 100
MOST_VARIABLES = 200
# Words that Liquid reads as its own; a node of that name could not be looked up in a template.
LIQUID_WORDS = frozenset(
    {"and", "blank", "contains", "empty", "false", "forloop", "in", "nil", "not", "null", "or", "true"}
)
REMOVED = "(not imported)"
_SECRET = re.compile(
    r"(?i)api_?key|password|secret|(^|_|access)token|authorization|^auth$|credential|connection_?string"
)
_MENTION = re.compile(r"(?<![\w.])([A-Za-z]\w*)\.([A-Za-z_]\w{0,63})")


class NoEquivalentError(Exception):
    """A step cannot be said here; `reason` is a sentence for the report."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Original:
    """A node as the file has it. settings: everything that it is set to."""

    id: str
    type: str
    title: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    x: float = 0
    y: float = 0
    size: Size | None = None
    parent: str | None = None


@dataclass(frozen=True)
class Made:
    """What a node has become. losses: what is not as it was, in sentences."""

    type: str
    config: Mapping[str, Any] = field(default_factory=dict)
    losses: Sequence[str] = ()
    policy: Policy = field(default_factory=Policy)


class Drawing:
    """A graph in the making."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}
        self._nodes: dict[str, NodeSpec] = {}
        self._edges: list[EdgeSpec] = []
        self._edge_ids: set[str] = set()
        self._comments: list[CommentSpec] = []
        self._variables: dict[str, VariableSpec] = {}
        self._unsupported: list[Loss] = []
        self._changed: list[Loss] = []
        self._counts = {"nodes": 0, "edges": 0, "kept": 0, "replaced": 0, "added": 0}

    def announce(self, original_id: str, hint: str) -> str:
        """The id that a node will have. hint: its title or type. Raises FlowFileInvalidError for an id used twice."""
        if original_id in self.ids:
            raise FlowFileInvalidError(f"Two nodes of this file have the id “{original_id[:80]}”.")
        if len(self.ids) >= MOST_NODES:
            raise FlowFileInvalidError(f"A flow has at most {MOST_NODES:,} nodes.")
        self.ids[original_id] = self._free(hint)
        return self.ids[original_id]

    def place(self, original: Original, made: Made) -> str:
        """Draw a node as what it has become; as a placeholder where its settings do not fit. Returns its id."""
        kind = find_type(made.type, 1)
        try:
            if kind is None:
                raise NoEquivalentError(f"This installation has no node type “{made.type}”.")
            kind.Config.model_validate(made.config)  # type: ignore[attr-defined]
        except ValidationError as error:
            wrong = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in wrong["loc"])
            return self.hold(original, f"Its settings do not fit here ({where}: {wrong['msg']}).")
        except NoEquivalentError as error:
            return self.hold(original, error.reason)
        self._draw(original, made.type, made.config, made.policy)
        self._counts["replaced" if made.losses else "kept"] += 1
        for reason in made.losses:
            self._changed.append(_loss(original, reason))
        return self.ids[original.id]

    def hold(self, original: Original, reason: str, *, taken_over_by: str = "") -> str:
        """Draw a placeholder. taken_over_by: the node whose settings say what this one did. Returns its id."""
        settings = json.dumps(_without_secrets(original.settings), ensure_ascii=False, indent=2, sort_keys=True)
        config = {
            "original_type": original.type[:200],
            "reason": reason[:1000],
            "settings": settings[:LONGEST_SETTINGS],
            "taken_over_by": taken_over_by,
        }
        self._draw(original, PLACEHOLDER, config, Policy())
        if taken_over_by:
            self._counts["replaced"] += 1
            self._changed.append(_loss(original, reason))
        else:
            self._unsupported.append(_loss(original, reason))
        return self.ids[original.id]

    def add(self, hint: str, made: Made, *, x: float, y: float, parent: str | None = None) -> str:
        """Draw a node that the file did not have. Returns its id."""
        original = Original(f"added:{hint}:{len(self.ids)}", made.type, hint, x=x, y=y)
        self.announce(original.id, hint)
        self._draw(replace(original, parent=parent), made.type, made.config, made.policy)
        self._counts["added"] += 1
        return self.ids[original.id]

    def comment(self, original: Original, text: str) -> None:
        """Draw a note."""
        if len(self._comments) >= MOST_COMMENTS:
            raise FlowFileInvalidError(f"A flow has at most {MOST_COMMENTS} notes.")
        self._counts["nodes"] += 1
        self._counts["kept" if len(text) <= LONGEST_COMMENT else "replaced"] += 1
        if len(text) > LONGEST_COMMENT:
            self._changed.append(_loss(original, f"A note has at most {LONGEST_COMMENT} characters; the rest is lost."))
        self._comments.append(
            CommentSpec(
                id=self.ids[original.id],
                text=text[:LONGEST_COMMENT],
                position=Position(x=original.x, y=original.y),
                size=original.size or Size(),
            )
        )

    def absorb(self, original: Original, into: str) -> None:
        """Count a node as kept that has become a part of another; whatever leads to it leads there."""
        self._counts["nodes"] += 1
        self._counts["kept"] += 1
        self.ids[original.id] = self.ids[into]

    def connect(self, source: str, port: str, target: str, *, is_of_file: bool = True) -> None:
        """Draw a way between two nodes of ours."""
        if len(self._edges) >= MOST_EDGES:
            raise FlowFileInvalidError(f"A flow has at most {MOST_EDGES:,} connections.")
        self._counts["edges"] += is_of_file
        edge = EdgeSpec(source=source, source_port=valid_port(port), target=target)
        while edge.id in self._edge_ids:
            edge.id += "_"
        self._edge_ids.add(edge.id)
        self._edges.append(edge)

    def lose(self, original: Original, reason: str) -> None:
        """Name something beside the nodes that has no equivalent."""
        self._unsupported.append(_loss(original, reason))

    def change(self, original: Original, reason: str) -> None:
        """Name something beside the nodes that is not as it was."""
        self._changed.append(_loss(original, reason))

    def variable(self, name: str, *, type: ValueType = "any", default: Json = None, description: str = "") -> str:
        """A variable of the flow, declared if it is not yet. Returns its name, made valid."""
        valid = re.sub(r"\W", "_", name, flags=re.ASCII)[:64] or "value"
        valid = valid if not valid[0].isdigit() else f"_{valid}"[:64]
        if valid not in self._variables:
            if len(self._variables) >= MOST_VARIABLES:
                raise FlowFileInvalidError(f"A flow has at most {MOST_VARIABLES} variables.")
            self._variables[valid] = VariableSpec(name=valid, type=type, default=default, description=description[:300])
        return valid

    def type_of(self, id: str) -> str:
        """What a node of ours has become."""
        return self._nodes[id].type

    def parent_of(self, id: str) -> str | None:
        """The loop that a node of ours stands in."""
        return self._nodes[id].parent if id in self._nodes else None

    def position_of(self, id: str) -> tuple[float, float]:
        """Where a node of ours stands."""
        return self._nodes[id].position.x, self._nodes[id].position.y

    def finish(self) -> tuple[GraphSpec, Report]:
        """The graph and what became of the file's nodes and edges."""
        self._fill_placeholders()
        graph = GraphSpec(
            nodes=list(self._nodes.values()),
            edges=self._edges,
            variables=list(self._variables.values()),
            comments=self._comments,
        )
        return graph, Report(**self._counts, unsupported=tuple(self._unsupported), changed=tuple(self._changed))

    def _draw(self, original: Original, type: str, config: Mapping[str, Any], policy: Policy) -> None:
        self._counts["nodes"] += not original.id.startswith("added:")
        id = self.ids[original.id]
        self._nodes[id] = NodeSpec(
            id=id,
            type=type,
            title=original.title.strip()[:120],
            config=dict(config),
            policy=policy,
            parent=original.parent,
            position=Position(x=original.x, y=original.y),
            size=original.size,
        )

    def _fill_placeholders(self) -> None:
        """Give each the ways and values that others use, so that only the placeholder itself is a problem."""
        holders = {id: node for id, node in self._nodes.items() if node.type == PLACEHOLDER}
        for edge in self._edges:
            ways = holders[edge.source].config.setdefault("ways", []) if edge.source in holders else []
            if edge.source in holders and edge.source_port != DEFAULT_PORT and edge.source_port not in ways:
                ways.append(edge.source_port)
        for node in self._nodes.values():
            if node.type == PLACEHOLDER:
                continue
            for root, name in _MENTION.findall(json.dumps(node.config, ensure_ascii=False)):
                given = holders[root].config.setdefault("given", []) if root in holders else []
                if root in holders and name not in given and len(given) < MOST_GIVEN:
                    given.append(name)

    def _free(self, hint: str) -> str:
        """An id that nobody has: readable where the hint is Latin, and a name that templates can look up."""
        base = re.sub(r"[^a-z0-9]+", "_", hint.casefold(), flags=re.ASCII).strip("_")[:LONGEST_ID].strip("_") or "node"
        if not base[0].isalpha() or base in RESERVED_ROOTS or base in LIQUID_WORDS:
            base = f"n_{base}"
        taken = set(self.ids.values()) | self._nodes.keys()
        number, id = 1, base
        while id in taken:
            number += 1
            id = f"{base}_{number}"
        return id


def _without_secrets(value: Any, name: str = "") -> Any:
    """The same, with what looks like a secret by its name left out."""
    match value:
        case dict():
            return {key: _without_secrets(item, key) for key, item in value.items()}
        case list():
            return [_without_secrets(item, name) for item in value]
        case str() if value and _SECRET.search(name):
            return REMOVED
    return value


def _loss(original: Original, reason: str) -> Loss:
    return Loss(original.id[:200], original.type[:200], original.title[:200], reason)
