"""The page of privacy: days, one person, hosts; and nothing of it for those who do not manage the workspace."""

import json

import pytest

from privexbot_app.ui.pages.privacy.state import PrivacyState
from tests.installation import Installation, Person
from tests.ui.tab import fire, opened_tab


@pytest.fixture
async def state(installation: Installation, ann: Person) -> PrivacyState:
    state = (await opened_tab(installation, ann)).state(PrivacyState)
    await fire(state, PrivacyState.load)
    return state


async def test_days_are_saved_and_what_is_no_number_is_said(state: PrivacyState):
    await fire(state, PrivacyState.save_days, {"conversations_days": "90", "traces_days": ""})
    await fire(state, PrivacyState.load)
    assert state.days == {"conversations_days": "90", "traces_days": "", "leads_days": ""}
    await fire(state, PrivacyState.save_days, {"leads_days": "soon"})
    assert "whole numbers" in state.days_problem
    await fire(state, PrivacyState.load)
    assert state.days["conversations_days"] == "90"


async def test_a_person_is_found_taken_out_and_erased(state: PrivacyState):
    await fire(state, PrivacyState.look, {"email": "eve@example.com"})
    assert (state.is_found, state.summary[:15]) == (True, "0 conversations")
    [download] = await fire(state, PrivacyState.take_out)
    assert "person.json" in json.dumps(str(download))
    await fire(state, PrivacyState.ask, True)
    assert "Erased 0" in str(await fire(state, PrivacyState.erase))
    assert (state.is_asking, state.is_found) == (False, False)


async def test_nobody_is_not_a_person(state: PrivacyState):
    await fire(state, PrivacyState.look, {"email": "", "visitor_id": " "})
    assert (state.is_found, bool(state.person_problem)) == (False, True)
