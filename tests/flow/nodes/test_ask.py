"""Questions: each kind of answer, asking again, giving up."""

import json

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.events import Asked
from privexbot_app.flow.ports import Attachment
from privexbot_app.flow.testing import FlowTest
from tests.flow.drawing import flow

PICTURE = Attachment("file-1", "receipt.png", "image/png", 1200)


def asking(**config) -> FlowTest:
    drawn = flow(
        "start > ask, ask > yes, ask:invalid > no",
        {"kept": None},
        ask=("ask", {"text": "Well?", **config}),
        yes=("end", {"message": "Good.", "outputs": {"answer": "{{ask.answer}}", "text": "{{ask.text}}"}}),
        no=("end", {"message": "Never mind.", "outputs": {"text": "{{ask.text}}"}}),
    )
    return FlowTest(drawn)


@pytest.mark.parametrize(
    ("config", "said", "answer"),
    [
        ({"kind": "text"}, "  blue ", "blue"),
        ({"kind": "email"}, "it is ada@EXAMPLE.com", None),
        ({"kind": "email"}, " ada@EXAMPLE.com", "ada@example.com"),
        ({"kind": "phone", "region": "gb"}, "020 7946 0958", "+442079460958"),
        ({"kind": "phone"}, "020 7946 0958", None),
        ({"kind": "number"}, "1,250.5", 1250.5),
        ({"kind": "number", "minimum": 1, "maximum": 5}, "6", None),
        ({"kind": "choice", "options": ["Red", "Dark blue"]}, "dark  BLUE", "Dark blue"),
        ({"kind": "choice", "options": ["Red", "Dark blue"]}, "1", "Red"),
        ({"kind": "choice", "options": ["Red", "Dark blue"]}, "3", None),
        ({"kind": "date"}, "3/4/2026", "2026-04-03"),
        ({"kind": "date", "day_first": False}, "3/4/2026", "2026-03-04"),
        ({"kind": "date"}, "tomorrow", "2026-01-06"),
        ({"kind": "date"}, "31 February 2026", None),
    ],
)
async def test_an_answer_is_read_as_its_kind(config, said, answer):
    talk = asking(attempts=1, **config)
    assert await talk.say("hello") == "Well?"
    talk.snapshot = json.loads(json.dumps(talk.snapshot))
    assert await talk.say(said) == ("Good." if answer is not None else "Never mind.")
    assert talk.outputs.get("answer") == answer
    assert talk.outputs["text"] == said


async def test_a_wrong_answer_is_asked_for_again_with_a_hint_and_then_given_up():
    talk = asking(kind="email", hint="An address, please.", attempts=3)
    assert await talk.say("hello") == "Well?"
    assert await talk.say("no") == "An address, please."
    assert await talk.say("never") == "An address, please."
    assert await talk.say("go away") == "Never mind."
    assert not talk.is_waiting


async def test_without_a_hint_the_kind_has_its_own():
    talk = asking(kind="number")
    await talk.say("hello")
    assert await talk.say("many") == "Please write a number."


async def test_the_widget_learns_what_to_show():
    talk = asking(kind="choice", options=["{{vars.kept}}", "{{start.message}}"])
    talk.variables = {"data": {"kept": ["Red", "Blue"]}}
    await talk.say("Other")
    asked = [event for event in talk.events if isinstance(event, Asked)]
    assert asked == [Asked("ask", "choice", ["Red", "Blue", "Other"])]


async def test_a_file_is_an_answer_if_its_type_is_wanted():
    talk = asking(kind="file", media_types=["image/"], attempts=2)
    await talk.say("hello")
    assert await talk.say("here", attachments=(Attachment("f", "a.exe", "application/x-msdownload", 9),)) != "Good."
    assert await talk.say("here", attachments=(PICTURE,)) == "Good."
    assert talk.outputs["answer"] == [
        {"id": "file-1", "name": "receipt.png", "media_type": "image/png", "size_bytes": 1200}
    ]


async def test_an_answer_can_be_kept_in_a_variable_and_stays_tainted():
    talk = asking(variable="kept")
    await talk.say("hello")
    await talk.say("blue")
    assert talk.variables == {"data": {"kept": "blue"}, "tainted": ["kept"]}


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"text": " "}, "ask_empty"),
        ({"kind": "choice"}, "ask_options_missing"),
        ({"kind": "number", "minimum": 5, "maximum": 1}, "ask_range_empty"),
    ],
)
def test_a_question_that_cannot_be_answered_is_a_problem(config, code):
    drawn = flow("start > ask", ask=("ask", {"text": "Well?", **config}))
    assert code in [problem.code for problem in check(drawn)]


def test_a_channel_that_takes_no_files_is_told_of():
    drawn = flow("start > ask", ask=("ask", {"text": "Well?", "kind": "file"}))
    drawn.channels = ["sms"]
    assert "channel_cannot" in [problem.code for problem in check(drawn)]
