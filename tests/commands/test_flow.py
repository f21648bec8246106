"""`privexbot flow`: problems with node and field, tests inside files, and a status that says whether all is well."""

import argparse
from pathlib import Path

import pytest

from privexbot_app.commands import flow
from privexbot_app.flow.templates import FOLDER

HEAD = "format: privexbot-flow\nversion: 1\nflow:\n"
GREETER = HEAD + (
    "  nodes:\n  - {id: start, type: trigger}\n"
    "  - {id: reply, type: reply, config: {text: 'You said {{start.message}}'}}\n"
    "  edges: [{source: start, target: reply}]\n"
)


def call(action: str, *paths: Path) -> int:
    try:
        flow.run(None, argparse.Namespace(action=action, files=list(paths)))  # type: ignore[arg-type]
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def file(tmp_path: Path):
    def write(content: str) -> Path:
        path = tmp_path / "flow.yaml"
        path.write_text(content)
        return path

    return write


def test_the_templates_are_clean_and_pass(capsys: pytest.CaptureFixture[str]):
    paths = sorted(FOLDER.glob("*.yaml"))
    assert (call("lint", *paths), call("test", *paths)) == (0, 0)
    assert "✗" not in capsys.readouterr().out


def test_a_problem_is_told_with_its_node_and_field(file, capsys: pytest.CaptureFixture[str]):
    assert call("lint", file(GREETER.replace("start.message", "nobody.message"))) == 1
    assert "error: reply.text: There is no node “nobody”. [reference_unknown]" in capsys.readouterr().out


def test_a_key_that_the_file_does_not_name_is_an_error(file, capsys: pytest.CaptureFixture[str]):
    content = GREETER.replace(
        "type: reply, config: {text: 'You said {{start.message}}'}",
        "type: knowledge, config: {knowledge_bases: ['resource:docs']}",
    )
    assert call("lint", file(content)) == 1
    assert "[resource_unknown]" in capsys.readouterr().out


def test_a_test_that_fails_says_what_was_said(file, capsys: pytest.CaptureFixture[str]):
    tests = "tests:\n- name: Greets\n  talk: [{say: hello, expect: [Good morning]}]\n"
    assert call("test", file(GREETER + tests)) == 1
    told = capsys.readouterr().out
    assert "Greets" in told
    assert "You said hello" in told
    assert call("test", file(GREETER + tests.replace("Good morning", "you said HELLO"))) == 0


@pytest.mark.parametrize("content", ["[", "a: 1", HEAD.replace("1", "7")])
def test_a_file_that_is_no_flow_is_told(file, capsys: pytest.CaptureFixture[str], content: str):
    assert (call("lint", file(content)), call("test", file(content))) == (1, 1)
    assert "[flow_" in capsys.readouterr().out


def test_a_file_that_is_not_there_and_one_without_tests_are_told(file, tmp_path: Path):
    assert call("lint", tmp_path / "none.yaml") == 1
    assert call("test", file(GREETER)) == 1
