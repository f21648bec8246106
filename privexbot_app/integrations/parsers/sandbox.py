"""Read a document safely: the one way into the parsers.

A fresh interpreter per document, not a fork: the web process has threads, and a fork of it may inherit a held lock.
The child has an empty environment, a memory, a CPU and a wall limit, and its own process group, which is killed as a
whole. Small plain-text files skip the child, as their parsers are linear Python and a child would cost more than they.
"""

import asyncio
import json
import math
import os
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from privexbot_app.integrations.parsers import base
from privexbot_app.integrations.parsers.child import from_plain, read
from privexbot_app.integrations.parsers.scans import CPU_SECONDS_A_PAGE, WALL_SECONDS_A_PAGE, ScanningParser
from privexbot_app.integrations.parsers.sniff import ParsingLimits, check_file
from privexbot_app.integrations.parsers.web import WebPageParser
from privexbot_app.kit.text import StructuredText

_SOURCE_ROOT = Path(__file__).resolve().parents[3]
_ERRORS: dict[str, type[base.ParsingError]] = {
    error.code: error
    for error in vars(base).values()
    if isinstance(error, type) and issubclass(error, base.ParsingError)
}


async def parse_file(path: Path, *, filename: str, limits: ParsingLimits | None = None) -> StructuredText:
    """Return the text and structure of an uploaded document.

    filename: the name that the customer gave; its extension chooses the parser, and the content must agree.
    Raises one of the errors in `base`, and nothing else, for a document that cannot be read.
    """
    limits = limits or ParsingLimits()
    parser, size = await asyncio.to_thread(check_file, path, filename=filename, limits=limits)
    if parser.is_safe_inline and size <= limits.inline_bytes:
        spec = f"{parser.__module__}:{parser.__qualname__}"
        report = await asyncio.to_thread(read, spec, path, text_characters=limits.text_characters)
        document = _document_of(report)
    else:
        document = await parse_in_child(parser, path, limits=limits)
    if not document.text.strip():
        raise base.EmptyDocumentError()
    return document


async def parse_web_page(path: Path, *, limits: ParsingLimits | None = None) -> StructuredText:
    """Return the main text of a fetched page, without navigation and footers. Raises errors of `base`."""
    limits = limits or ParsingLimits()
    document = await parse_in_child(WebPageParser, path, limits=limits)
    if not document.text.strip():
        raise base.EmptyDocumentError()
    return document


async def parse_in_child(parser: type[base.Parser], path: Path, *, limits: ParsingLimits) -> StructuredText:
    """Run one parser in a child process; one that recognises text has more time.

    Raises ParsingTimeoutError, ParserCrashedError, or the parser's own error.
    """
    if limits.ocr_pages and issubclass(parser, ScanningParser):
        limits = replace(
            limits,
            wall_seconds=limits.wall_seconds + limits.ocr_pages * WALL_SECONDS_A_PAGE,
            cpu_seconds=limits.cpu_seconds + limits.ocr_pages * CPU_SECONDS_A_PAGE,
        )
    with tempfile.TemporaryDirectory(prefix="privexbot-parse-") as home:
        process = await asyncio.create_subprocess_exec(
            *_command(parser, path, limits),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=home,
            env=_environment(home),
            start_new_session=True,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), timeout=limits.wall_seconds)
        except TimeoutError as error:
            raise base.ParsingTimeoutError(after_seconds=limits.wall_seconds) from error
        finally:
            await _end(process)
    if process.returncode == -signal.SIGXCPU:
        raise base.ParsingTimeoutError(cpu_seconds=limits.cpu_seconds)
    if process.returncode != 0:
        raise base.ParserCrashedError(returncode=process.returncode)
    return await asyncio.to_thread(_document_from, output)


def _command(parser: type[base.Parser], path: Path, limits: ParsingLimits) -> list[str]:
    spec = f"{parser.__module__}:{parser.__qualname__}"
    alarm_seconds = math.ceil(limits.wall_seconds) + 5
    numbers = (limits.memory_bytes, limits.cpu_seconds, alarm_seconds, limits.text_characters, limits.ocr_pages)
    module = "privexbot_app.integrations.parsers.child"
    return [sys.executable, "-m", module, spec, str(path.resolve()), *map(str, numbers)]


def _environment(home: str) -> dict[str, str]:
    """What the child may know: how to find our code, and no secret."""
    return {
        "HOME": home,
        "TMPDIR": home,
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join([str(_SOURCE_ROOT), *filter(None, sys.path)]),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "DO_NOT_TRACK": "true",
        "SCARF_NO_ANALYTICS": "true",
        "UNSTRUCTURED_DISABLE_NOTICE": "1",
    }


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill whatever is left of the child's process group, and reap the child."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        await process.wait()


def _document_from(output: bytes) -> StructuredText:
    try:
        report = json.loads(output)
    except ValueError as error:
        raise base.ParserCrashedError(reason="unreadable report") from error
    return _document_of(report)


def _document_of(report: dict) -> StructuredText:
    if "document" in report:
        return from_plain(report["document"])
    error = _ERRORS.get(report["code"], base.CorruptDocumentError)
    raise error(report.get("message"), reason=report.get("reason"))
