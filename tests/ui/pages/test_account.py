import pytest

from privexbot_app.kit.errors import ForbiddenError
from privexbot_app.ui.pages.account.state import AccountState
from tests.installation import Installation, Person
from tests.ui.tab import Tab, fire, opened_tab


@pytest.fixture
async def state(installation: Installation, ann: Person) -> AccountState:
    """Ann's account page."""
    return await account(await opened_tab(installation, ann))


async def account(tab: Tab) -> AccountState:
    state = tab.state(AccountState)
    await fire(state, AccountState.load_session)
    await fire(state, AccountState.load)
    return state


async def test_a_name_is_changed_and_an_empty_one_refused(state: AccountState):
    await fire(state, AccountState.rename_me, {"name": "Ann Other"})
    assert (state.user_name, state.name_problem) == ("Ann Other", "")
    await fire(state, AccountState.rename_me, {"name": "  "})
    assert (state.user_name, state.name_problem != "") == ("Ann Other", True)


async def test_a_registered_person_is_let_in_and_removed(state: AccountState, bob: Person):
    await fire(state, AccountState.choose_role, "viewer")
    await fire(state, AccountState.add_member, {"email": bob.email})
    row = next(member for member in state.members if member.email == bob.email)
    assert (row.role, row.is_me, row.is_fixed) == ("Viewer", False, False)
    await fire(state, AccountState.change_member, row.id, "editor")
    assert [member.role for member in state.members if member.email == bob.email] == ["Editor"]
    await fire(state, AccountState.ask_remove, row.id, row.name)
    await fire(state, AccountState.remove)
    assert [member.email for member in state.members if member.email == bob.email] == []


async def test_an_unknown_address_is_said_in_the_dialog(state: AccountState):
    await fire(state, AccountState.show_add_member, True)
    await fire(state, AccountState.add_member, {"email": "nobody@example.com"})
    assert state.is_adding_member
    assert "registered" in state.member_problem


async def test_a_workspace_gets_a_short_name_and_is_closed_only_when_it_is_typed(state: AccountState):
    await fire(state, AccountState.rename_workspace, {"name": "Harbour", "slug": "Not A Slug"})
    assert state.workspace_problem != ""
    await fire(state, AccountState.rename_workspace, {"name": "Harbour", "slug": "harbour"})
    await fire(state, AccountState.load)
    assert (state.slug, state.workspace_problem, state.may_close) == ("harbour", "", False)
    await fire(state, AccountState.close_workspace, {"confirm": "harbour"})
    assert "needs a workspace" in state.close_problem
    first = state.workspace_id
    await fire(state, AccountState.create_workspace, {"name": "Second"})
    await fire(state, AccountState.load_session)
    await fire(state, AccountState.load)
    await fire(state, AccountState.close_workspace, {"confirm": "wrong"})
    assert (state.may_close, state.close_problem != "") == (True, True)
    assert "leave" in str(await fire(state, AccountState.close_workspace, {"confirm": state.slug}))
    await fire(state, AccountState.load_session)  # goes to the one that is left
    await fire(state, AccountState.load_session)
    assert state.workspace_id == first


async def test_a_viewer_changes_nothing_and_adds_nobody(installation: Installation, state: AccountState, bob: Person):
    await fire(state, AccountState.choose_role, "viewer")
    await fire(state, AccountState.add_member, {"email": bob.email})
    tab = await opened_tab(installation, bob)
    await fire(tab.state(AccountState), AccountState.switch_workspace, state.workspace_id)
    guest = await account(tab)
    assert guest.workspace_id == state.workspace_id
    with pytest.raises(ForbiddenError):
        await fire(guest, AccountState.change_member, guest.members[0].id, "viewer")
    with pytest.raises(ForbiddenError):
        await fire(guest, AccountState.rename_workspace, {"name": "Mine now"})
