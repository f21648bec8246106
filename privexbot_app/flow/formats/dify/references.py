"""What Dify's selectors and `{{#node.value#}}` name, as paths of ours."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from privexbot_app.flow.formats.drawing import Drawing
from privexbot_app.flow.formats.foreign import as_list, as_text

_IN_TEXT = re.compile(r"\{\{#([^#{}\n]{1,300})#\}\}")
_WORD = re.compile(r"[A-Za-z0-9_\-]+")
SYSTEM = {"query": "sys.message", "conversation_id": "sys.session_id"}
# By Dify's node type: its output's name → ours. What is not named here, and not kept as it is, has no equivalent.
OUTPUTS: Mapping[str, Mapping[str, str]] = {
    "llm": {"text": "text"},
    "knowledge-retrieval": {"result": "passages"},
    "template-transform": {"output": "text"},
    "question-classifier": {"class_name": "label", "class_id": "class"},
    "http-request": {"body": "text", "status_code": "status", "headers": "headers"},
    "variable-aggregator": {"output": "value"},
    "variable-assigner": {"output": "value"},
    "iteration": {"item": "item", "index": "index", "output": "results"},
    "loop": {"index": "index", "loop_round": "count"},
}
KEEPING = frozenset({"code", "parameter-extractor", "tool", "agent"})


class References:
    """Translates references of one file. losses: sentences about those that name nothing here, for the current node."""

    def __init__(self, drawing: Drawing, types: Mapping[str, str], start_id: str) -> None:
        self._drawing = drawing
        self._types = types
        self._start_id = start_id
        self.losses: list[str] = []
        self.context: Sequence[str] = ()

    def path(self, selector: Any, *, is_text: bool = False) -> str:
        """The path for a selector such as ["1720", "text"]. is_text: of passages, the text for a prompt."""
        words = [as_text(word) for word in as_list(selector)]
        if len(words) == 2 and words[1].startswith("sys.") and self._types.get(words[0]) == "start":
            words = words[1].split(".")
        if len(words) < 2 or not all(_WORD.fullmatch(word) for word in words[1:]):
            return self._lost(".".join(words) or "nothing")
        root, name, *rest = words
        match root:
            case "sys":
                return self._system(name)
            case "conversation" | "env":
                return ".".join(("vars", self._drawing.variable(name), *rest))
        return self._of_node(root, name, rest, is_text=is_text)

    def template(self, selector: Any, *, is_text: bool = False) -> str:
        """A reference with its braces."""
        return f"{{{{{self.path(selector, is_text=is_text)}}}}}"

    def text(self, text: Any) -> str:
        """A text with its references translated; braces that were text stay so."""
        return _IN_TEXT.sub(lambda match: self._in_text(match[1]), as_text(text))

    def _in_text(self, words: str) -> str:
        if words == "context":
            return self.template(self.context, is_text=True) if self.context else ""
        return self.template(words.split("."), is_text=True)

    def _system(self, name: str) -> str:
        if name == "files":
            return f"{self._start_id}.attachments"
        return SYSTEM.get(name) or self._lost(f"sys.{name}")

    def _of_node(self, root: str, name: str, rest: Sequence[str], *, is_text: bool) -> str:
        id, type = self._drawing.ids.get(root), self._types.get(root, "")
        if id is None:
            return self._lost(f"{root}.{name}")
        if type == "start":
            return ".".join((id, "data", name, *rest))
        if type == "loop" and name not in OUTPUTS["loop"]:
            return ".".join(("vars", self._drawing.variable(name), *rest))
        ours = OUTPUTS.get(type, {}).get(name)
        if ours is None and (type in KEEPING or type not in OUTPUTS):
            ours = name
        if ours is None:
            return self._lost(f"{root}.{name}")
        return ".".join((id, "text" if is_text and ours == "passages" else ours, *rest))

    def _lost(self, what: str) -> str:
        name = self._drawing.variable(
            f"lost_{what}", description=f"“{what}” of the imported file; nothing sets it here."
        )
        sentence = f"The value “{what[:100]}” has no equivalent here; the variable “{name}” stands for it."
        if sentence not in self.losses:
            self.losses.append(sentence)
        return f"vars.{name}"
