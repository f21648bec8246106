"""Our own file: YAML with sorted keys, logic apart from layout, and names in place of ids of the workspace.

A field that names a knowledge base, a credential or a chatflow holds `resource:<key>`; `resources` says what stands
behind the key. Ids and secrets never enter a file. Writing what was read gives the same bytes again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from privexbot_app.flow.flow_file import (
    FORMAT,
    RESOURCE_PREFIX,
    VERSION,
    BotSpec,
    FlowFile,
    FlowTrial,
    LayoutSpec,
    LogicSpec,
    ResourceKind,
    ResourceSpec,
)
from privexbot_app.flow.formats.base import FLOW_FORMATS, OWN, FlowFileInvalidError, ImportedFlow, Report
from privexbot_app.flow.formats.placing import place_nodes
from privexbot_app.flow.node import find_type
from privexbot_app.flow.spec import EdgeSpec, GraphSpec, NodeSpec, Position
from privexbot_app.flow.values import ResourceField
from privexbot_app.kit.errors import FieldProblem

LONGEST_KEY = 40


@dataclass(frozen=True)
class FlowExport:
    """What a file is written from. names: (kind, id) → the name of a thing of the workspace."""

    graph: GraphSpec
    bot: BotSpec = field(default_factory=BotSpec)
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    tests: Sequence[FlowTrial] = ()


class _Dumper(yaml.SafeDumper):
    """Plain YAML: no anchors, texts of several lines as blocks."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = (
        "|"
        if "\n" in value and not re.search(r"[ \t]\n|[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufeff]", value)
        else None
    )
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def write_flow(export: FlowExport) -> str:
    """The file of a flow. Things whose name is not known are left out."""
    keys = _Keys(export.names)
    nodes = [_file_node(node, keys) for node in export.graph.nodes]
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "bot": _short(export.bot),
        "flow": {
            "nodes": nodes,
            "edges": [_file_edge(edge) for edge in export.graph.edges],
            "variables": [_short(variable) for variable in export.graph.variables],
            "limits": _short(export.graph.limits),
            "channels": export.graph.channels,
        },
        "layout": _layout(export.graph),
        "resources": keys.resources,
        "tests": [_short(test) for test in export.tests],
    }
    document["flow"] = {name: part for name, part in document["flow"].items() if part or name in ("nodes", "edges")}
    document = {name: part for name, part in document.items() if part or name == "flow"}
    return yaml.dump(document, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=110)


def _short(part: BaseModel) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_defaults=True)


def _file_node(node: NodeSpec, keys: "_Keys") -> dict[str, Any]:
    short = _short(node)
    for name in ("position", "size"):
        short.pop(name, None)
    config = map_resources(node, keys.reference)
    return short | {"version": node.version} | ({"config": config} if config else {})


def _file_edge(edge: EdgeSpec) -> dict[str, Any]:
    short = _short(edge)
    if edge.id == f"{edge.source}:{edge.source_port}-{edge.target}":
        short.pop("id", None)
    return short


def _layout(graph: GraphSpec) -> dict[str, Any]:
    places = {
        node.id: {"x": node.position.x, "y": node.position.y} | ({"size": _short(node.size) or {}} if node.size else {})
        for node in graph.nodes
    }
    comments = [comment.model_dump(mode="json") for comment in graph.comments]
    return {name: part for name, part in {"nodes": places, "comments": comments}.items() if part}


class _Keys:
    """Keys for what nodes name: readable, and the same for the same names in the same order."""

    def __init__(self, names: Mapping[tuple[str, str], str]) -> None:
        self._names = names
        self._keys: dict[tuple[str, str], str] = {}
        self.resources: dict[str, dict[str, str]] = {}

    def reference(self, kind: str, id: str) -> str:
        """`resource:<key>` for an id; nothing for one without a name; a reference stays as it is."""
        name = self._names.get((kind, id), "")
        if not name:
            return ""
        if (kind, id) not in self._keys:
            slug = re.sub(r"[^a-z0-9]+", "_", name.casefold(), flags=re.ASCII).strip("_")[:LONGEST_KEY].strip("_")
            base = slug if slug[:1].isalpha() else f"{kind}_{slug}".strip("_")
            key, number = base, 1
            while key in self.resources:
                number += 1
                key = f"{base}_{number}"
            self._keys[(kind, id)] = key
            self.resources[key] = {"kind": kind, "name": name}
        return f"{RESOURCE_PREFIX}{self._keys[(kind, id)]}"


