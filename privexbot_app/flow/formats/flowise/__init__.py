"""Flowise's exports: chatflows of chains and their parts, sequential agents, and agent flows of the second version."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from privexbot_app.flow.formats.base import FLOW_FORMATS, ImportedFlow
from privexbot_app.flow.formats.drawing import Drawing, Made, NoEquivalentError, Original
from privexbot_app.flow.formats.flowise import agentflow, chains
from privexbot_app.flow.formats.flowise.references import References, plain_text
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_number, as_size, as_text

NOTES = ("stickyNote", "stickyNoteAgentflow")
CONTAINER = "iterationAgentflow"
COLUMN = 320
# What feeds others and runs by itself never.
FEEDING = ("Tools", "Output Parsers", "Moderation", "Utilities")
KINDS: Mapping[str, str] = {
    "startAgentflow": "trigger",
    "seqStart": "trigger",
    "httpAgentflow": "http_request",
    "retrieverAgentflow": "knowledge",
    CONTAINER: "loop",
}
# `<id>-output-<way>-<classes>`, of which the way counts.
_WAY = re.compile(r"^-output-|[-|](?:Condition|ConditionAgent)\b.*$")


@FLOW_FORMATS.register("flowise")
class Flowise:
    """Reads an export of one flow."""

    label = "Flowise"

    def recognizes(self, document: Mapping[str, Any]) -> bool:
        nodes, edges = document.get("nodes"), document.get("edges")
        if not isinstance(nodes, list) or not isinstance(edges, list) or not nodes:
            return False
        return all(isinstance(as_dict(as_dict(node).get("data")).get("name"), str) for node in nodes)

    def read(self, document: Mapping[str, Any]) -> ImportedFlow:
        drawing = Drawing()
        _Reader(drawing, document).draw()
        graph, report = drawing.finish()
        return ImportedFlow(
            format="flowise",
            graph=graph,
            report=report,
            name=as_text(document.get("name"))[:80].strip(),
            description=as_text(document.get("description"))[:2000],
        )


class _Reader:
    """Draws one file."""

    def __init__(self, drawing: Drawing, document: Mapping[str, Any]) -> None:
        self._drawing = drawing
        nodes = [as_dict(node) for node in as_list(document["nodes"])]
        self._originals = [_original(node) for node in nodes]
        self._categories = {
            as_text(node.get("id")): as_text(as_dict(node.get("data")).get("category")) for node in nodes
        }
        self._edges = [as_dict(edge) for edge in as_list(document["edges"])]
        self._by_id = {original.id: original for original in self._originals}
        self._targets: dict[str, list[str]] = defaultdict(list)
        for edge in self._edges:
            self._targets[as_text(edge.get("source"))].append(as_text(edge.get("target")))
        self._exits: dict[str, str] = {}

    def draw(self) -> None:
        """Announce, place, connect; a start is added where the file has none."""
        for original in self._originals:
            self._drawing.announce(original.id, original.title or original.type)
        kinds = {original.id: KINDS.get(original.type, "") for original in self._originals}
        starts = [id for id, kind in kinds.items() if kind == "trigger"]
        start = self._drawing.ids[starts[0]] if starts else self._add_start()
        self._refs = References(self._drawing, kinds, start)
        for original in self._originals:
            own = replace(original, parent=self._parent(original))
            if original.type in NOTES:
                self._drawing.comment(own, plain_text(as_text(original.settings.get("note"))))
            elif not self._is_part(original):
                self._place(own)
        for original in self._originals:
            if self._is_part(original) and original.type not in NOTES:
                self._place_part(original)
        for edge in self._edges:
            self._connect(edge, starts)
        if not starts:
            for entry in self._entries():
                self._drawing.connect(start, "out", self._drawing.ids[entry], is_of_file=False)

    def _add_start(self) -> str:
        left = min(original.x for original in self._originals) - COLUMN
        top = min(original.y for original in self._originals)
        return self._drawing.add("start", Made("trigger"), x=left, y=top)

    def _entries(self) -> list[str]:
        """Where a flow without a start begins: at what runs and is fed by nothing that runs."""
        running = [
            one.id for one in self._originals if not self._is_part(one) and self._categories[one.id] not in FEEDING
        ]
        fed = {target for id in running for target in self._targets[id]}
        return [id for id in running if id not in fed]

    def _is_part(self, original: Original) -> bool:
        is_part = self._categories[original.id] in chains.PART_CATEGORIES or original.type in chains.PART_TYPES
        return is_part or original.type in NOTES

    def _parent(self, original: Original) -> str | None:
        parent = self._by_id.get(original.parent or "")
        return self._drawing.ids[parent.id] if parent is not None and parent.type == CONTAINER else None

    def _place(self, original: Original) -> None:
        self._refs.losses, self._refs.own, self._refs.loop = [], original.id, original.parent
        made = self._make(original)
        if isinstance(made, NoEquivalentError):
            if original.type != CONTAINER:
                self._drawing.hold(original, made.reason)
                return
            made = Made("loop", {}, [made.reason])
        if made.type in ("llm", "answer"):
            made = replace(made, config={**made.config, "is_shown": self._is_last(original.id)})
        id = self._drawing.place(original, replace(made, losses=[*made.losses, *self._refs.losses]))
        updates = agentflow.state_updates(original, self._refs)
        if updates is not None and self._drawing.type_of(id) != "unsupported":
            step = self._drawing.add("keep", updates, x=original.x + COLUMN / 2, y=original.y, parent=original.parent)
            self._drawing.connect(id, "out", step, is_of_file=False)
            self._exits[original.id] = step

    def _make(self, original: Original) -> Made | NoEquivalentError:
        try:
            if original.type in agentflow.MAKERS:
                return agentflow.MAKERS[original.type](original, self._refs)
            if original.type in chains.MAKERS:
                return chains.MAKERS[original.type](original, self._refs, self._by_id)
        except NoEquivalentError as error:
            return error
        reason = agentflow.REASONS.get(original.type) or chains.REASONS.get(original.type)
        category = self._categories[original.id]
        return NoEquivalentError(reason or chains.REASONS_BY_CATEGORY.get(category) or chains.OTHERWISE)

    def _is_last(self, id: str) -> bool:
        """Whether what a node says is the answer: nothing follows but an end."""
        return all(self._by_id[target].type == "seqEnd" for target in self._targets[id] if target in self._by_id)

    def _place_part(self, original: Original) -> None:
        reason = chains.PART_TYPES.get(original.type) or chains.PART_CATEGORIES[self._categories[original.id]]
        user = self._user_of(original.id)
        if user is None or self._drawing.type_of(user) == "unsupported":
            self._drawing.hold(original, f"{reason} What it fed has no equivalent here.")
        else:
            self._drawing.hold(original, reason, taken_over_by=user)

    def _user_of(self, id: str) -> str | None:
        """The node that a part feeds in the end, ours."""
        seen, pending = {id}, [id]
        while pending:
            for target in self._targets[pending.pop(0)]:
                if target in seen or target not in self._by_id:
                    continue
                if not self._is_part(self._by_id[target]):
                    return self._drawing.ids[target]
                seen.add(target)
                pending.append(target)
        return None

    def _connect(self, edge: Mapping[str, Any], starts: Sequence[str]) -> None:
        source, target = as_text(edge.get("source")), as_text(edge.get("target"))
        is_note = any(self._by_id[id].type in NOTES for id in (source, target) if id in self._by_id)
        if source not in self._by_id or target not in self._by_id or is_note:
            reason = "It leads from or to a node that is not there."
            self._drawing.lose(Original(as_text(edge.get("id")), "connection"), reason)
            return
        if target in starts and self._targets[target]:
            # A part of the start feeds what comes behind it: nothing can lead to a start here.
            target = self._targets[target][0]
        port = self._port(source, as_text(edge.get("sourceHandle")))
        leaving = self._exits.get(source) if port == "out" else None
        self._drawing.connect(leaving or self._drawing.ids[source], port, self._drawing.ids[target])

    def _port(self, source: str, handle: str) -> str:
        type = self._by_id[source].type
        way = _WAY.sub("", handle.removeprefix(source))
        match type:
            case "conditionAgentflow":
                count = len(as_list(self._by_id[source].settings.get("conditions")))
                return "else" if way == str(count) else way
            case "conditionAgentAgentflow" | "humanInputAgentflow":
                return way
            case "seqCondition" | "seqConditionAgent":
                return "else" if way == "end" else way
        return "out"


def _original(node: Mapping[str, Any]) -> Original:
    data, position = as_dict(node.get("data")), as_dict(node.get("position"))
    type = as_text(data.get("name"))
    is_large = type == CONTAINER or type in NOTES
    return Original(
        id=as_text(node.get("id")),
        type=type,
        title=as_text(data.get("label")),
        settings=as_dict(data.get("inputs")),
        x=as_number(position.get("x")),
        y=as_number(position.get("y")),
        size=as_size(node.get("width"), node.get("height")) if is_large else None,
        parent=as_text(node.get("parentNode") or node.get("parentId")) or None,
    )
