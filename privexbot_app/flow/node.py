"""The contract of a node type, and the registry that its files fill.

A type is one module in `nodes/`: a class under `@node(...)` with a `Config`; the palette, the form, the checks and the
reference page come from these. A type that must change what it means gets a second class with the next version beside
the first, so that stored flows go on as they were placed.

    @node("greet", label="Greet", description="Says hello.", icon="hand", category="talk")
    class Greet:
        class Config(NodeConfig):
            text: LongTemplate = "Hello!"

        async def run(self, config: Config, context: Context) -> Outcome: ...
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict

from privexbot_app.flow.context import Context, Resumed, Returned
from privexbot_app.flow.spec import DEFAULT_PORT, ValueType
from privexbot_app.kit.registry import Registry

Category: TypeAlias = Literal["start", "talk", "think", "logic", "data", "connect", "people"]
CATEGORIES: tuple[Category, ...] = ("start", "talk", "think", "logic", "data", "connect", "people")


class NodeConfig(BaseModel):
    """Base of every type's configuration; unknown fields are refused. Defaults make a node that can be placed."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Port:
    """A way out of a node."""

    id: str = DEFAULT_PORT
    label: str = ""


@dataclass(frozen=True)
class Output:
    """A value that a node gives, `{{ node.name }}`."""

    name: str
    type: ValueType = "text"
    description: str = ""


@dataclass(frozen=True)
class Outcome:
    """A node is through.

    outputs: by the names that the type declares. port: the way out. is_tainted: None means "as what it read";
    types that bring words of strangers in say True.
    """

    outputs: Mapping[str, Any] = field(default_factory=dict)
    port: str = DEFAULT_PORT
    is_tainted: bool | None = None


@dataclass(frozen=True)
class Pause:
    """The node waits for the visitor's next message, or for a person. state: JSON, back again as `Resumed.state`."""

    wait: Literal["message", "person"] = "message"
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """The node wants its body run: the nodes inside a loop, or another flow. Then it runs again with `Returned`.

    inputs: values that the body sees under the node's own id (a loop) or as `vars` (a sub-flow).
    state: JSON that comes back as `Returned.state`. graph: another flow's graph; None for the nodes inside this one.
    """

    inputs: Mapping[str, Any] = field(default_factory=dict)
    state: Mapping[str, Any] = field(default_factory=dict)
    graph: Mapping[str, Any] | None = None


Result: TypeAlias = Outcome | Pause | Call


class Node(Protocol):
    """A type of node. Instances hold nothing: one serves every run.

    version, label, description, icon, category: set by `@node`. is_container: nodes may stand inside.
    """

    Config: type[NodeConfig]

    async def run(self, config: Any, context: Context) -> Result:
        """Do the node's work once. Raises errors of the kit's family; the node's policy decides what follows."""
        ...


class NodeType:
    """Base of every node class: the declarations with their usual answers."""

    type: ClassVar[str] = ""
    version: ClassVar[int] = 1
    label: ClassVar[str] = ""
    description: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    category: ClassVar[Category] = "logic"
    is_container: ClassVar[bool] = False
    is_trigger: ClassVar[bool] = False
    is_end: ClassVar[bool] = False
    is_placeable: ClassVar[bool] = True
    needs: ClassVar[frozenset[str]] = frozenset()

    def ports(self, config: Any) -> Sequence[Port]:
        """The ways out, first the usual one."""
        return (Port(),)

    def outputs(self, config: Any) -> Sequence[Output]:
        """The values that the node gives."""
        return ()

    def problems(self, config: Any) -> Sequence[tuple[str, str, str]]:
        """What is wrong beyond the form: (field, code, sentence) each."""
        return ()

    def capabilities(self, config: Any) -> frozenset[str]:
        """What a channel must be able to do for this node; names from `channels.CHANNELS`."""
        return self.needs


NODES: Registry[Node] = Registry("node type", Node)  # type: ignore[type-abstract]
Class = TypeVar("Class", bound=type)


def node(
    type: str,
    *,
    label: str,
    description: str,
    icon: str,
    category: Category,
    version: int = 1,
    is_container: bool = False,
    is_trigger: bool = False,
    is_end: bool = False,
    is_placeable: bool = True,
    needs: frozenset[str] = frozenset(),
) -> Callable[[Class], Class]:
    """Class decorator that names a node type and registers it as `type@version`. icon: a lucide icon's name.

    is_placeable: whether the palette offers it; an importer may place it all the same.
    """

    def add(plugin: Class) -> Class:
        for name, value in {
            "type": type,
            "version": version,
            "label": label,
            "description": description,
            "icon": icon,
            "category": category,
            "is_container": is_container,
            "is_trigger": is_trigger,
            "is_end": is_end,
            "is_placeable": is_placeable,
            "needs": needs,
        }.items():
            setattr(plugin, name, value)
        return NODES.register(f"{type}@{version}")(plugin)

    return add


def find_type(type: str, version: int) -> NodeType | None:
    """The node type of that name and version; None when this installation does not know it."""
    name = f"{type}@{version}"
    return NODES.get(name)() if name in NODES else None  # type: ignore[return-value]


def latest_types() -> list[NodeType]:
    """The newest version of every type, in the palette's order."""
    newest: dict[str, NodeType] = {}
    for _, plugin in NODES:
        made: NodeType = plugin()  # type: ignore[assignment]
        if made.type not in newest or made.version > newest[made.type].version:
            newest[made.type] = made
    return sorted(newest.values(), key=lambda made: (CATEGORIES.index(made.category), made.label))


__all__ = [
    "CATEGORIES",
    "NODES",
    "Call",
    "Category",
    "Context",
    "Node",
    "NodeConfig",
    "NodeType",
    "Outcome",
    "Output",
    "Pause",
    "Port",
    "Result",
    "Resumed",
    "Returned",
    "find_type",
    "latest_types",
    "node",
]
