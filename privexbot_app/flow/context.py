"""What a node sees while it runs: the values before it, the visitor's words, the ports, and a voice."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from privexbot_app.flow.events import Cited, FlowEvent
from privexbot_app.flow.ports import Found, Incoming, Ports, Tokens, Turn
from privexbot_app.flow.values import Part, Values, render_parts, to_text, whole_reference


@dataclass(frozen=True)
class Resumed:
    """The node had paused with `state`, and what it waited for has come. data: what a person sent."""

    state: Mapping[str, Any]
    message: Incoming | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Returned:
    """The body that the node had called with `state` is through.

    outputs: what its end nodes gave. values: everything its nodes gave, by node id. is_tainted: whether any of it is.
    """

    state: Mapping[str, Any]
    outputs: Mapping[str, Any]
    values: Mapping[str, Any]
    is_tainted: bool


@dataclass
class Context:
    """One run of one node. Made by the runner; nodes use its methods and never keep it.

    node_id: the node's id. message: the visitor's words that began or resumed this run.
    has_read_tainted: whether any value asked for so far holds words of strangers.
    """

    node_id: str
    ports: Ports
    message: Incoming
    history: Sequence[Turn]
    values: Values
    tell: Callable[[FlowEvent], None]
    speak: Callable[[str], None]
    spend: Callable[[Tokens], None]
    resumed: Resumed | None = None
    returned: Returned | None = None
    has_read_tainted: bool = False
    inputs: dict[str, Any] = field(default_factory=dict)

    def find(self, path: str) -> tuple[Any, bool]:
        """The value at a path, None where there is nothing; and whether strangers wrote it."""
        value, is_tainted = self.values.find(path)
        self.inputs[path] = value
        self.has_read_tainted = self.has_read_tainted or is_tainted
        return value, is_tainted

    def value(self, path: str) -> Any:
        """The value at a path with its type; None where there is nothing."""
        return self.find(path)[0]

    def render(self, template: str) -> Any:
        """A template's value: typed when it is one reference and nothing else, else text."""
        path = whole_reference(template)
        return self.value(path) if path else self.render_text(template)

    def render_text(self, template: str) -> str:
        """A template as text."""
        if "{{" not in template:
            return template
        return "".join(part.text for part in self.render_parts(template))

    def render_parts(self, template: str) -> list[Part]:
        """A template's pieces, for nodes that treat words of strangers apart (addresses, queries)."""
        return render_parts(template, self.find)

    def assign(self, name: str, value: Any) -> None:
        """Set `vars.<name>` of the flow that the node stands in; tainted when anything read so far is."""
        self.values.assign(name, value, is_tainted=self.has_read_tainted)

    def say(self, value: Any) -> None:
        """Show the visitor the next piece of text, at once."""
        text = to_text(value)
        if text:
            self.speak(text)

    def cite(self, found: Sequence[Found]) -> None:
        """Name what the node's words rest on."""
        self.tell(Cited(self.node_id, found))

    @property
    def now(self) -> datetime:
        """The time, UTC."""
        return self.ports.clock.now()
