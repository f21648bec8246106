"""Values of other people's files, taken for what they should be, whatever they are."""

import json
import re
from typing import Any

from privexbot_app.flow.spec import DEFAULT_PORT, Size


def valid_port(port: str) -> str:
    """A port's id out of any text.

    >>> valid_port("Yes, please"), valid_port("")
    ('Yes__please', 'out')
    """
    return re.sub(r"[^A-Za-z0-9_\-]", "_", port)[:64] or DEFAULT_PORT


def as_size(width: Any, height: Any) -> Size | None:
    """A size within bounds; None where there is none."""
    if not isinstance(width, int | float) or not isinstance(height, int | float):
        return None
    return Size(width=min(max(width, 40), 20_000), height=min(max(height, 40), 20_000))


def as_number(value: Any, default: float = 0) -> float:
    """A number; the default for anything else.

    >>> as_number("3.5"), as_number(None), as_number(True)
    (3.5, 0, 0)
    """
    if isinstance(value, bool):
        return default
    try:
        return float(value) if abs(float(value)) < 1e9 else default
    except (TypeError, ValueError, OverflowError):
        return default


def as_text(value: Any) -> str:
    """A text; nothing for None, JSON for lists and objects."""
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def as_list(value: Any) -> list[Any]:
    """A list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def as_dict(value: Any) -> dict[str, Any]:
    """An object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
