"""Typebot's exports: what follows in a group, buttons that lead on, variables, calls."""

import json
from typing import Any

import pytest

from privexbot_app.flow.checks import errors_of
from privexbot_app.flow.formats.base import ImportedFlow, read_flow
from privexbot_app.flow.formats.own import FlowExport, write_flow
from privexbot_app.flow.testing import FakeMessenger, FakeWeb, FlowTest


def words(text: str) -> dict[str, Any]:
    return {"richText": [{"type": "p", "children": [{"text": text}]}]}


VARIABLES = [{"id": "v1", "name": "Name"}, {"id": "v2", "name": "order state"}]
GROUPS = [
    {
        "id": "g1",
        "title": "Welcome",
        "graphCoordinates": {"x": 0, "y": 0},
        "blocks": [
            {"id": "b0", "type": "text", "content": words("Welcome!")},
            {"id": "b1", "type": "text", "content": words("What is your name?")},
            {"id": "b2", "type": "text input", "options": {"variableId": "v1"}},
            {"id": "b3", "type": "text", "content": words("Hi {{Name}}, what do you want?")},
            {
                "id": "b4",
                "type": "choice input",
                "items": [{"id": "i1", "content": "Order"}, {"id": "i2", "content": "Help"}],
            },
        ],
    },
    {
        "id": "g2",
        "title": "Order",
        "graphCoordinates": {"x": 400, "y": 0},
        "blocks": [
            {
                "id": "b5",
                "type": "Webhook",
                "options": {
                    "webhook": {"method": "GET", "url": "https://shop.example/orders"},
                    "responseVariableMapping": [{"variableId": "v2", "bodyPath": "data.state"}],
                },
            },
            {
                "id": "b6",
                "type": "Condition",
                "items": [
                    {
                        "id": "c1",
                        "content": {
                            "comparisons": [{"variableId": "v2", "comparisonOperator": "Equal to", "value": "sent"}]
                        },
                    }
                ],
            },
            {"id": "b7", "type": "text", "content": words("Not sent yet.")},
        ],
    },
    {"id": "g3", "title": "Sent", "blocks": [{"id": "b8", "type": "text", "content": words("It is on its way.")}]},
    {
        "id": "g4",
        "title": "Help",
        "blocks": [
            {
                "id": "b9",
                "type": "Email",
                "options": {"recipients": ["help@shop.example"], "subject": "Help", "body": "{{Name}} needs help."},
            },
            {"id": "b10", "type": "text", "content": words("We write to you.")},
        ],
    },
]
EDGES = [
    {"id": "e1", "from": {"eventId": "start"}, "to": {"groupId": "g1"}},
    {"id": "e2", "from": {"blockId": "b4", "itemId": "i1"}, "to": {"groupId": "g2"}},
    {"id": "e3", "from": {"blockId": "b4", "itemId": "i2"}, "to": {"groupId": "g4"}},
    {"id": "e4", "from": {"blockId": "b6", "itemId": "c1"}, "to": {"groupId": "g3"}},
]
BOT = {
    "version": "6",
    "name": "Shop",
    "events": [{"id": "start", "type": "start", "graphCoordinates": {"x": -200, "y": 0}}],
    "groups": GROUPS,
    "edges": EDGES,
    "variables": VARIABLES,
}


def read(document: dict[str, Any]) -> ImportedFlow:
    return read_flow(json.dumps(document))


def of_blocks(*blocks: dict[str, Any], variables: list[dict[str, Any]] = VARIABLES) -> ImportedFlow:
    start = {"id": "start", "type": "start"}
    groups = [{"id": "g0", "title": "", "blocks": [start]}, {"id": "g", "title": "Only", "blocks": list(blocks)}]
    edges = [{"id": "e", "from": {"blockId": "start"}, "to": {"groupId": "g"}}]
    return read({"version": "3", "groups": groups, "edges": edges, "variables": variables})


