"""Telling a team."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.testing import FakeMessenger, FlowTest
from tests.flow.drawing import flow


def flow_with(**config):
    given = {"credential_id": "cred-1", "text": "*New* <!here>: {{start.message}}"}
    return flow("start > tell", tell=("notification", {**given, **config}))


@pytest.mark.parametrize(
    ("service", "text"),
    [
        ("slack", "*New* <!here>: &lt;!channel&gt; @everyone [a](https://evil.example)"),
        ("discord", "*New* <!here>: ‹!channel\\> @\u200beveryone \\[a\\]\\(https://evil.example\\)"),
        ("teams", "*New* <!here>: ‹!channel\\> @everyone \\[a\\]\\(https://evil.example\\)"),
    ],
)
async def test_a_visitors_words_call_nobody_and_link_to_nothing(service, text):
    messenger = FakeMessenger()
    await FlowTest(flow_with(service=service), messenger=messenger).say(
        "<!channel> @everyone [a](https://evil.example)"
    )
    notice = messenger.notices[0]
    assert (notice.service, notice.credential_id, notice.text) == (service, "cred-1", text)


async def test_a_notice_is_as_long_as_the_service_takes():
    messenger = FakeMessenger()
    await FlowTest(flow_with(service="discord"), messenger=messenger).say("x" * 5000)
    assert len(messenger.notices[0].text) == 2000


def test_a_channel_and_a_text_are_needed():
    assert "channel_missing" in [one.code for one in check(flow_with(credential_id=""))]
    assert "notice_empty" in [one.code for one in check(flow_with(text=" "))]
