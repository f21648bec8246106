"""Dify's DSL, versions 0.1 to 0.5, of every mode: flows by their graph, plain chats and agents by their settings."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from privexbot_app.flow.formats.base import FLOW_FORMATS, FlowFileInvalidError, ImportedFlow
from privexbot_app.flow.formats.dify.nodes import MAKERS, OTHERWISE, REASONS
from privexbot_app.flow.formats.dify.notes import read_note
from privexbot_app.flow.formats.dify.plain import draw_plain
from privexbot_app.flow.formats.dify.references import References
from privexbot_app.flow.formats.drawing import Drawing, Made, NoEquivalentError, Original
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_number, as_size, as_text
from privexbot_app.flow.spec import Policy, ValueType

MODES = ("workflow", "advanced-chat", "chat", "completion", "agent-chat")
CONTAINERS = ("iteration", "loop")
VALUE_TYPES: Mapping[str, ValueType] = {"string": "text", "number": "number", "boolean": "boolean", "object": "object"}
NOTE = "custom-note"


@FLOW_FORMATS.register("dify")
class Dify:
    """Reads an export of one app."""

    label = "Dify"

    def recognizes(self, document: Mapping[str, Any]) -> bool:
        app = document.get("app")
        return isinstance(app, dict) and app.get("mode") in MODES

    def read(self, document: Mapping[str, Any]) -> ImportedFlow:
        app = as_dict(document["app"])
        workflow = as_dict(document.get("workflow"))
        drawing = Drawing()
        if app["mode"] in ("workflow", "advanced-chat"):
            if not isinstance(workflow.get("graph"), dict):
                raise FlowFileInvalidError("This file of Dify holds no workflow.")
            _draw(drawing, workflow)
            features = as_dict(workflow.get("features"))
        else:
            features = as_dict(document.get("model_config"))
            draw_plain(drawing, as_text(app["mode"]), features)
        graph, report = drawing.finish()
        return ImportedFlow(
            format="dify",
            graph=graph,
            report=report,
            name=as_text(app.get("name"))[:80].strip(),
            description=as_text(app.get("description"))[:2000],
            greeting=as_text(features.get("opening_statement"))[:1000],
            suggested_questions=_questions(features),
        )


def _questions(features: Mapping[str, Any]) -> tuple[str, ...]:
    asked = (as_text(one).strip()[:200] for one in as_list(features.get("suggested_questions")))
    return tuple(one for one in asked if one)[:6]


def _draw(drawing: Drawing, workflow: Mapping[str, Any]) -> None:
    graph = workflow["graph"]
    originals = [_original(as_dict(node)) for node in as_list(graph.get("nodes"))]
    for original in originals:
        drawing.announce(original.id, original.title or original.type)
    _declare(drawing, workflow)
    types = {original.id: original.type for original in originals}
    start = next((drawing.ids[id] for id, type in types.items() if type == "start"), "sys")
    refs = References(drawing, types, start)
    for original in originals:
        own = replace(original, parent=_parent(drawing, types, original))
        if original.type == NOTE:
            drawing.comment(own, read_note(original.settings.get("text")))
        else:
            _place(drawing, own, refs)
    for edge in map(as_dict, as_list(graph.get("edges"))):
        _connect(drawing, types, edge)
    for original in originals:
        if original.type == "iteration":
            _end_pass(drawing, original, refs)
    _name_models(drawing, originals)


def _original(node: Mapping[str, Any]) -> Original:
    data = as_dict(node.get("data"))
    type = as_text(data.get("type")) or {NOTE: NOTE}.get(as_text(node.get("type")), "")
    position = as_dict(node.get("position"))
    is_large = type in (*CONTAINERS, NOTE)
    return Original(
        id=as_text(node.get("id")),
        type=type or "unknown",
        title=as_text(data.get("title")),
        settings={key: value for key, value in data.items() if key not in ("selected", "title", "type")},
        x=as_number(position.get("x")),
        y=as_number(position.get("y")),
        size=as_size(node.get("width"), node.get("height")) if is_large else None,
        parent=as_text(node.get("parentId") or data.get("iteration_id") or data.get("loop_id")) or None,
    )


def _parent(drawing: Drawing, types: Mapping[str, str], original: Original) -> str | None:
    is_known = original.parent is not None and types.get(original.parent) in CONTAINERS
    return drawing.ids[original.parent] if is_known and original.parent else None


def _declare(drawing: Drawing, workflow: Mapping[str, Any]) -> None:
    """Variables of the conversation and of the environment; a secret's value stays behind."""
    for group in ("conversation_variables", "environment_variables"):
        for one in map(as_dict, as_list(workflow.get(group))):
            written, name = as_text(one.get("value_type")), as_text(one.get("name"))
            is_secret = written == "secret"
            drawing.variable(
                name,
                type="list" if written.startswith("array") else VALUE_TYPES.get(written, "text"),
                default=None if is_secret else one.get("value"),
                description=as_text(one.get("description")),
            )
            if is_secret:
                original = Original(as_text(one.get("id")), "environment variable", name)
                drawing.change(
                    original, "A secret is not taken over: keep it in the vault and choose it where it is used."
                )


