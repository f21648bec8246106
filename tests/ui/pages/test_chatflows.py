"""The list of chatflows: templates, files in and out; no browser."""

from pathlib import Path
from typing import Any

import pytest

from privexbot_app.ui.pages.chatflows.exchange import ExchangeState
from privexbot_app.ui.pages.chatflows.state import ChatflowsState
from tests.installation import Installation, Person
from tests.ui.tab import Tab, fire, opened_tab


@pytest.fixture
async def tab(installation: Installation, ann: Person) -> Tab:
    """Ann's tab with the list."""
    tab = await opened_tab(installation, ann)
    tab.visit("/chatflows")
    await fire(tab.state(ChatflowsState), ChatflowsState.load)
    return tab


async def drafts_of(tab: Tab) -> list[Any]:
    await fire(tab.state(ChatflowsState), ChatflowsState.load)
    return tab.state(ChatflowsState).drafts


async def test_a_template_becomes_a_draft(tab: Tab):
    state = tab.state(ExchangeState)
    await fire(state, ExchangeState.show_templates, True)
    assert len(state.templates) >= 8
    await fire(state, ExchangeState.begin_from, state.templates[0].name)
    assert not state.is_choosing
    assert [draft.name for draft in await drafts_of(tab)] == [state.templates[0].title]


async def test_a_file_of_another_product_becomes_a_draft_with_a_report(tab: Tab, data: Path):
    state = tab.state(ExchangeState)
    content = (data / "dsl" / "flowise" / "agentflowsv2" / "Simple_RAG.json").read_text()
    await fire(state, ExchangeState.import_file, {"content": content})
    assert state.is_reporting
    assert state.summary.endswith("were read.")
    assert len(await drafts_of(tab)) == 1


async def test_a_file_that_is_none_is_said_beside_the_field_and_begins_nothing(tab: Tab):
    state = tab.state(ExchangeState)
    await fire(state, ExchangeState.show_import, True)
    await fire(state, ExchangeState.import_file, {"content": "no flow at all"})
    assert state.problem
    assert state.is_importing
    assert await drafts_of(tab) == []


async def test_a_draft_is_exported_as_a_file_that_can_be_imported(tab: Tab):
    state = tab.state(ExchangeState)
    await fire(state, ExchangeState.begin_from, "feedback_router")
    draft = (await drafts_of(tab))[0]
    download = str(await fire(state, ExchangeState.export_draft, draft.id, draft.name))
    assert ".yaml" in download
