"""Telling another system."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.ports import HttpAnswer
from privexbot_app.flow.testing import FakeWeb, FlowFailedError, FlowTest
from tests.flow.drawing import flow

HOOK = "https://crm.example/hook"
CONFIG = {"url": HOOK, "signing_credential_id": "cred-1", "event": "lead.new", "data": {"n": "{{vars.n}}"}}


def flow_with(**config):
    return flow("start > tell", {"n": 7}, tell=("webhook", {**CONFIG, **config}))


async def test_the_message_has_the_standard_shape_and_is_signed_by_the_port():
    web = FakeWeb({HOOK: {"ok": True}})
    talk = FlowTest(flow_with(), web=web)
    await talk.say("x")
    call = web.calls[0]
    assert call.body == {"type": "lead.new", "timestamp": "2026-01-05T09:00:00Z", "data": {"n": 7}}
    assert (call.method, call.signing_credential_id, call.credential_id) == ("POST", "cred-1", None)
    assert talk.runs[1].outputs == {"status": 200, "body": {"ok": True}}


@pytest.mark.parametrize(("status", "code"), [(410, "call_refused"), (502, "call_failed")])
async def test_a_hook_that_does_not_take_it_fails_the_node(status, code):
    with pytest.raises(FlowFailedError, match=code):
        await FlowTest(flow_with(), web=FakeWeb({HOOK: HttpAnswer(status, {}, "")})).say("x")


def test_an_unsigned_webhook_is_a_problem():
    assert "signing_missing" in [problem.code for problem in check(flow_with(signing_credential_id=""))]
    assert "address_missing" in [problem.code for problem in check(flow_with(url=""))]
