"""The contract of a file format, the registry that its files fill, and reading a file whatever its format.

A format is one module or package beside this one: a class under `@FLOW_FORMATS.register(name)` that recognises its
files by their content and reads them. What has no equivalent here is named in the report one by one; it stays on the
canvas as a node `unsupported`. Nothing is fetched, run or written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from privexbot_app.flow.flow_file import FlowTrial, ResourceSpec
from privexbot_app.flow.formats.parsing import parse_document
from privexbot_app.flow.spec import GraphSpec
from privexbot_app.kit.errors import InvalidError
from privexbot_app.kit.registry import Registry

OWN = "privexbot"


class FlowFormatUnknownError(InvalidError):
    """A file is readable and is no flow that we know."""

    code = "flow_format_unknown"


class FlowFileInvalidError(InvalidError):
    """A file is of a known format and not as the format asks; `problems` names each field."""

    code = "flow_file_invalid"


@dataclass(frozen=True)
class Loss:
    """One thing that is not as it was. id, type, title: as the file has them."""

    id: str
    type: str
    title: str
    reason: str


@dataclass(frozen=True)
class Report:
    """What an import has kept. Every node of the file counts once: kept + replaced + unsupported == nodes.

    nodes, edges: of the file, notes among the nodes. kept: have an equivalent. replaced: have one that is not quite the
    same, see `changed`. unsupported: have none, see there. added: nodes that the file did not have and a flow needs.
    """

    nodes: int
    edges: int
    kept: int
    replaced: int
    unsupported: Sequence[Loss] = ()
    changed: Sequence[Loss] = ()
    added: int = 0


@dataclass(frozen=True)
class ImportedFlow:
    """A flow as it was read. format: its name.

    resources: what its nodes name as `resource:<key>`, to be found by name. tests: what the file holds of them.
    """

    format: str
    graph: GraphSpec
    report: Report
    name: str = ""
    description: str = ""
    greeting: str = ""
    suggested_questions: Sequence[str] = ()
    resources: Mapping[str, ResourceSpec] = field(default_factory=dict)
    tests: Sequence[FlowTrial] = ()


class FlowFormat(Protocol):
    """Reads one format. label: the product's name."""

    label: str

    def recognizes(self, document: Mapping[str, Any]) -> bool:
        """Whether the document is of this format, by its content."""
        ...

    def read(self, document: Mapping[str, Any]) -> ImportedFlow:
        """The flow. Raises FlowFileInvalidError for one that is damaged."""
        ...


FLOW_FORMATS: Registry[FlowFormat] = Registry("flow format", FlowFormat)  # type: ignore[type-abstract]


def read_flow(content: str) -> ImportedFlow:
    """The flow that a file holds. Raises FlowFileTooLargeError, FlowFileUnreadableError, FlowFormatUnknownError and
    FlowFileInvalidError.
    """
    document = parse_document(content)
    for _, plugin in FLOW_FORMATS:
        reader: FlowFormat = plugin()
        if reader.recognizes(document):
            return reader.read(document)
    known = ", ".join(plugin.label for _, plugin in FLOW_FORMATS)
    raise FlowFormatUnknownError(f"This file is no flow of a product that we know: {known}.")
