"""Typebot's exports, versions 3 to 6: blocks become nodes, and what follows inside a group becomes connections."""

from collections.abc import Iterator, Mapping
from typing import Any

from privexbot_app.flow.formats.base import FLOW_FORMATS, ImportedFlow
from privexbot_app.flow.formats.drawing import Drawing, Made, NoEquivalentError, Original
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_number, as_text, valid_port
from privexbot_app.flow.formats.typebot.blocks import KINDS, MAKERS, OTHERWISE, REASONS, kept_values
from privexbot_app.flow.formats.typebot.references import References

CHOICES = ("choice input", "picture choice input")
ROW, COLUMN = 150, 320


@FLOW_FORMATS.register("typebot")
class Typebot:
    """Reads an export of one typebot."""

    label = "Typebot"

    def recognizes(self, document: Mapping[str, Any]) -> bool:
        groups = document.get("groups")
        is_grouped = isinstance(groups, list) and all(isinstance(as_dict(one).get("blocks"), list) for one in groups)
        return is_grouped and isinstance(document.get("edges"), list)

    def read(self, document: Mapping[str, Any]) -> ImportedFlow:
        drawing = Drawing()
        _Reader(drawing, document).draw()
        graph, report = drawing.finish()
        return ImportedFlow(
            format="typebot", graph=graph, report=report, name=as_text(document.get("name"))[:80].strip()
        )


class _Reader:
    """Draws one file."""

    def __init__(self, drawing: Drawing, document: Mapping[str, Any]) -> None:
        self._drawing = drawing
        self._groups = [as_dict(group) for group in as_list(document.get("groups"))]
        self._events = [as_dict(event) for event in as_list(document.get("events"))]
        self._edges = [as_dict(edge) for edge in as_list(document.get("edges"))]
        self._refs = References(drawing, as_list(document.get("variables")))
        self._leaving = {
            as_text(as_dict(edge.get("from")).get("blockId")) for edge in self._edges if not _item_of(edge)
        }
        self._choosing = {_item_of(edge) for edge in self._edges}
        self._firsts: dict[str, str] = {}
        self._exits: dict[str, str] = {}
        self._types: dict[str, str] = {}

    def draw(self) -> None:
        """Draw every block in order; connect what follows, then what the file connects."""
        groups = [(as_text(group.get("id")), list(self._blocks(group))) for group in self._groups]
        events = [self._event(event) for event in self._events]
        for original in [*events, *(block for _, blocks in groups for block in blocks)]:
            self._announce(original)
        for original in events:
            self._place(original)
        for id, blocks in groups:
            self._draw_group(id, blocks)
        for edge in self._edges:
            self._connect(edge)

    def _event(self, event: Mapping[str, Any]) -> Original:
        place = as_dict(event.get("graphCoordinates"))
        return Original(
            as_text(event.get("id")),
            as_text(event.get("type")),
            "Start",
            {},
            as_number(place.get("x")),
            as_number(place.get("y")),
        )

    def _blocks(self, group: Mapping[str, Any]) -> Iterator[Original]:
        place = as_dict(group.get("graphCoordinates"))
        for number, block in enumerate(map(as_dict, as_list(group.get("blocks")))):
            yield Original(
                id=as_text(block.get("id")),
                type=as_text(block.get("type")) or "unknown",
                title=as_text(group.get("title")) if number == 0 else "",
                settings={name: value for name, value in block.items() if name not in ("id", "type", "outgoingEdgeId")},
                x=as_number(place.get("x")),
                y=as_number(place.get("y")) + number * ROW,
            )

    def _announce(self, original: Original) -> None:
        self._types[original.id] = original.type
        self._drawing.announce(original.id, original.title or original.type)

    def _draw_group(self, id: str, blocks: list[Original]) -> None:
        previous: Original | None = None
        for number, block in enumerate(blocks):
            following = blocks[number + 1] if number + 1 < len(blocks) else None
            if (
                block.type == "text"
                and following is not None
                and following.type in KINDS
                and block.id not in self._leaving
            ):
                # What is said right before a question is the question.
                words = self._refs.rich(as_dict(block.settings.get("content")))
                blocks[number + 1] = Original(
                    **{**vars(following), "settings": {**following.settings, "question": words}}
                )
                self._drawing.absorb(block, following.id)
            else:
                self._place(block)
            self._firsts.setdefault(id, self._drawing.ids[block.id])
            if previous is not None and previous.id not in self._leaving:
                source, target = self._exits.get(previous.id), self._drawing.ids[block.id]
                if source is not None and source != target:
                    self._drawing.connect(source, self._usual_way(previous), target, is_of_file=False)
            previous = block

    def _place(self, block: Original) -> None:
        self._refs.losses = []
        try:
            maker = MAKERS.get(block.type)
            if maker is None:
                raise NoEquivalentError(REASONS.get(block.type, OTHERWISE))
            made = maker(block, self._refs)
        except NoEquivalentError as error:
            self._exits[block.id] = self._drawing.hold(block, error.reason)
            return
        id = self._drawing.place(block, Made(made.type, made.config, [*made.losses, *self._refs.losses]))
        self._exits[block.id] = id
        step = kept_values(block, id, self._refs) if made.type in ("http_request", "llm") else self._switch(block, id)
        if step is not None and self._drawing.type_of(id) != "unsupported":
            added = self._drawing.add(step.type, step, x=block.x + COLUMN, y=block.y)
            self._drawing.connect(id, "out", added, is_of_file=False)
            self._exits[block.id] = added

    def _switch(self, block: Original, id: str) -> Made | None:
        """A question with buttons leads on by the button: here the question asks, and a switch leads on."""
        if block.type not in CHOICES:
            return None
        items = [as_dict(item) for item in as_list(block.settings.get("items"))]
        cases = [
            {
                "id": valid_port(as_text(item.get("id"))),
                "values": [self._refs.text(item.get("content") or item.get("title"))],
            }
            for item in items
            if as_text(item.get("id")) in self._choosing
        ]
        return Made("switch", {"value": f"{{{{{id}.answer}}}}", "cases": cases}) if cases else None

    def _usual_way(self, block: Original) -> str:
        """The way out of a block when nothing else is said."""
        exit = self._exits[block.id]
        return "else" if self._drawing.type_of(exit) in ("condition", "switch") else "out"

    def _connect(self, edge: Mapping[str, Any]) -> None:
        origin, goal = as_dict(edge.get("from")), as_dict(edge.get("to"))
        source = as_text(origin.get("blockId") or origin.get("eventId"))
        target = self._drawing.ids.get(as_text(goal.get("blockId"))) or self._firsts.get(as_text(goal.get("groupId")))
        leaving = self._exits.get(source)
        if leaving is None or target is None:
            reason = "It leads from or to a block that is not there."
            self._drawing.lose(Original(as_text(edge.get("id")), "connection"), reason)
            return
        block = Original(source, self._types[source])
        port = valid_port(_item_of(edge)) if _item_of(edge) else self._usual_way(block)
        self._drawing.connect(leaving, port, target)


def _item_of(edge: Mapping[str, Any]) -> str:
    return as_text(as_dict(edge.get("from")).get("itemId"))
