"""The family of errors: every kind has its status, every class a stable code, every sentence an end."""

import ast
import inspect
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from privexbot_app.api.errors import STATUS, TITLE, problem_of
from privexbot_app.bootstrap import discover
from privexbot_app.kit.errors import ErrorKind, FieldProblem, PrivexError, RateLimitedError, UnauthenticatedError

PACKAGE = Path(__file__).resolve().parents[2] / "privexbot_app"


def family(root: type[PrivexError] = PrivexError) -> Iterator[type[PrivexError]]:
    for child in root.__subclasses__():
        yield child
        yield from family(child)


def test_every_kind_has_a_status_and_every_status_a_title():
    assert set(STATUS) == set(ErrorKind)
    assert set(STATUS.values()) <= set(TITLE)
    assert all(HTTPStatus(status) for status in TITLE)


def test_every_error_has_a_code_that_programs_can_compare():
    discover()
    for error in family():
        assert error.code.replace("_", "").isalnum(), error
        assert error.code == error.code.lower(), error
        assert error.__doc__, error


def test_two_errors_with_one_code_are_relatives():
    discover()
    by_code: dict[str, list[type[PrivexError]]] = {}
    for error in family():
        if error.__module__.startswith("privexbot_app"):
            by_code.setdefault(error.code, []).append(error)
    for code, errors in by_code.items():
        kinds = {error.kind for error in errors}
        assert len(kinds) == 1, (code, errors)


def test_messages_are_sentences():
    """Messages written out in the source end like sentences; computed ones are tested where they are made."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args):
                continue
            name = getattr(node.exc.func, "id", "")
            first = node.exc.args[0]
            known = {error.__name__ for error in family() if "message" in inspect.signature(error).parameters}
            if name in known and isinstance(first, ast.Constant) and isinstance(first.value, str):
                assert first.value[-1] in ".!?", (path, first.value)


def test_a_problem_names_its_fields_and_never_its_context():
    error = PrivexError("No.", code="no", problems=[FieldProblem("llm.model", "missing", "Choose one.")], secret="hush")
    body = problem_of(error).body.decode()
    assert '"errors":[{"field":"llm.model","code":"missing","message":"Choose one."}]' in body
    assert "hush" not in body


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (RateLimitedError("Wait.", retry_after_seconds=7), "retry-after", "7"),
        (UnauthenticatedError("Who?"), "www-authenticate", "Bearer"),
    ],
)
def test_errors_that_ask_for_something_say_so_in_a_header(error, header, value):
    assert problem_of(error).headers[header] == value
