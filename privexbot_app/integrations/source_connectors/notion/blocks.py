"""Notion's blocks and properties as Markdown, which keeps headings, lists, tables and code for the parser. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
_HEADINGS = {"heading_1": "# ", "heading_2": "## ", "heading_3": "### "}
_LISTS = {"bulleted_list_item", "numbered_list_item", "to_do", "toggle"}
_LINKED = ("bookmark", "embed", "link_preview", "image", "video", "file", "pdf")


@dataclass(frozen=True)
class BlockTree:
    """A block and the blocks inside it."""

    block: Json
    children: tuple["BlockTree", ...] = ()


def to_markdown(trees: Sequence[BlockTree], *, depth: int = 0) -> str:
    """The blocks as Markdown. Sub-pages are left out: they are items of their own.

    >>> to_markdown([BlockTree({"type": "heading_1", "heading_1": {"rich_text": [{"plain_text": "Fees"}]}})])
    '# Fees'
    """
    parts: list[str] = []
    was_list = False
    for tree in trees:
        text = _render(tree, depth)
        if not text.strip():
            continue
        is_list = tree.block.get("type") in _LISTS
        parts.append(("\n" if was_list and is_list else "\n\n") if parts else "")
        parts.append(text)
        was_list = is_list
    return "".join(parts)


def title_of(page: Json) -> str:
    """A page's or a database's title; empty if it has none."""
    if "title" in page and isinstance(page["title"], list):
        return plain_text(page["title"])
    for value in (page.get("properties") or {}).values():
        if value.get("type") == "title":
            return plain_text(value.get("title"))
    return ""


def properties_of(page: Json) -> str:
    """What a row of a database says besides its title, a line for each property that holds something."""
    lines = []
    for name, value in (page.get("properties") or {}).items():
        text = _property(value)
        if text and value.get("type") != "title":
            lines.append(f"{name}: {text}")
    return "\n\n".join(lines)


def plain_text(rich: Any) -> str:
    """The words of a rich text."""
    return "".join(str(part.get("plain_text") or "") for part in rich or [])


def _render(tree: BlockTree, depth: int) -> str:
    kind = str(tree.block.get("type"))
    content: Json = tree.block.get(kind) or {}
    if kind == "table":
        return _table(tree, content)
    if kind == "code":
        return f"```{content.get('language') or ''}\n{plain_text(content.get('rich_text'))}\n```"
    if kind in ("child_page", "child_database"):
        return ""
    own = _own_text(kind, content)
    if kind in _LISTS:
        inner = to_markdown(tree.children, depth=depth + 1)
        return "  " * depth + own + (f"\n{inner}" if inner else "")
    inner = to_markdown(tree.children, depth=depth)
    return "\n\n".join(part for part in (own, inner) if part)


def _own_text(kind: str, content: Json) -> str:
    text = plain_text(content.get("rich_text"))
    if kind in _HEADINGS:
        return _HEADINGS[kind] + text if text else ""
    if kind == "numbered_list_item":
        return f"1. {text}"
    if kind == "to_do":
        return f"- [{'x' if content.get('checked') else ' '}] {text}"
    if kind in _LISTS:
        return f"- {text}"
    if kind == "quote":
        return "\n".join(f"> {line}" for line in text.split("\n"))
    if kind == "equation":
        return str(content.get("expression") or "")
    if kind in _LINKED:
        return plain_text(content.get("caption")) or str(content.get("url") or "")
    return text


def _table(tree: BlockTree, content: Json) -> str:
    rows = [[_cell(cell) for cell in child.block.get("table_row", {}).get("cells", [])] for child in tree.children]
    if not rows:
        return ""
    width = max(map(len, rows))
    lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _cell(cell: Any) -> str:
    return plain_text(cell).replace("|", "\\|").replace("\n", " ")


def _property(value: Json) -> str:
    kind = str(value.get("type"))
    content = value.get(kind)
    if content in (None, "", [], {}):
        return ""
    if kind in ("title", "rich_text"):
        return plain_text(content)
    if kind in ("select", "status"):
        return str(content.get("name") or "")
    if kind in ("multi_select", "people"):
        return ", ".join(str(one.get("name") or "") for one in content)
    if kind == "date":
        return " – ".join(str(content[end]) for end in ("start", "end") if content.get(end))
    if kind == "checkbox":
        return "yes" if content else "no"
    if kind in ("number", "url", "email", "phone_number", "created_time", "last_edited_time"):
        return str(content)
    if kind in ("formula", "unique_id"):
        return _computed(kind, content)
    return ""


def _computed(kind: str, content: Json) -> str:
    if kind == "unique_id":
        prefix = content.get("prefix")
        return f"{prefix}-{content.get('number')}" if prefix else str(content.get("number") or "")
    inner = content.get(str(content.get("type")))
    return str(inner.get("start") or "") if isinstance(inner, dict) else "" if inner is None else str(inner)
