"""Offering to book."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.testing import FlowTest
from tests.flow.drawing import flow


def flow_with(**config):
    given = {
        "url": "https://cal.example/team/intro",
        "label": "Book",
        "values": {"name": "{{start.message}}", "note": ""},
    }
    return flow("start > book", book=("calendar_link", {**given, **config}))


async def test_the_link_is_filled_in_with_what_is_known():
    talk = FlowTest(flow_with(message="Pick a time:"))
    expected = "https://cal.example/team/intro?name=Ada%20%26%20Bob%29%5Bx"
    assert await talk.say("Ada & Bob)[x") == f"Pick a time:\n\n[Book]({expected})"
    assert talk.runs[1].outputs == {"url": expected}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://cal.example/a?month=5", "https://cal.example/a?month=5&name=x"),
        ("https://cal.example/a#top", "https://cal.example/a?name=x#top"),
    ],
)
async def test_what_the_address_has_already_stays(url, expected):
    talk = FlowTest(flow_with(url=url, is_shown=False))
    assert await talk.say("x") == ""
    assert talk.runs[1].outputs == {"url": expected}


def test_an_address_is_needed():
    assert "address_unusual" in [one.code for one in check(flow_with(url="javascript:alert(1)"))]