def test_a_whole_bot_is_kept_without_a_loss():
    flow = read(BOT)
    assert errors_of(flow.graph) == []
    assert (flow.name, flow.report.nodes, flow.report.kept, flow.report.edges) == ("Shop", 12, 12, 4)
    assert not flow.report.unsupported


async def test_a_button_leads_to_its_group_and_an_answer_of_a_service_to_its_branch():
    talk = FlowTest(read(BOT).graph, web=FakeWeb({"https://shop.example/orders": {"state": "sent"}}))
    first = await talk.say("hello")
    assert "Welcome!" in first
    assert "What is your name?" in first
    assert "Hi Ada" in await talk.say("Ada")
    assert await talk.say("Order") == "It is on its way."


async def test_the_rest_of_a_condition_goes_on_in_the_group():
    talk = FlowTest(read(BOT).graph, web=FakeWeb({"https://shop.example/orders": {"state": "new"}}))
    for text in ("hello", "Ada"):
        await talk.say(text)
    assert await talk.say("Order") == "Not sent yet."


async def test_mail_is_written_with_the_variables():
    messenger = FakeMessenger()
    talk = FlowTest(read(BOT).graph, messenger=messenger)
    for text in ("hello", "Ada"):
        await talk.say(text)
    assert await talk.say("Help") == "We write to you."
    assert messenger.mails[0].text == "Ada needs help."


def test_what_is_exported_reads_back_the_same():
    written = write_flow(FlowExport(read(BOT).graph))
    assert write_flow(FlowExport(read_flow(written).graph)) == written


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ({"type": "Code", "options": {"content": "alert(1)"}}, "JavaScript"),
        ({"type": "Set variable", "options": {"variableId": "v1", "expressionToEvaluate": "a() + 1"}}, "JavaScript"),
        ({"type": "Wait", "options": {"secondsToWaitFor": "5"}}, "pause"),
        ({"type": "payment input", "options": {}}, "Payments"),
        ({"type": "Google Sheets", "options": {}}, "HTTP request"),
        ({"type": "Condition", "items": [{"id": "x", "content": {"comparisons": [{"comparisonOperator": "?"}]}}]}, "?"),
    ],
)
def test_what_has_no_equivalent_is_named_and_keeps_its_place(block: dict[str, Any], reason: str):
    flow = of_blocks({"id": "b", **block}, {"id": "after", "type": "text", "content": words("Go on")})
    (loss,) = flow.report.unsupported
    assert loss.type == block["type"]
    assert reason in loss.reason
    assert [problem.code for problem in errors_of(flow.graph)] == ["unsupported_node"]
    assert len(flow.graph.edges) == 2


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ({"expressionToEvaluate": "'red'"}, "red"),
        ({"expressionToEvaluate": "{{order state}}"}, "{{vars.order_state}}"),
        ({"type": "Today"}, "{{sys.date}}"),
        ({"type": "Empty"}, ""),
    ],
)
def test_a_variable_is_set_to_what_needs_no_javascript(options: dict[str, Any], value: str):
    flow = of_blocks({"id": "b", "type": "Set variable", "options": {"variableId": "v1", **options}})
    assert flow.graph.nodes[1].config["assignments"][0]["value"] == value


async def test_a_model_answers_into_a_variable():
    options = {
        "action": "Create chat completion",
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "{{Name}}"}],
        "responseMapping": [{"variableId": "v1", "item": "Message content"}],
    }
    flow = of_blocks(
        {"id": "b", "type": "openai", "options": options}, {"id": "c", "type": "text", "content": words("= {{Name}}")}
    )
    assert await FlowTest(flow.graph).say("hello") == "= Hello."


def test_a_connection_to_nothing_is_named():
    flow = read({**BOT, "edges": [*EDGES, {"id": "lost", "from": {"blockId": "b10"}, "to": {"groupId": "gone"}}]})
    assert [loss.id for loss in flow.report.unsupported] == ["lost"]