@FLOW_FORMATS.register(OWN)
class Own:
    """Reads what `write_flow` wrote, and what people wrote like it."""

    label = "PrivexBot"

    def recognizes(self, document: Mapping[str, Any]) -> bool:
        return document.get("format") == FORMAT

    def read(self, document: Mapping[str, Any]) -> ImportedFlow:
        try:
            file = FlowFile.model_validate(document)
        except ValidationError as error:
            raise _invalid(error) from error
        graph = _graph(file.flow, file.layout)
        count = len(graph.nodes) + len(graph.comments)
        return ImportedFlow(
            format=OWN,
            graph=graph,
            report=Report(nodes=count, edges=len(graph.edges), kept=count, replaced=0),
            name=file.bot.name,
            description=file.bot.description,
            greeting=file.bot.greeting,
            suggested_questions=file.bot.suggested_questions,
            resources=file.resources,
            tests=file.tests,
        )


def _invalid(error: ValidationError) -> FlowFileInvalidError:
    problems = [
        FieldProblem(".".join(str(step) for step in problem["loc"]), problem["type"], problem["msg"])
        for problem in error.errors(include_url=False)[:50]
    ]
    first = problems[0]
    return FlowFileInvalidError(
        f"This file is not as a flow file should be: {first.field}: {first.message}.", problems=problems
    )


def _graph(logic: LogicSpec, layout: LayoutSpec) -> GraphSpec:
    graph = GraphSpec(
        nodes=[NodeSpec(**node.model_dump()) for node in logic.nodes],
        edges=[EdgeSpec(**edge.model_dump()) for edge in logic.edges],
        variables=logic.variables,
        comments=layout.comments,
        limits=logic.limits,
        channels=logic.channels,
    )
    missing = [node for node in graph.nodes if node.id not in layout.nodes]
    if missing:
        place_nodes(graph)
    for node in graph.nodes:
        if place := layout.nodes.get(node.id):
            node.position, node.size = Position(x=place.x, y=place.y), place.size
    return graph


def resource_fields(type: str, version: int) -> dict[str, ResourceKind]:
    """The fields of a node type that name something of the workspace, and what; empty for an unknown type."""
    kind = find_type(type, version)
    if kind is None:
        return {}
    fields: Mapping[str, Any] = kind.Config.model_fields  # type: ignore[attr-defined]
    found = {name: _resource_kind([*info.metadata, info.annotation]) for name, info in fields.items()}
    return {name: marked for name, marked in found.items() if marked}


def _resource_kind(marks: Sequence[Any]) -> ResourceKind | None:
    for mark in marks:
        if isinstance(mark, ResourceField):
            return mark.kind  # type: ignore[return-value]
        inner = [*getattr(mark, "__metadata__", ()), *get_args(mark)] if get_origin(mark) is not None else []
        if found := _resource_kind([one for one in inner if not isinstance(one, str)]):
            return found
    return None


def map_resources(node: NodeSpec, translate: Any) -> dict[str, Any]:
    """A node's configuration with `translate(kind, text)` in place of what names something of the workspace.

    What is nothing afterwards leaves a list. Works on half-drawn configurations, too.
    """
    config = dict(node.config)
    for name, kind in resource_fields(node.type, node.version).items():
        match config.get(name):
            case str() as text if text:
                config[name] = translate(kind, text)
            case list() as texts:
                made = [translate(kind, text) if isinstance(text, str) and text else "" for text in texts]
                config[name] = [text for text in made if text]
    return config


def resolve(
    flow: ImportedFlow, ids: Mapping[tuple[str, str], str]
) -> tuple[ImportedFlow, list[tuple[str, ResourceSpec]]]:
    """The flow with ids in place of keys, and (node id, resource) for what was not found. ids: by (kind, name).

    An id that stands in a file is of another installation, or of another tenant, and is never taken over.
    """
    missing: list[tuple[str, ResourceSpec]] = []

    def translate(node_id: str, kind: str, text: str) -> str:
        resource = flow.resources.get(text.removeprefix(RESOURCE_PREFIX)) if text.startswith(RESOURCE_PREFIX) else None
        id = ids.get((kind, resource.name), "") if resource is not None and resource.kind == kind else ""
        if not id:
            missing.append(
                (node_id, resource or ResourceSpec(kind=kind, name=text.removeprefix(RESOURCE_PREFIX)[:200]))
            )  # type: ignore[arg-type]
        return id

    nodes = []
    for node in flow.graph.nodes:
        config = map_resources(node, lambda kind, text, node_id=node.id: translate(node_id, kind, text))
        nodes.append(node.model_copy(update={"config": config}))
    return replace(flow, graph=flow.graph.model_copy(update={"nodes": nodes})), missing
