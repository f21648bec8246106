"""Bringing a person in."""

import json

from privexbot_app.flow.checks import check
from privexbot_app.flow.events import HandedOff, RunPaused
from privexbot_app.flow.testing import FlowTest
from tests.flow.drawing import flow


def flow_with(**config):
    return flow(
        "start > person, person > say",
        person=("handoff", {"message": "One moment.", "team": "billing", **config}),
        say=("reply", {"text": "Back: {{person.note}}"}),
    )


async def test_the_team_is_called_and_the_flow_waits_for_it_through_storage():
    talk = FlowTest(flow_with())
    assert await talk.say("My bill is wrong") == "One moment."
    assert [event for event in talk.events if isinstance(event, HandedOff)] == [
        HandedOff("person", "My bill is wrong", "billing")
    ]
    paused = talk.events[-1]
    assert isinstance(paused, RunPaused)
    assert paused.wait == "person"
    talk.snapshot = json.loads(json.dumps(talk.snapshot))
    assert await talk.say("Hello?") == ""
    assert talk.is_waiting
    assert await talk.hand_back(note="Paid back.") == "Back: Paid back."


async def test_a_flow_that_does_not_wait_goes_on():
    assert await FlowTest(flow_with(waits=False)).say("x") == "One moment.\n\nBack:"


def test_a_channel_without_people_is_told_of():
    drawn = flow_with()
    drawn.channels = ["discord"]
    assert "channel_cannot" in [one.code for one in check(drawn)]
