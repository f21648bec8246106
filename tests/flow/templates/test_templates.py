"""Templates that come with the product: each is free of problems and passes the tests that it holds."""

import pytest

from privexbot_app.flow.checks import check
from privexbot_app.flow.flow_file import BotSpec
from privexbot_app.flow.formats.base import read_flow
from privexbot_app.flow.formats.own import FlowExport, resource_fields, write_flow
from privexbot_app.flow.node import latest_types
from privexbot_app.flow.templates import FOLDER, TemplateNotFoundError, get_template, list_templates
from privexbot_app.flow.trials import run_trials

NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_template_has_no_problems(name: str):
    assert check(get_template(name).graph) == []


@pytest.mark.parametrize("name", NAMES)
async def test_a_template_passes_its_own_tests(name: str):
    results = await run_trials(get_template(name))
    assert results
    assert {result.name: result.problems for result in results if result.problems} == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_template_says_what_it_is_for(name: str):
    template = get_template(name)
    assert template.name
    assert template.description
    assert all(node.title for node in template.graph.nodes)


def test_every_template_names_what_is_to_be_chosen_by_a_key():
    for template in list_templates().values():
        for node in template.graph.nodes:
            named = [node.config.get(field) for field in resource_fields(node.type, node.version)]
            texts = [text for value in named if value for text in (value if isinstance(value, list) else [value])]
            assert all(text.removeprefix("resource:") in template.resources for text in texts)


def test_a_template_nobody_has_made_is_not_there():
    with pytest.raises(TemplateNotFoundError):
        get_template("../secrets")


def test_a_template_can_be_written_and_read_again():
    template = get_template(NAMES[0])
    text = write_flow(FlowExport(template.graph, BotSpec(name=template.name)))
    assert len(read_flow(text).graph.nodes) == len(template.graph.nodes)


def test_every_type_that_a_template_uses_is_known():
    known = {kind.type for kind in latest_types()}
    used = {node.type for template in list_templates().values() for node in template.graph.nodes}
    assert used <= known
