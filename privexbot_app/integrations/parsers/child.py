"""The child process in which a document is read: `python -m privexbot_app.integrations.parsers.child`.

Takes `module:Class`, the file and its limits as arguments, lowers its own resource limits, and writes one JSON object
to its standard output: the document, or the error's code and sentence. It imports the one parser that it needs.
"""

import importlib
import json
import os
import resource
import signal
import sys
from pathlib import Path

from privexbot_app.integrations.parsers.scans import ScanningParser, ScanReader
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.text import Block, BlockKind, StructuredText


def main(arguments: list[str]) -> None:
    """Read the document that the arguments name and report."""
    parser, path, memory_bytes, cpu_seconds, wall_seconds, text_characters, ocr_pages = arguments
    report = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    # Libraries print banners; nothing but the report may reach the parent.
    os.dup2(2, 1)
    limit_resources(memory_bytes=int(memory_bytes), cpu_seconds=int(cpu_seconds))
    # The parent keeps the time; this is for a parent that was killed.
    signal.alarm(int(wall_seconds))
    found = read(parser, Path(path), text_characters=int(text_characters), ocr_pages=int(ocr_pages))
    json.dump(found, report, ensure_ascii=False)
    report.close()


def limit_resources(*, memory_bytes: int, cpu_seconds: int) -> None:
    """Lower this process's own limits, for good."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(parser: str, path: Path, *, text_characters: int, ocr_pages: int = 0) -> dict[str, object]:
    """Return the report of one document. parser: `module:Class`."""
    module_name, class_name = parser.split(":")
    try:
        chosen = getattr(importlib.import_module(module_name), class_name)
        reader = chosen(ScanReader(ocr_pages)) if issubclass(chosen, ScanningParser) else chosen()
        document = reader.parse(path)
        if len(document.text) > text_characters:
            return {"code": "document_too_large"}
        return {"document": to_plain(document)}
    except PrivexError as error:
        return {"code": error.code, "message": error.message}
    except MemoryError:
        return {"code": "parser_crashed", "reason": "out of memory"}
    except Exception as error:
        # Foreign parsers raise anything at all for broken bytes.
        return {"code": "corrupt_document", "reason": f"{type(error).__name__}: {error}"[:500]}


def to_plain(document: StructuredText) -> dict[str, object]:
    """Return the document as lists and strings. Heading paths are stored once each, as many blocks share one."""
    paths: dict[tuple[str, ...], int] = {}
    blocks = [
        [b.start, b.end, b.kind.value, b.level, b.page, paths.setdefault(b.headings, len(paths)), b.header]
        for b in document.blocks
    ]
    return {
        "text": document.text,
        "title": document.title,
        "metadata": document.metadata,
        "paths": list(paths),
        "blocks": blocks,
    }


def from_plain(plain: dict) -> StructuredText:
    """Undo `to_plain`. Raises KeyError, TypeError or ValueError for anything else."""
    paths = [tuple(path) for path in plain["paths"]]
    blocks = tuple(
        Block(start, end, BlockKind(kind), level, page, paths[path], header)
        for start, end, kind, level, page, path, header in plain["blocks"]
    )
    return StructuredText(plain["text"], blocks, plain["title"], plain["metadata"])


if __name__ == "__main__":
    main(sys.argv[1:])
