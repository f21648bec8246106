"""What a gesture on the canvas changed, as the browser sends it, and the graph that comes of it. Pure.

A patch can be applied twice with the same result, as the browser sends one again until it hears that it was saved.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from privexbot_app.flow.spec import MOST_EDGES, MOST_NODES, GraphSpec
from privexbot_app.kit.errors import FieldProblem, InvalidError


class PatchInvalidError(InvalidError):
    """A change that cannot be part of a flow; `problems` names what is wrong."""

    code = "flow_patch_invalid"


class Changes(BaseModel):
    """Of one list of the graph. put: new items whole, known ones with the fields that changed; drop: ids."""

    model_config = ConfigDict(extra="forbid")

    put: list[dict[str, Any]] = Field([], max_length=MOST_EDGES)
    drop: list[str] = Field([], max_length=MOST_EDGES)


class CanvasPatch(BaseModel):
    """Everything that one gesture changed; what is None stays as it is."""

    model_config = ConfigDict(extra="forbid")

    nodes: Changes = Changes()
    edges: Changes = Changes()
    comments: Changes = Changes()
    variables: list[dict[str, Any]] | None = Field(None, max_length=MOST_NODES)
    limits: dict[str, Any] | None = None
    channels: list[str] | None = None


def apply_patch(graph: GraphSpec, patch: CanvasPatch) -> GraphSpec:
    """The graph after the change. Raises PatchInvalidError; the graph itself stays as it was."""
    raw = graph.model_dump(mode="json")
    for name in ("nodes", "edges", "comments"):
        raw[name] = _changed(raw[name], getattr(patch, name))
    for name in ("variables", "limits", "channels"):
        if getattr(patch, name) is not None:
            raw[name] = getattr(patch, name)
    return read_graph(raw)


def read_graph(raw: Any) -> GraphSpec:
    """A graph as the browser holds it. Raises PatchInvalidError."""
    try:
        return GraphSpec.model_validate(raw)
    except ValidationError as error:
        problems = [
            FieldProblem(".".join(str(step) for step in problem["loc"]), problem["type"], problem["msg"])
            for problem in error.errors(include_url=False)
        ]
        raise PatchInvalidError("This change cannot be saved.", problems=problems) from error


def read_patch(raw: Any) -> CanvasPatch:
    """What a browser sent. Raises PatchInvalidError."""
    try:
        return CanvasPatch.model_validate(raw)
    except ValidationError as error:
        raise PatchInvalidError("This change cannot be read.") from error


def _changed(items: list[dict[str, Any]], changes: Changes) -> list[dict[str, Any]]:
    """Known items keep their place; new ones come last, in the order that they were drawn."""
    gone = set(changes.drop)
    kept = {item["id"]: item for item in items if item["id"] not in gone}
    for item in changes.put:
        id = str(item.get("id", ""))
        kept[id] = {**kept.get(id, {}), **item}
    return list(kept.values())
