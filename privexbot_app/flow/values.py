"""Values of a running flow: references into them, templates around them, and where they came from.

A reference is a dotted path, `{{ ask_name.answer }}` in a template; its first word is a node's id, `vars` or `sys`. A
template that is one reference and nothing else keeps the value's type; any other template is text. Text of strangers
(visitors, documents, models, servers) is *tainted*, and so is whatever was made from it: nodes ask before they let
such text become an address or a header. Nothing is evaluated here: a path is looked up, that is all.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, Field

REFERENCE = re.compile(r"\{\{\s*([A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]+)*)\s*\}\}")
NODE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_\-]{0,63}")
VARIABLES = "vars"
SYSTEM = "sys"
RESERVED_ROOTS = frozenset({VARIABLES, SYSTEM})


@dataclass(frozen=True)
class TemplateField:
    """Marks a text field in which references are replaced; the editor offers the variable picker there."""


@dataclass(frozen=True)
class ReferenceField:
    """Marks a field that names one value, without braces."""


Template = Annotated[str, TemplateField(), Field(json_schema_extra={"format": "template"})]
LongTemplate = Annotated[str, TemplateField(), Field(json_schema_extra={"format": "template", "multiline": True})]
Reference = Annotated[str, ReferenceField(), Field(json_schema_extra={"format": "reference"})]


@dataclass(frozen=True)
class SourceField:
    """Marks a text in a language of its own. find: the paths that it names."""

    find: Callable[[str], Iterable[str]]


@dataclass(frozen=True)
class ResourceField:
    """Marks a field that names something of the workspace by its id. kind: knowledge_base, credential or chatflow."""

    kind: str


KnowledgeBaseId = Annotated[
    str, ResourceField("knowledge_base"), Field(max_length=64, json_schema_extra={"format": "knowledge_base"})
]
CredentialId = Annotated[
    str, ResourceField("credential"), Field(max_length=64, json_schema_extra={"format": "credential"})
]
ChatflowId = Annotated[str, ResourceField("chatflow"), Field(max_length=64, json_schema_extra={"format": "chatflow"})]


@dataclass(frozen=True)
class Part:
    """A piece of a rendered template: written by the flow's author, or filled in."""

    text: str
    is_reference: bool = False
    is_tainted: bool = False


@dataclass
class Values:
    """What the nodes of one frame have produced, by the first word of a reference; looks outwards for the rest.

    tainted: names whose value holds words of strangers: a node's id, or `vars.<name>`.
    outer: the frame around this one; None where nothing outside may be seen.
    """

    data: dict[str, Any] = field(default_factory=dict)
    tainted: set[str] = field(default_factory=set)
    outer: "Values | None" = None

    def put(self, root: str, value: Any, *, is_tainted: bool) -> None:
        """Set what a reference's first word stands for."""
        self.data[root] = value
        self.tainted.add(root) if is_tainted else self.tainted.discard(root)

    def find(self, path: str) -> tuple[Any, bool]:
        """The value at a path and whether it is tainted; (None, False) where there is nothing.

        >>> values = Values({"ask": {"answer": ["a", "b"]}}, {"ask"})
        >>> values.find("ask.answer.1"), values.find("ask.missing.deeper")
        (('b', True), (None, False))
        """
        root, _, rest = path.partition(".")
        scope = self._holder(root)
        if scope is None:
            return None, False
        value = scope.data[root]
        for word in rest.split(".") if rest else ():
            value = _member(value, word)
            if value is None:
                return None, False
        return value, scope._is_tainted(root, rest)

    def assign(self, name: str, value: Any, *, is_tainted: bool) -> None:
        """Set a variable where the variables of this level live."""
        holder = self._holder(VARIABLES)
        if holder is None:
            raise KeyError(VARIABLES)
        holder.data[VARIABLES][name] = value
        mark = f"{VARIABLES}.{name}"
        holder.tainted.add(mark) if is_tainted else holder.tainted.discard(mark)

    def _holder(self, root: str) -> "Values | None":
        scope: Values | None = self
        while scope is not None and root not in scope.data:
            scope = scope.outer
        return scope

    def _is_tainted(self, root: str, rest: str) -> bool:
        return root in self.tainted or bool(rest and f"{root}.{rest.partition('.')[0]}" in self.tainted)

    def dump(self) -> dict[str, Any]:
        """This frame's own values as JSON."""
        return {"data": self.data, "tainted": sorted(self.tainted)}

    @classmethod
    def load(cls, raw: Mapping[str, Any], outer: "Values | None" = None) -> "Values":
        """What `dump` wrote."""
        return cls(dict(raw["data"]), set(raw["tainted"]), outer)


