import pytest

from privexbot_app.kit.errors import ForbiddenError
from privexbot_app.ui.pages.account.state import AccountState
from privexbot_app.ui.pages.credentials.state import CredentialsState
from tests.installation import Installation, Person
from tests.ui.tab import Tab, fire, opened_tab

SECRET = "sk-0123456789-Zanzibar"


@pytest.fixture
async def tab(installation: Installation, ann: Person) -> Tab:
    return await opened_tab(installation, ann)


@pytest.fixture
async def state(tab: Tab) -> CredentialsState:
    state = tab.state(CredentialsState)
    await fire(state, CredentialsState.load_session)
    await fire(state, CredentialsState.load)
    return state


async def add(state: CredentialsState, name: str = "Shop", **settings: str) -> None:
    await fire(state, CredentialsState.show_add)
    form = {f"setting-{key}": value for key, value in ({"token": SECRET} | settings).items()}
    await fire(state, CredentialsState.save, {"name": name, **form})


async def test_a_secret_is_kept_and_in_no_variable_of_the_page(tab: Tab, state: CredentialsState):
    await add(state, hosts="api.example.com\n*.example.org")
    row = state.credentials[0]
    assert (row.name, row.hint, row.used, state.dialog) == ("Shop", "…ibar", "never used", "")
    await fire(state, CredentialsState.ask_replace, row.id)
    assert {shown.setting: shown.value for shown in state.fields} == {
        "token": "",
        "hosts": "api.example.com\n*.example.org",
        "test_url": "",
    }
    assert SECRET not in repr(tab.root.dict())


async def test_what_is_wrong_is_said_beside_its_field(state: CredentialsState):
    await add(state, "Shop", token="")
    assert (state.dialog, state.problems) == ("add", {"token": "This is needed."})
    await add(state, " ")
    assert set(state.problems) == {"name"}
    await add(state)
    await add(state)
    assert (state.dialog, "already" in state.problems[""]) == ("add", True)


async def test_another_type_has_other_fields(state: CredentialsState):
    await fire(state, CredentialsState.show_add)
    await fire(state, CredentialsState.choose_type, "smtp")
    assert [shown.kind for shown in state.fields] == ["text", "number", "choice", "text", "secret", "text"]
    form = {"name": "Mail", "setting-host": "mail.example.com", "setting-sender": "a@example.com"}
    await fire(state, CredentialsState.save, form)
    assert [row.type for row in state.credentials] == ["Mail server (SMTP)"]


async def test_one_is_replaced_and_deleted(state: CredentialsState):
    await add(state)
    row = state.credentials[0]
    await fire(state, CredentialsState.ask_replace, row.id)
    await fire(state, CredentialsState.save, {"name": "New", "setting-token": "another-long-secret"})
    assert [(row.name, row.hint) for row in state.credentials] == [("New", "…cret")]
    await fire(state, CredentialsState.ask_delete, row.id, "New", "")
    await fire(state, CredentialsState.delete)
    assert (state.credentials, state.is_asking) == ([], False)


async def test_a_failed_test_is_shown(state: CredentialsState):
    await add(state, test_url="http://127.0.0.1/")
    events = await fire(state, CredentialsState.test, state.credentials[0].id)
    assert (state.credentials[0].status, state.testing, len(events)) == ("Test failed", "", 1)


async def test_a_viewer_sees_none(installation: Installation, tab: Tab, state: CredentialsState, bob: Person):
    await add(state)
    account = tab.state(AccountState)
    await fire(account, AccountState.choose_role, "viewer")
    await fire(account, AccountState.add_member, {"email": bob.email})
    theirs = await opened_tab(installation, bob)
    await fire(theirs.state(AccountState), AccountState.switch_workspace, state.workspace_id)
    with pytest.raises(ForbiddenError):
        await fire(theirs.state(CredentialsState), CredentialsState.load)
