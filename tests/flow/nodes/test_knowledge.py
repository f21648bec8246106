"""Searching knowledge bases."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.events import Cited
from privexbot_app.flow.ports import Search
from privexbot_app.flow.testing import FakeKnowledge, FlowFailedError, FlowTest
from privexbot_app.kit.errors import NotFoundError
from tests.flow.drawing import flow

PASSAGES = ["Refunds take 30 days", "We open at nine"]


def flow_with(**config):
    return flow(
        "start > search, search > end",
        search=("knowledge", {"knowledge_bases": ["kb-1"], **config}),
        end=(
            "end",
            {"outputs": {name: f"{{{{search.{name}}}}}" for name in ("text", "is_found", "top_score", "passages")}},
        ),
    )


async def test_passages_are_given_as_text_and_as_a_list():
    knowledge = FakeKnowledge(PASSAGES)
    talk = FlowTest(flow_with(limit=3, mode="keyword", rerank="lexical"), knowledge=knowledge)
    await talk.say("refunds please")
    assert knowledge.searches == [Search("refunds please", ("kb-1",), 3, "keyword", "lexical")]
    assert talk.outputs["text"] == "[1] Handbook\nRefunds take 30 days"
    assert (talk.outputs["is_found"], talk.outputs["top_score"]) == (True, 1.0)
    assert talk.outputs["passages"][0]["document_id"] == "doc-1"
    assert not [event for event in talk.events if isinstance(event, Cited)]


async def test_what_is_found_can_be_shown_as_sources():
    talk = FlowTest(flow_with(is_cited=True), knowledge=FakeKnowledge(PASSAGES))
    await talk.say("open when")
    cited = [event for event in talk.events if isinstance(event, Cited)]
    assert [one.passage.text for one in cited[0].found] == ["We open at nine"]


async def test_nothing_found_is_told():
    talk = FlowTest(flow_with(least_score=2), knowledge=FakeKnowledge(PASSAGES))
    await talk.say("refunds")
    assert (talk.outputs["text"], talk.outputs["is_found"], talk.outputs["top_score"]) == ("", False, 0)


async def test_a_base_of_another_workspace_is_a_missing_one():
    class Foreign:
        async def search(self, search):
            raise NotFoundError("There is no such knowledge base.", code="knowledge_base_not_found")

    with pytest.raises(FlowFailedError, match="knowledge_base_not_found"):
        await FlowTest(flow_with(), knowledge=Foreign()).say("x")


def test_a_base_and_a_query_are_needed():
    assert "knowledge_base_missing" in [one.code for one in check(flow_with(knowledge_bases=[]))]
    assert "query_empty" in [one.code for one in check(flow_with(query=""))]