def _member(value: Any, word: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(word)
    if isinstance(value, list | tuple) and word.isdigit() and int(word) < len(value):
        return value[int(word)]
    return None


def find_references(template: str) -> list[str]:
    """The paths that a template names, in order.

    >>> find_references("Dear {{ask.name}}, it is {{ sys.date }}.")
    ['ask.name', 'sys.date']
    """
    return REFERENCE.findall(template)


def split(template: str) -> Iterator[tuple[str, bool]]:
    """A template's pieces: (text, False) or (path, True).

    >>> list(split("Hi {{a.b}}!"))
    [('Hi ', False), ('a.b', True), ('!', False)]
    """
    position = 0
    for match in REFERENCE.finditer(template):
        if match.start() > position:
            yield template[position : match.start()], False
        yield match.group(1), True
        position = match.end()
    if position < len(template):
        yield template[position:], False


def render_parts(template: str, find: Callable[[str], tuple[Any, bool]]) -> list[Part]:
    """The template's pieces with references replaced by text, each with where it came from."""
    parts = []
    for piece, is_reference in split(template):
        if is_reference:
            value, is_tainted = find(piece)
            parts.append(Part(to_text(value), is_reference=True, is_tainted=is_tainted))
        else:
            parts.append(Part(piece))
    return parts


def whole_reference(template: str) -> str | None:
    """The path, when a template is one reference and nothing else.

    >>> whole_reference(" {{ a.b }} "), whole_reference("a {{b}}")
    ('a.b', None)
    """
    match = REFERENCE.fullmatch(template.strip())
    return match.group(1) if match else None


def to_text(value: Any) -> str:
    """A value as people read it: nothing for None, JSON for lists and objects.

    >>> to_text(None), to_text(True), to_text(2.0), to_text(["é"])
    ('', 'true', '2', '["é"]')
    """
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
    return json.dumps(value, ensure_ascii=False, default=str)


@dataclass(frozen=True)
class Mention:
    """One reference in a node's configuration. field: dotted path of the field that names it."""

    field: str
    path: str


@dataclass(frozen=True)
class Resource:
    """One thing of the workspace that a node names. field: dotted path of the field that names it."""

    field: str
    kind: str
    id: str


def find_mentions(config: BaseModel) -> Iterator[Mention]:
    """Every reference in the marked fields of a configuration, nested models, lists and mappings included."""
    for where, text, marks in _marked_texts(config):
        for mark in marks:
            if isinstance(mark, ReferenceField):
                yield Mention(where, text)
            elif isinstance(mark, TemplateField):
                yield from (Mention(where, path) for path in find_references(text))
            elif isinstance(mark, SourceField):
                yield from (Mention(where, path) for path in mark.find(text))


def find_resources(config: BaseModel) -> Iterator[Resource]:
    """Every knowledge base, credential and chatflow that a configuration names."""
    for where, text, marks in _marked_texts(config):
        yield from (Resource(where, mark.kind, text) for mark in marks if isinstance(mark, ResourceField))


def _marked_texts(config: BaseModel, prefix: str = "") -> Iterator[tuple[str, str, list[Any]]]:
    """(dotted path, text, marks of the field) of every text that is not empty."""
    for name, info in type(config).model_fields.items():
        marks = [*info.metadata, *_inner_marks(info.annotation)]
        yield from _texts_in(getattr(config, name), marks, f"{prefix}{name}")


def _inner_marks(annotation: Any) -> Iterator[Any]:
    """Marks of what a collection holds, e.g. of `dict[str, Template]`."""
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
        annotation = annotation.__origin__
    for argument in get_args(annotation):
        yield from _inner_marks(argument)


def _texts_in(value: Any, marks: list[Any], where: str) -> Iterator[tuple[str, str, list[Any]]]:
    if isinstance(value, BaseModel):
        yield from _marked_texts(value, f"{where}.")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts_in(item, marks, f"{where}.{index}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts_in(item, marks, f"{where}.{key}")
    elif isinstance(value, str) and value:
        yield where, value, marks
