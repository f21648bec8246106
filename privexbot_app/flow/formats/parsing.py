"""Text of strangers → plain data. YAML and JSON, with bounds on size, depth and what aliases unfold to."""

import json
from collections.abc import Mapping
from datetime import date
from math import isfinite
from typing import Any

import yaml

from privexbot_app.kit.errors import InvalidError, TooLargeError

MOST_CHARACTERS = 4_000_000
MOST_DEPTH = 60
MOST_VALUES = 300_000
# The parser in C where there is one: the other takes seconds for what people export.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FlowFileTooLargeError(TooLargeError):
    """A file is longer than any flow, or would unfold to more."""

    code = "flow_file_too_large"


class FlowFileUnreadableError(InvalidError):
    """A file is neither YAML nor JSON, or holds what neither can say."""

    code = "flow_file_unreadable"


class _Loader(_Base):  # type: ignore[misc]
    """Safe YAML without dates: what looks like one is text here, as in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Base.yaml_implicit_resolvers.items()
}


def parse_document(content: str) -> Mapping[str, Any]:
    """The mapping that a file holds. Raises FlowFileTooLargeError, FlowFileUnreadableError.

    >>> parse_document("a: [1, 2024-01-05]"), parse_document('{"a": null}')
    ({'a': [1, '2024-01-05']}, {'a': None})
    """
    if len(content) > MOST_CHARACTERS:
        raise FlowFileTooLargeError(f"A flow file has at most {MOST_CHARACTERS:,} characters.")
    text = content.removeprefix("\ufeff")
    try:
        document = _Plain().of(_parse_json(text) if text.lstrip().startswith("{") else _parse_yaml(text))
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError) as error:
        raise FlowFileUnreadableError(f"This file is neither YAML nor JSON{_place(error)}.") from error
    if not isinstance(document, dict):
        raise FlowFileUnreadableError("This file holds no flow: it must be a YAML or JSON object.")
    return document


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError:
        # A YAML mapping may begin with a brace, too.
        return _parse_yaml(text)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _parse_yaml(text: str) -> Any:
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise FlowFileUnreadableError(f"This file is nested more than {MOST_DEPTH} levels deep.")
    return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader


def _place(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f" (line {mark.line + 1})"
    return f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""


class _Plain:
    """Copies data as JSON knows it. Every use of an alias counts, so that a bomb stops here."""

    def __init__(self) -> None:
        self._left = MOST_VALUES

    def of(self, value: Any, depth: int = 0) -> Any:
        """The value with text as keys. Raises FlowFileTooLargeError, FlowFileUnreadableError."""
        self._left -= 1
        if self._left < 0:
            raise FlowFileTooLargeError(f"A flow file holds at most {MOST_VALUES:,} values.")
        if depth > MOST_DEPTH:
            raise FlowFileUnreadableError(f"This file is nested more than {MOST_DEPTH} levels deep.")
        match value:
            case dict():
                return {_key(key): self.of(item, depth + 1) for key, item in value.items()}
            case list():
                return [self.of(item, depth + 1) for item in value]
            case float() if not isfinite(value):
                raise FlowFileUnreadableError("This file holds a number that is none (infinity or NaN).")
            case None | str() | bool() | int() | float():
                return value
            case date():
                return value.isoformat()
        raise FlowFileUnreadableError("This file holds values that are neither text, numbers, lists nor objects.")


def _key(key: Any) -> str:
    match key:
        case str():
            return key
        case bool():
            return "true" if key else "false"
        case int() | float():
            return str(key)
    raise FlowFileUnreadableError("This file has names that are no text.")
