"""Logs are JSON, carry what was bound, and never a secret."""

import io
import json
import logging as standard_logging

import pytest

from privexbot_app.kit import logging


@pytest.fixture
def lines():
    """What is logged, as parsed JSON; the logging of other tests comes back afterwards."""
    root = standard_logging.getLogger()
    before = (root.handlers, root.level)
    logging.set_up_logging("INFO")
    stream = io.StringIO()
    root.handlers[0].setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.unbind_all()
    root.handlers, level = before
    root.setLevel(level)


def test_a_line_is_one_json_object_with_what_was_bound(lines):
    logging.bind(request_id="r1", workspace_id=None)
    logging.get_logger("x").info("document.indexed", chunks=84)
    [line] = lines()
    assert (line["event"], line["chunks"], line["request_id"], line["level"]) == ("document.indexed", 84, "r1", "info")
    assert "workspace_id" not in line
    assert logging.bound("request_id") == "r1"
    logging.unbind_all()
    assert logging.bound("request_id") is None


@pytest.mark.parametrize(
    "key", ["password", "api_key", "Authorization", "refresh_token", "session_cookie", "secret_key", "signature"]
)
def test_secrets_are_masked_by_their_names(lines, key):
    logging.get_logger("x").info("x.done", **{key: "hush"})
    assert lines()[0][key] == "***"


def test_counts_of_tokens_are_not_secrets(lines):
    logging.get_logger("x").info("x.done", prompt_tokens=7, max_tokens=3)
    assert (lines()[0]["prompt_tokens"], lines()[0]["max_tokens"]) == (7, 3)


def test_credentials_inside_the_messages_of_libraries_are_masked(lines):
    standard_logging.getLogger("some.library").warning("sent {'Authorization': 'Bearer abc.def'} and cookie: a=b")
    assert "abc.def" not in lines()[0]["event"]
    assert "a=b" not in lines()[0]["event"]


def test_an_exception_is_logged_with_its_traceback(lines):
    try:
        raise ValueError("boom")
    except ValueError as error:
        logging.get_logger("x").error("x.failed", exc_info=error)
    assert "ValueError: boom" in lines()[0]["exception"]
