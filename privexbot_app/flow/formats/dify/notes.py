"""Notes on Dify's canvas: an editor's JSON, of which the text counts."""

import json
from typing import Any

from privexbot_app.flow.formats.foreign import as_text

BLOCKS = frozenset({"paragraph", "heading", "listitem", "quote"})


def read_note(text: Any) -> str:
    """The words of a note; the text itself where it is no such JSON.

    >>> read_note('{"root": {"children": [{"type": "paragraph", "children": [{"text": "Hi", "type": "text"}]}]}}')
    'Hi'
    >>> read_note("plain")
    'plain'
    """
    written = as_text(text)
    try:
        root = json.loads(written)
    except (ValueError, RecursionError):
        return written
    return _words(root.get("root")).strip() if isinstance(root, dict) else written


def _words(node: Any, depth: int = 0) -> str:
    if not isinstance(node, dict) or depth > 30:
        return ""
    if node.get("type") == "linebreak":
        return "\n"
    children = node.get("children")
    inner = "".join(_words(child, depth + 1) for child in children) if isinstance(children, list) else ""
    return as_text(node.get("text")) + inner + ("\n" if node.get("type") in BLOCKS else "")
