"""References in a configuration, wherever they stand."""

from privexbot_app.flow.checks import check
from privexbot_app.flow.nodes.end import End
from privexbot_app.flow.values import Mention, find_mentions
from tests.flow.drawing import flow


def test_references_in_a_mapping_are_found():
    config = End.Config(outputs={"name": "{{ask.answer}}", "plain": "x"})
    assert list(find_mentions(config)) == [Mention("outputs.name", "ask.answer")]


def test_a_wrong_reference_in_a_mapping_is_a_problem_of_its_field():
    drawn = flow("start > end", end=("end", {"outputs": {"name": "{{nobody.answer}}"}}))
    assert [(problem.code, problem.field) for problem in check(drawn)] == [("reference_unknown", "outputs.name")]
