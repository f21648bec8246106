"""JSON and JSON lines as readable `path: value` lines; every record of a list is a paragraph of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

from privexbot_app.integrations.parsers.base import PARSERS, CorruptDocumentError
from privexbot_app.integrations.parsers.building import TextBuilder
from privexbot_app.integrations.parsers.decoding import read_text
from privexbot_app.kit.text import StructuredText

_DEEPEST = 100


@PARSERS.register("json")
class JsonParser:
    """One JSON value, or one per line."""

    extensions = (".json", ".jsonl", ".ndjson")
    media_types = ("text/plain",)
    is_safe_inline = True

    def parse(self, path: Path) -> StructuredText:
        """Return the values with their paths. Raises CorruptDocumentError for anything that is not JSON."""
        builder = TextBuilder()
        for record in _records(read_text(path)):
            builder.paragraph("\n".join(_lines(record)))
        return builder.build()


def _records(text: str) -> list[object]:
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise CorruptDocumentError("The JSON is nested too deeply to be read.") from error
    except ValueError as error:
        return _records_by_line(text, error)
    return value if isinstance(value, list) else [value]


def _records_by_line(text: str, whole: ValueError) -> list[object]:
    lines = [line for line in text.split("\n") if line.strip()]
    try:
        return [json.loads(line) for line in lines]
    except RecursionError as error:
        raise CorruptDocumentError("The JSON is nested too deeply to be read.") from error
    except ValueError as error:
        raise CorruptDocumentError(f"The file is not valid JSON: {whole}.") from error


def _lines(record: object) -> Iterator[str]:
    """Walk without recursion, in document order: a hostile file may be nested as deep as the interpreter's stack."""
    waiting: list[tuple[str, object, int]] = [("", record, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if isinstance(value, (dict, list)) and depth > _DEEPEST:
            raise CorruptDocumentError("The JSON is nested too deeply to be read.")
        if isinstance(value, dict):
            inner = [(f"{path}.{key}" if path else str(key), item, depth + 1) for key, item in value.items()]
            waiting.extend(reversed(inner))
        elif isinstance(value, list) and all(isinstance(item, (str, int, float)) for item in value):
            yield _line(path, ", ".join(_word(item) for item in value))
        elif isinstance(value, list):
            waiting.extend((f"{path}[{place}]", value[place - 1], depth + 1) for place in range(len(value), 0, -1))
        elif value is not None:
            yield _line(path, _word(value))


def _line(path: str, value: str) -> str:
    return f"{path}: {value}" if path else value


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
