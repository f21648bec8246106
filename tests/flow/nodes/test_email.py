"""Mail."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.ports import Mail
from privexbot_app.flow.testing import FakeMessenger, FlowFailedError, FlowTest
from tests.flow.drawing import flow

CONFIG = {
    "to": ["team@example.com", "{{start.message}}"],
    "subject": "New: {{start.data}}",
    "text": "From {{start.message}}.",
    "reply_to": "{{start.message}}",
}


def flow_with(**config):
    return flow("start > mail", mail=("email", {**CONFIG, **config}))


async def test_a_mail_goes_to_each_address_once():
    messenger = FakeMessenger()
    await FlowTest(flow_with(to=["team@example.com", "Team <team@EXAMPLE.com>"]), messenger=messenger).say(
        "ada@example.com"
    )
    assert messenger.mails == [Mail(("team@example.com",), "New: {}", "From ada@example.com.", "ada@example.com")]


@pytest.mark.parametrize("said", ["nobody", "a@example.com, b@example.com", "a@example.com\nBcc: b@example.com", ""])
async def test_what_is_not_one_address_gets_no_mail(said):
    messenger = FakeMessenger()
    with pytest.raises(FlowFailedError, match="recipient_invalid"):
        await FlowTest(flow_with(), messenger=messenger).say(said)
    assert messenger.mails == []


async def test_a_subject_is_one_line():
    messenger = FakeMessenger()
    config = {"to": ["team@example.com"], "reply_to": "", "subject": "About {{start.message}}"}
    await FlowTest(flow_with(**config), messenger=messenger).say("x\r\nBcc: b@example.com")
    assert messenger.mails[0].subject == "About x Bcc: b@example.com"


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"to": []}, "recipient_missing"),
        ({"to": ["nobody"]}, "recipient_invalid"),
        ({"subject": ""}, "subject_missing"),
        ({"text": ""}, "mail_empty"),
    ],
)
def test_a_mail_that_cannot_be_sent_is_a_problem(config, code):
    assert code in [problem.code for problem in check(flow_with(**config))]
