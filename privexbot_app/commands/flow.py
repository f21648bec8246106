"""`privexbot flow lint|test FILE…`: what is wrong with flow files, and whether the tests inside them pass.

Needs no installation: nothing is started, called or written. Status 1 if anything is wrong.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

from privexbot_app.bootstrap import discover
from privexbot_app.commands.running import say
from privexbot_app.flow.checks import check
from privexbot_app.flow.flow_file import RESOURCE_PREFIX
from privexbot_app.flow.formats.base import ImportedFlow, read_flow
from privexbot_app.flow.formats.own import map_resources
from privexbot_app.flow.trials import run_trials
from privexbot_app.kit.errors import PrivexError
from privexbot_app.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and the files."""
    parser.add_argument(
        "action", choices=("lint", "test"), help="lint: find problems; test: run the tests in the files"
    )
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a flow file of ours, Dify, Flowise or Typebot"
    )


def run(settings: Settings, options: argparse.Namespace) -> None:
    """Say what is wrong, file by file."""
    discover()
    handle = lint if options.action == "lint" else test
    clean = [handle(path) for path in options.files]
    if not all(clean):
        sys.exit(1)


def lint(path: Path) -> bool:
    """Say every problem with its node and field; whether there is no error. Warnings are told and no error."""
    flow = _read(path)
    if flow is None:
        return False
    problems = check(flow.graph)
    for problem in problems:
        where = ".".join(part for part in (problem.node_id, problem.field) if part) or "flow"
        say(f"{path}: {problem.severity}: {where}: {problem.message} [{problem.code}]")
    unknown = list(_unknown_resources(flow))
    for node_id, key in unknown:
        say(f"{path}: error: {node_id}: The file names no resource “{key}”. [resource_unknown]")
    is_clean = not unknown and all(problem.severity != "error" for problem in problems)
    if is_clean:
        say(f"✓ {path}")
    return is_clean


def test(path: Path) -> bool:
    """Run the tests in a file; whether all pass. A file without tests is an error: it was named to be tested."""
    flow = _read(path)
    if flow is None:
        return False
    if not flow.tests:
        say(f"✗ {path}: holds no tests")
        return False
    results = asyncio.run(run_trials(flow))
    for result in results:
        say(f"{'✗' if result.problems else '✓'} {path}: {result.name}")
        for problem in result.problems:
            say(f"    {problem}")
    return not any(result.problems for result in results)


def _read(path: Path) -> ImportedFlow | None:
    try:
        return read_flow(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        say(f"✗ {path}: cannot be read")
    except PrivexError as error:
        say(f"✗ {path}: {error.message} [{error.code}]")
        for problem in error.problems:
            say(f"    {problem.field}: {problem.message}")
    return None


def _unknown_resources(flow: ImportedFlow) -> Iterator[tuple[str, str]]:
    """(node id, key) of what nodes name and the file does not; (node id, text) of ids, which belong into no file."""
    for node in flow.graph.nodes:
        named: list[str] = []
        map_resources(node, lambda kind, text, named=named: named.append(text) or "")
        for text in named:
            key = text.removeprefix(RESOURCE_PREFIX)
            if not text.startswith(RESOURCE_PREFIX) or key not in flow.resources:
                yield node.id, key
