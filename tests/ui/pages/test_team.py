from urllib.parse import parse_qs, urlsplit

import pytest

from privexbot_app.kit.errors import ConflictError
from privexbot_app.ui.pages.account.state import AccountState
from privexbot_app.ui.pages.invitation import InvitationState
from privexbot_app.ui.pages.team.closed import ClosedState
from privexbot_app.ui.pages.team.roles import RolesState
from privexbot_app.ui.pages.team.state import TeamState
from tests.installation import Installation, Person
from tests.ui.tab import Tab, fire, opened_tab


@pytest.fixture
async def tab(installation: Installation, ann: Person) -> Tab:
    return await opened_tab(installation, ann)


@pytest.fixture
async def state(tab: Tab) -> TeamState:
    state = tab.state(TeamState)
    await fire(state, TeamState.load_session)
    await fire(state, TeamState.load)
    return state


async def invite(state: TeamState, email: str) -> str:
    """The token in the link that is shown, as no mail takes it there."""
    await fire(state, TeamState.show_invite, True)
    await fire(state, TeamState.invite, {"email": email})
    assert urlsplit(state.link).query == ""
    return parse_qs(urlsplit(state.link).fragment)["token"][0]


async def visit(tab: Tab, token: str) -> InvitationState:
    state = tab.state(InvitationState)
    assert "invitation()" in str(await fire(state, InvitationState.look))
    await fire(state, InvitationState.show, token)
    return state


async def test_an_invited_person_joins_and_is_removed(installation: Installation, state: TeamState, bob: Person):
    token = await invite(state, bob.email)
    assert (state.is_inviting, [row.status for row in state.invited]) == (True, ["Invited"])
    guest = await visit(await opened_tab(installation, bob), token)
    assert (guest.is_signed_in, guest.invited_email, guest.problem) == (True, bob.email, "")
    assert "leave" in str(await fire(guest, InvitationState.accept))
    await fire(state, TeamState.load)
    row = next(person for person in state.people if person.email == bob.email)
    assert (row.role, row.may_change, state.invited) == ("Member", True, [])
    await fire(state, TeamState.change_role, row.id, "admin")
    assert "Admin" in [person.role for person in state.people]
    await fire(state, TeamState.ask, "remove", row.id, row.name)
    await fire(state, TeamState.go_on)
    assert [person.is_me for person in state.people] == [True]


async def test_a_stranger_sees_what_the_link_is_for_and_a_dead_one_says_so(state: TeamState, bob: Person):
    token = await invite(state, bob.email)
    guest = await visit(Tab(), token)
    assert (guest.is_signed_in, guest.invited_email) == (False, bob.email)
    assert guest.sign_in_address.endswith("next=/invitation")
    await fire(state, TeamState.revoke, state.invited[0].id)
    assert "not valid" in (await visit(Tab(), token)).problem


async def test_what_is_wrong_is_said_where_it_is(state: TeamState):
    await fire(state, TeamState.invite, {"email": "nobody"})
    assert state.invite_problem != ""
    await fire(state, TeamState.save_settings, {"name": "Harbour", "slug": "Not A Slug"})
    assert state.settings_problem != ""
    await fire(state, TeamState.save_settings, {"name": "Harbour", "slug": "harbour-2"})
    assert (state.name, state.slug, state.settings_problem) == ("Harbour", "harbour-2", "")
    await fire(state, TeamState.ask, "delete", "", "")
    await fire(state, TeamState.delete, {"confirm": "wrong"})
    assert state.danger_problem != ""


async def test_a_role_of_ones_own_is_made_changed_given_and_deleted(
    installation: Installation, state: TeamState, tab: Tab, bob: Person
):
    roles, account = tab.state(RolesState), tab.state(AccountState)
    await fire(roles, RolesState.load_roles)
    await fire(roles, RolesState.show_role, True)
    await fire(roles, RolesState.save_role, {"name": " ", "allows-kb.read": "on"})
    assert (roles.is_writing, roles.role_problem != "") == (True, True)
    await fire(roles, RolesState.save_role, {"name": "Librarian", "allows-kb.read": "on", "allows-kb.write": "on"})
    assert [(row.name, row.permissions) for row in roles.roles] == [("Librarian", ["kb.read", "kb.write"])]
    await fire(roles, RolesState.edit_role, roles.roles[0].id)
    await fire(roles, RolesState.save_role, {"name": "Librarian", "allows-kb.read": "on"})
    await fire(account, AccountState.add_member, {"email": bob.email})
    member = next(row for row in account.members if row.email == bob.email)
    await fire(account, AccountState.change_member, member.id, roles.roles[0].id)
    assert next(row.role for row in account.members if row.email == bob.email) == "Librarian"
    await fire(roles, RolesState.ask_role, roles.roles[0].id, "Librarian")
    with pytest.raises(ConflictError):
        await fire(roles, RolesState.delete_role)
    await fire(account, AccountState.change_member, member.id, "viewer")
    await fire(roles, RolesState.delete_role)
    assert (roles.roles, roles.is_asking_role) == ([], False)


async def test_what_was_closed_is_listed_and_opened_again(state: TeamState, tab: Tab):
    closed, account = tab.state(ClosedState), tab.state(AccountState)
    await fire(closed, ClosedState.load_closed)
    assert closed.closed == []
    first, slug = state.workspace_id, state.slug
    await fire(account, AccountState.create_workspace, {"name": "Second"})
    await fire(account, AccountState.load)
    await fire(account, AccountState.close_workspace, {"confirm": account.slug})
    await fire(account, AccountState.load_session)
    await fire(closed, ClosedState.load_closed)
    assert [(row.name, row.kind) for row in closed.closed] == [("Second", "workspace")]
    await fire(closed, ClosedState.restore, "workspace", closed.closed[0].id)
    assert closed.closed == []
    await fire(state, TeamState.delete, {"confirm": slug})
    await fire(state, TeamState.load_session)  # into an organization of their own
    await fire(closed, ClosedState.load_closed)
    await fire(closed, ClosedState.restore, "organization", closed.closed[0].id)
    await fire(state, TeamState.load_session)
    assert first in [workspace["id"] for workspace in state.workspaces]


async def test_a_closed_organization_is_left_at_once(state: TeamState):
    closed = state.workspace_id
    assert "leave" in str(await fire(state, TeamState.delete, {"confirm": state.slug}))
    assert "leave" in str(await fire(state, TeamState.load_session))  # there is another workspace to go to
    await fire(state, TeamState.load_session)
    assert state.workspace_id != closed
