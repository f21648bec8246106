"""What hostile documents and broken parsers may do: fail with a name, within their limits."""

import asyncio
import contextlib
import importlib
import os
from pathlib import Path

import pytest

from privexbot_app.integrations.parsers.base import (
    CorruptDocumentError,
    DocumentTooLargeError,
    EmptyDocumentError,
    ParserCrashedError,
    ParsingTimeoutError,
)
from privexbot_app.integrations.parsers.sandbox import parse_file, parse_in_child
from privexbot_app.integrations.parsers.sniff import ParsingLimits
from privexbot_app.kit.text import StructuredText

HOSTILE = """
import os, signal, subprocess, sys
from pathlib import Path
from privexbot_app.kit.text import Block, BlockKind, StructuredText

class Loops:
    def parse(self, path):
        while True: pass

class Waits:
    def parse(self, path):
        child = subprocess.Popen(["sleep", "600"])
        Path(str(path) + ".pid").write_text(str(child.pid))
        child.wait()

class Hoards:
    def parse(self, path):
        return StructuredText("x" * 4 * 1024**3)

class Dies:
    def parse(self, path):
        os.kill(os.getpid(), signal.SIGSEGV)

class Raises:
    def parse(self, path):
        raise KeyError("word/document.xml")

class Chatters:
    def parse(self, path):
        print("Buy our product!")
        os.write(1, b"{}")
        return StructuredText("said", (Block(0, 4, BlockKind.HEADING, 1, 2, ("a",), None),), "t", {"k": "v"})

class Tells:
    def parse(self, path):
        return StructuredText(" ".join(sorted(os.environ)) + " " + os.getcwd())
"""


@pytest.fixture
def hostile(tmp_path, monkeypatch):
    (tmp_path / "hostile_parsers.py").write_text(HOSTILE)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    module = importlib.import_module("hostile_parsers")
    return importlib.reload(module)


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "document.bin"
    path.write_bytes(b"x")
    return path


async def test_an_endless_loop_ends_with_the_time_limit(hostile, file):
    with pytest.raises(ParsingTimeoutError):
        await parse_in_child(hostile.Loops, file, limits=ParsingLimits(wall_seconds=1.0))


async def test_an_endless_loop_ends_with_the_processor_limit(hostile, file):
    with pytest.raises(ParsingTimeoutError):
        await parse_in_child(hostile.Loops, file, limits=ParsingLimits(cpu_seconds=1))


async def test_a_timeout_ends_the_programs_that_the_parser_started(hostile, file):
    with pytest.raises(ParsingTimeoutError):
        await parse_in_child(hostile.Waits, file, limits=ParsingLimits(wall_seconds=1.5))
    assert await ends(int(Path(f"{file}.pid").read_text()))


async def test_a_cancelled_request_ends_the_child(hostile, file):
    task = asyncio.create_task(parse_in_child(hostile.Waits, file, limits=ParsingLimits()))
    note = Path(f"{file}.pid")
    while not (note.exists() and note.read_text()):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ends(int(note.read_text()))


async def ends(pid: int) -> bool:
    """Wait until the killed process is gone, or a zombie that nobody collects; a kill takes a moment to arrive."""
    async with asyncio.timeout(10):
        while _is_running(pid):
            await asyncio.sleep(0.01)
    return True


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_too_much_memory_is_a_crash_of_the_parser_only(hostile, file):
    with pytest.raises(ParserCrashedError):
        await parse_in_child(hostile.Hoards, file, limits=ParsingLimits(memory_bytes=512 * 1024**2))


async def test_death_by_signal_is_a_crash_of_the_parser_only(hostile, file):
    with pytest.raises(ParserCrashedError):
        await parse_in_child(hostile.Dies, file, limits=ParsingLimits())


async def test_any_exception_of_a_parser_means_a_damaged_document(hostile, file):
    with pytest.raises(CorruptDocumentError) as refused:
        await parse_in_child(hostile.Raises, file, limits=ParsingLimits())
    assert "KeyError" in refused.value.context["reason"]
    assert "KeyError" not in refused.value.message


async def test_output_of_libraries_does_not_reach_the_report(hostile, file):
    document = await parse_in_child(hostile.Chatters, file, limits=ParsingLimits())
    assert (document.text, document.title, document.metadata) == ("said", "t", {"k": "v"})
    assert (document.blocks[0].page, document.blocks[0].headings) == (2, ("a",))


async def test_the_child_knows_no_secret(hostile, file, monkeypatch):
    monkeypatch.setenv("PRIVEXBOT_SECRET_KEY", "s3cret")
    document = await parse_in_child(hostile.Tells, file, limits=ParsingLimits())
    assert "PRIVEXBOT_SECRET_KEY" not in document.text
    assert os.getcwd() not in document.text.split()


async def test_more_text_than_allowed_is_refused(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("word " * 100)
    with pytest.raises(DocumentTooLargeError):
        await parse_file(path, filename="long.txt", limits=ParsingLimits(text_characters=100))


async def test_a_larger_file_than_allowed_is_refused(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("word " * 100)
    with pytest.raises(DocumentTooLargeError):
        await parse_file(path, filename="long.txt", limits=ParsingLimits(file_bytes=100))


@pytest.mark.parametrize("content", [b"", b" \n\t\r\n", "\ufeff".encode()])
async def test_no_text_is_an_error_of_its_own(tmp_path, content):
    path = tmp_path / "empty.txt"
    path.write_bytes(content)
    with pytest.raises(EmptyDocumentError):
        await parse_file(path, filename="empty.txt")


async def test_small_text_needs_no_child(tmp_path, monkeypatch):
    async def refuse(*_: object, **__: object) -> StructuredText:
        raise AssertionError("a child was started")

    monkeypatch.setattr("privexbot_app.integrations.parsers.sandbox.parse_in_child", refuse)
    path = tmp_path / "note.txt"
    path.write_text("Open from nine to five.")
    assert (await parse_file(path, filename="note.TXT")).text == "Open from nine to five."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.json", "[" * 200_000 + "]" * 200_000),
        ("deep.json", '{"a":' * 50_000 + "1" + "}" * 50_000),
        ("deep.html", "<div>" * 100_000 + "bottom"),
        ("tables.html", "<table><tr><td>" * 5_000 + "bottom"),
        ("spaces.md", "# " + " " * 900_000 + "x"),
        ("pipes.md", "a|b\n" + "|-" * 400_000 + "\n"),
        ("brackets.md", "# " + "[" * 900_000),
        ("stars.md", "# " + "*" * 900_000),
        ("quotes.csv", '"' * 900_001),
        ("long.txt", "a" * 1_000_000),
        ("blank.txt", "a" + "\n \t" * 300_000 + "b"),
    ],
    ids=lambda value: value if len(value) < 20 else None,
)
async def test_text_made_to_exhaust_a_parser_ends_quickly_with_text_or_a_name(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content)
    with contextlib.suppress(CorruptDocumentError, EmptyDocumentError, ParserCrashedError):
        document = await asyncio.wait_for(parse_file(path, filename=name), timeout=20)
        assert document.text.strip()
