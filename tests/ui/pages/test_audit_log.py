import pytest

from privexbot_app.kit.errors import ForbiddenError
from privexbot_app.ui.pages.account.state import AccountState
from privexbot_app.ui.pages.audit_log.state import ORGANIZATION, AuditLogState
from tests.installation import Installation, Person
from tests.ui.tab import Tab, fire, opened_tab


@pytest.fixture
async def tab(installation: Installation, ann: Person, bob: Person) -> Tab:
    """Ann's, who has let Bob in and renamed the workspace."""
    tab = await opened_tab(installation, ann)
    account = tab.state(AccountState)
    await fire(account, AccountState.load_session)
    await fire(account, AccountState.choose_role, "viewer")
    await fire(account, AccountState.add_member, {"email": bob.email})
    await fire(account, AccountState.rename_workspace, {"name": "Harbour", "slug": "harbour"})
    return tab


@pytest.fixture
async def state(tab: Tab) -> AuditLogState:
    state = tab.state(AuditLogState)
    await fire(state, AuditLogState.load)
    return state


async def test_entries_are_filtered_by_what_by_whom_and_when(state: AuditLogState, ann: Person, bob: Person):
    assert [row.event for row in state.entries] == ["Workspace renamed", "Member added"]
    await fire(state, AuditLogState.choose_kind, "member.")
    assert [row.event for row in state.entries] == ["Member added"]
    await fire(state, AuditLogState.choose_person, bob.user_id)
    assert state.entries == []
    await fire(state, AuditLogState.choose_person, ann.user_id)
    await fire(state, AuditLogState.choose_until, "2001-01-01")
    assert state.entries == []
    await fire(state, AuditLogState.choose_until, "yesterday")
    assert (len(state.entries), state.filter_problem != "") == (1, True)


async def test_the_chain_is_checked_and_the_export_written_down(state: AuditLogState):
    await fire(state, AuditLogState.verify)
    assert (state.is_whole, state.verdict.startswith("2 entries")) == (True, True)
    for format in ("json", "csv"):
        assert "download" in str(await fire(state, AuditLogState.export, format)).lower()
    assert [row.event for row in state.entries][:2] == ["Audit log exported"] * 2


async def test_the_organizations_own_log_is_beside_it(state: AuditLogState):
    await fire(state, AuditLogState.choose_log, ORGANIZATION)
    assert [row.event for row in state.entries] == ["Organization created"]
    await fire(state, AuditLogState.verify)
    assert state.is_whole
    exported = str(await fire(state, AuditLogState.export, "json"))
    assert "audit-log-organization.json" in exported


async def test_a_viewer_reads_none_of_it(installation: Installation, state: AuditLogState, bob: Person):
    theirs = await opened_tab(installation, bob)
    await fire(theirs.state(AccountState), AccountState.switch_workspace, state.workspace_id)
    with pytest.raises(ForbiddenError):
        await fire(theirs.state(AuditLogState), AuditLogState.load)
