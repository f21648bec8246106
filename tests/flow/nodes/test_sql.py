"""Asking a database; the database itself is tested with its kind."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.testing import FakeDatabase, FlowTest
from tests.flow.drawing import flow

QUERY = "SELECT * FROM orders WHERE id = :id -- not :this"
CONFIG = {"credential_id": "cred-1", "query": QUERY, "parameters": {"id": "{{start.message}}"}}


def flow_with(**config):
    outputs = {name: f"{{{{ask.{name}}}}}" for name in ("rows", "count", "first")}
    return flow("start > ask, ask > end", ask=("sql", {**CONFIG, **config}), end=("end", {"outputs": outputs}))


async def test_values_go_in_beside_the_statement():
    database = FakeDatabase([{"id": 7, "state": "sent"}, {"id": 8, "state": "open"}])
    talk = FlowTest(flow_with(max_rows=1), database=database)
    await talk.say("7' OR '1'='1")
    assert database.queries == [(QUERY, {"id": "7' OR '1'='1"})]
    assert talk.outputs == {"rows": [{"id": 7, "state": "sent"}], "count": 1, "first": {"id": 7, "state": "sent"}}


async def test_no_row_is_no_first_row():
    talk = FlowTest(flow_with(), database=FakeDatabase())
    await talk.say("7")
    assert talk.outputs == {"rows": [], "count": 0, "first": None}


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"credential_id": ""}, "database_missing"),
        ({"query": ""}, "query_empty"),
        ({"query": "SELECT '{{start.message}}'"}, "query_reference"),
        ({"parameters": {}}, "parameter_missing"),
        ({"query": "SELECT ':id', a::id FROM t"}, "parameter_unused"),
    ],
)
def test_a_query_that_cannot_be_right_is_a_problem(config, code):
    assert code in [problem.code for problem in check(flow_with(**config))]