def _place(drawing: Drawing, original: Original, refs: References) -> None:
    refs.losses, refs.context = [], ()
    maker = MAKERS.get(original.type)
    try:
        if maker is None:
            raise NoEquivalentError(REASONS.get(original.type, OTHERWISE))
        made = maker(original, refs)
    except NoEquivalentError as error:
        if original.type not in CONTAINERS:
            drawing.hold(original, error.reason)
            return
        # What stands inside must stay inside of something.
        made = Made("loop", {}, [error.reason])
    losses = [*made.losses, *refs.losses]
    drawing.place(original, replace(made, losses=losses, policy=_policy(original.settings)))


def _policy(data: Mapping[str, Any]) -> Policy:
    retry = as_dict(data.get("retry_config"))
    on_error = {"fail-branch": "branch", "default-value": "continue"}.get(as_text(data.get("error_strategy")), "stop")
    if not retry.get("retry_enabled"):
        return Policy(on_error=on_error)  # type: ignore[arg-type]
    return Policy(
        retries=min(max(int(as_number(retry.get("max_retries"))), 0), 5),
        retry_delay_seconds=min(max(as_number(retry.get("retry_interval"), 1000) / 1000, 0), 60),
        on_error=on_error,  # type: ignore[arg-type]
    )


def _connect(drawing: Drawing, types: Mapping[str, str], edge: Mapping[str, Any]) -> None:
    source, target = as_text(edge.get("source")), as_text(edge.get("target"))
    if source not in drawing.ids or target not in drawing.ids:
        drawing.lose(Original(as_text(edge.get("id")), "connection"), "It leads from or to a node that is not there.")
        return
    port = as_text(edge.get("sourceHandle"))
    if port == "source":
        port = "out"
    elif port == "fail-branch":
        port = "error"
    elif port == "false" and types[source] == "if-else":
        port = "else"
    drawing.connect(drawing.ids[source], port, drawing.ids[target])


def _end_pass(drawing: Drawing, original: Original, refs: References) -> None:
    """An End in the body of an iteration, for the value that each pass gives."""
    selector = as_list(original.settings.get("output_selector"))
    last = drawing.ids.get(as_text(selector[0])) if selector else None
    if last is None or drawing.parent_of(last) != drawing.ids[original.id]:
        return
    made = Made("end", {"outputs": {"output": refs.template(selector)}})
    x, y = drawing.position_of(last)
    end = drawing.add("pass_end", made, x=x + 300, y=y, parent=drawing.ids[original.id])
    drawing.connect(last, "out", end, is_of_file=False)


def _name_models(drawing: Drawing, originals: list[Original]) -> None:
    models = [as_dict(original.settings.get("model")) for original in originals]
    for name in dict.fromkeys(as_text(model.get("name")) for model in models):
        if name:
            drawing.change(
                Original(name, "model", name),
                "The model of this installation answers in its place; choose another if need be.",
            )
