"""Typebot's texts: variables by their name, rich text as Markdown."""

import re
from collections.abc import Mapping
from typing import Any

from privexbot_app.flow.formats.drawing import Drawing
from privexbot_app.flow.formats.foreign import as_dict, as_list, as_text

_VARIABLE = re.compile(r"\{\{\s*([^{}\n]{1,200}?)\s*\}\}")
_CODE = re.compile(r"\{\{=.*?=\}\}", re.DOTALL)
MOST_DEPTH = 30


class References:
    """Translates texts of one file. losses: about what names nothing here, for the current block."""

    def __init__(self, drawing: Drawing, variables: list[Any]) -> None:
        self._drawing = drawing
        self._by_id: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        self.losses: list[str] = []
        for one in map(as_dict, variables):
            written = as_text(one.get("name"))
            default = one.get("value")
            name = drawing.variable(written, default=default, description=written if not written.isidentifier() else "")
            self._by_id[as_text(one.get("id"))] = self._by_name[written] = name

    def variable(self, id: Any) -> str:
        """A variable's name; nothing where there is none."""
        return self._by_id.get(as_text(id), "")

    def reference(self, id: Any) -> str:
        """A variable in braces."""
        name = self.variable(id)
        return f"{{{{vars.{name}}}}}" if name else ""

    def text(self, written: Any) -> str:
        """A text with its variables translated."""
        text = as_text(written)
        if _CODE.search(text):
            self._lose("JavaScript inside a text does not run here; it is left out.")
            text = _CODE.sub("", text)
        return _VARIABLE.sub(lambda match: f"{{{{vars.{self._named(match[1])}}}}}", text)

    def rich(self, content: Mapping[str, Any]) -> str:
        """A bubble's words."""
        rows = as_list(content.get("richText"))
        if not rows:
            return self.text(content.get("plainText") or re.sub(r"<[^<>]*>", "", as_text(content.get("html"))))
        return self.text("\n".join(self._row(as_dict(row)) for row in rows)).strip()

    def _row(self, node: Mapping[str, Any], depth: int = 0) -> str:
        if depth > MOST_DEPTH:
            return ""
        type, children = as_text(node.get("type")), as_list(node.get("children"))
        inner = "".join(self._row(as_dict(child), depth + 1) for child in children)
        match type:
            case "a":
                return f"[{inner}]({as_text(node.get('url'))})"
            case "li":
                return f"- {inner}\n"
            case "inline-variable" | "variable":
                return inner
            case "p" if depth:
                return f"{inner}\n"
        text = as_text(node.get("text")) + inner
        return f"**{text.strip()}**" if node.get("bold") and text.strip() else text

    def _named(self, name: str) -> str:
        if name not in self._by_name:
            self._by_name[name] = self._drawing.variable(f"lost_{name}", description=f"“{name}” of the imported file.")
            self._lose(f"There is no variable “{name}”; nothing sets it.")
        return self._by_name[name]

    def _lose(self, sentence: str) -> None:
        if sentence not in self.losses:
            self.losses.append(sentence)
