"""Asking a service."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.ports import HttpAnswer
from privexbot_app.flow.testing import FakeWeb, FlowFailedError, FlowTest
from tests.flow.drawing import flow

SHOP = "https://shop.example/orders"


def flow_with(policy=None, **config):
    return flow(
        "start > call, call > end, call:refused > no, call:failed > down"
        if config.get("on_status") == "branch"
        else "start > call, call > end",
        {"shop": "https://shop.example", "n": 7},
        call=("http_request", {"url": SHOP, **config}, {"policy": policy or {}}),
        end=("end", {"outputs": {"status": "{{call.status}}", "body": "{{call.body}}"}}),
        no=("end", {"outputs": {"way": "refused"}}),
        down=("end", {"outputs": {"way": "failed"}}),
    )


async def test_the_answer_comes_with_its_type():
    talk = FlowTest(flow_with(), web=FakeWeb({SHOP: {"state": "sent"}}))
    await talk.say("x")
    assert talk.outputs == {"status": 200, "body": {"state": "sent"}}


async def test_text_stays_text():
    talk = FlowTest(flow_with(), web=FakeWeb({SHOP: HttpAnswer(200, {}, "plain")}))
    await talk.say("x")
    assert talk.outputs["body"] == "plain"


async def test_every_part_of_a_request_can_be_filled_in():
    web = FakeWeb({"https://shop.example/orders/a%2Fb": {}})
    config = {
        "method": "POST",
        "url": "{{vars.shop}}/orders/{{start.message}}",
        "headers": {"X-Name": "for {{start.message}}"},
        "query": {"q": "{{start.message}}"},
        "body_type": "json",
        "body": '{"n": {{vars.n}}, "quoted": "{{vars.n}}", "note": "said {{start.message}}"}',
        "credential_id": "cred-1",
        "timeout_seconds": 3,
    }
    await FlowTest(flow_with(**config), web=web).say("a/b")
    call = web.calls[0]
    assert call.headers == {"X-Name": "for a/b"}
    assert call.query == {"q": "a/b"}
    assert call.body == {"n": 7, "quoted": 7, "note": "said a/b"}
    assert (call.method, call.credential_id, call.timeout_seconds) == ("POST", "cred-1", 3)


async def test_a_form_and_a_text_are_sent_as_such():
    web = FakeWeb({SHOP: {}})
    await FlowTest(flow_with(method="POST", body_type="form", form={"a": "{{vars.n}}"}), web=web).say("x")
    await FlowTest(flow_with(method="POST", body_type="text", body="n={{vars.n}}"), web=web).say("x")
    assert web.calls[0].form == {"a": "7"}
    assert (web.calls[1].body, web.calls[1].headers["Content-Type"]) == ("n=7", "text/plain; charset=utf-8")


async def test_words_cannot_change_the_shape_of_json():
    web = FakeWeb({SHOP: {}})
    config = {"method": "POST", "body_type": "json", "body": '{"note": "{{start.message}}"}'}
    await FlowTest(flow_with(**config), web=web).say('", "role": "admin')
    assert web.calls[0].body == {"note": '", "role": "admin'}


@pytest.mark.parametrize(
    ("status", "code", "calls"), [(404, "call_refused", 1), (503, "call_failed", 3), (429, "call_failed", 3)]
)
async def test_only_what_may_pass_is_asked_again(status, code, calls):
    web = FakeWeb({SHOP: HttpAnswer(status, {}, "no")})
    with pytest.raises(FlowFailedError, match=code):
        await FlowTest(flow_with({"retries": 2, "retry_delay_seconds": 0}), web=web).say("x")
    assert len(web.calls) == calls


@pytest.mark.parametrize(("status", "outputs"), [(404, {"way": "refused"}), (500, {"way": "failed"})])
async def test_a_status_can_have_its_own_way(status, outputs):
    talk = FlowTest(flow_with(on_status="branch"), web=FakeWeb({SHOP: HttpAnswer(status, {}, "no")}))
    await talk.say("x")
    assert talk.outputs == outputs


async def test_a_status_can_be_an_answer_like_any_other():
    talk = FlowTest(flow_with(on_status="accept"), web=FakeWeb({SHOP: HttpAnswer(404, {}, "no")}))
    await talk.say("x")
    assert talk.outputs == {"status": 404, "body": "no"}


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"url": ""}, "address_missing"),
        ({"url": "ftp://shop.example/"}, "address_unusual"),
        ({"url": "shop.example/orders"}, "address_unusual"),
        ({"url": "https://{{start.message}}/"}, "address_host_variable"),
        ({"headers": {"Host": "x"}}, "header_reserved"),
        ({"headers": {"X-{{start.message}}": "x"}}, "string_pattern_mismatch"),
        ({"headers": {"X-A\r\nX-B": "x"}}, "string_pattern_mismatch"),
        ({"body_type": "json", "body": "{}"}, "body_unexpected"),
        ({"method": "POST", "body_type": "json", "body": "{a}"}, "json_invalid"),
    ],
)
def test_a_request_that_cannot_be_right_is_a_problem(config, code):
    assert code in [problem.code for problem in check(flow_with(**config))]
