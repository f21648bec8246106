"""A flow that waits for a visitor outlives every process of the product."""

from pathlib import Path

import pytest

from tests.e2e.product import running_product

pytestmark = pytest.mark.e2e

GRAPH = {
    "nodes": [
        {"id": "start", "type": "trigger"},
        {"id": "each", "type": "loop", "config": {"over": "times", "times": 2}},
        {"id": "ask", "type": "ask", "config": {"text": "Name of guest {{each.index}}?"}, "parent": "each"},
        {"id": "keep", "type": "end", "config": {"outputs": {"name": "{{ask.answer}}"}}, "parent": "each"},
        {"id": "reply", "type": "reply", "config": {"text": "Welcome {{each.results}}"}},
    ],
    "edges": [
        {"source": "start", "target": "each"},
        {"source": "ask", "target": "keep"},
        {"source": "each", "target": "reply"},
    ],
}


def test_a_flow_paused_on_a_question_in_a_loop_resumes_after_a_restart(tmp_path: Path):
    with running_product(tmp_path) as product:
        client = product.client()
        draft = client.json("POST", "/api/v1/chatflows/draft", json={"name": "Guests", "graph": GRAPH})["draft_id"]
        bot = client.json("POST", f"/api/v1/chatflows/draft/{draft}/deploy")["bot_id"]
        first = client.ask(bot, "hello")
        assert first["response"] == "Name of guest 0?"
        second = client.ask(bot, "Ada", session_id=first["session_id"])
        assert second["response"] == "Name of guest 1?"
    with running_product(tmp_path) as product:
        answer = product.client().ask(bot, "Bob", session_id=second["session_id"])
    assert answer["response"] == 'Welcome ["Ada", "Bob"]'
