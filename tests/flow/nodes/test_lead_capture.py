"""Keeping a contact."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.events import LeadRequested
from privexbot_app.flow.testing import FakeLeads, FlowTest
from tests.flow.drawing import flow


def flow_with(**config):
    given = {"fields": {"email": "{{start.message}}", "name": "{{vars.name}}"}, "consent": "{{vars.ok}}"}
    return flow(
        "start > keep, keep > yes, keep:skipped > no",
        {"name": "Ada", "ok": True},
        keep=("lead_capture", {**given, **config}),
        yes=("reply", {"text": "Kept {{keep.lead_id}} {{keep.fields.name}}"}),
        no=("reply", {"text": "Skipped {{keep.text}}"}),
    )


async def test_values_of_the_flow_become_a_contact():
    leads = FakeLeads()
    assert await FlowTest(flow_with(), leads=leads).say("ada@example.com") == "Kept lead-1 Ada"
    assert leads.captured == [{"email": "ada@example.com", "name": "Ada", "consent": "true"}]


@pytest.mark.parametrize("consent", ["no", "false", "", "{{vars.nobody}}"])
async def test_without_consent_nothing_is_kept(consent):
    leads = FakeLeads()
    assert await FlowTest(flow_with(consent=consent), leads=leads).say("ada@example.com") == "Skipped"
    assert leads.captured == []


async def test_consent_that_is_not_needed_is_still_told():
    leads = FakeLeads()
    await FlowTest(flow_with(consent="", needs_consent=False), leads=leads).say("ada@example.com")
    assert leads.captured[0]["consent"] == "false"


async def test_a_form_is_asked_for_and_its_fields_are_kept():
    leads = FakeLeads()
    talk = FlowTest(flow_with(how="form", message="Your address?", consent=""), leads=leads)
    assert await talk.say("hello") == "Your address?"
    assert [event.fields for event in talk.events if isinstance(event, LeadRequested)] == [["email", "name"]]
    data = {"email": " ada@example.com ", "name": "Ada", "role": "admin", "consent": True}
    assert await talk.say("", data=data) == "Kept lead-1 Ada"
    assert leads.captured == [{"email": "ada@example.com", "name": "Ada", "consent": "true"}]


async def test_a_visitor_who_writes_on_skips_the_form():
    leads = FakeLeads()
    talk = FlowTest(flow_with(how="form", consent=""), leads=leads)
    await talk.say("hello")
    assert await talk.say("No thanks") == "Skipped No thanks"
    assert leads.captured == []


def test_what_to_keep_and_whether_one_may_must_be_said():
    assert "fields_missing" in [one.code for one in check(flow_with(fields={}))]
    assert "consent_missing" in [one.code for one in check(flow_with(consent=""))]
    drawn = flow_with(how="form")
    drawn.channels = ["sms"]
    assert "channel_cannot" in [one.code for one in check(drawn)]
