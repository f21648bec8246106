"""The page for sign-in and security: what it shows, what it asks first, and that a revoked session gets nothing."""

from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import update

from privexbot_app.domains.identity.models import AuthSession
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import UnauthenticatedError
from privexbot_app.ui.pages.security.state import SecurityState
from tests.installation import PASSWORD, Installation, Person
from tests.ui.tab import Tab, fire, opened_tab
from tests.wallets import EvmWallet


@pytest.fixture
async def state(installation: Installation, ann: Person) -> SecurityState:
    redis = installation.works.redis
    if keys := [key async for key in redis.scan_iter(match="limit:*")]:
        await redis.delete(*keys)
    return await security(await opened_tab(installation, ann))


async def security(tab: Tab) -> SecurityState:
    state = tab.state(SecurityState)
    await fire(state, SecurityState.load_session)
    await fire(state, SecurityState.load)
    return state


async def link_wallet(installation: Installation, person: Person) -> EvmWallet:
    wallet = EvmWallet()
    opened = await installation.http.post("/api/v1/auth/wallet/evm/challenge", json={"address": wallet.address})
    answer = {**wallet.answer(opened.json()["message"]), "kind": "evm"}
    linked = await installation.http.post("/api/v1/auth/link/wallet", json=answer, headers=person.headers)
    assert linked.status_code == 200, linked.text
    return wallet


async def test_ways_and_devices_are_listed(installation: Installation, ann: Person, state: SecurityState):
    wallet = await link_wallet(installation, ann)
    await fire(state, SecurityState.refresh)
    assert (state.has_password, state.is_email_verified, state.email) == (True, False, ann.email)
    assert [(way.kind, way.label) for way in state.linked] == [("Ethereum wallet", wallet.address)]
    assert len(state.devices) == 2
    assert [device.is_current for device in state.devices].count(True) == 1


async def test_an_old_sign_in_is_asked_for_a_proof_first(installation: Installation, ann: Person, state: SecurityState):
    await link_wallet(installation, ann)
    await fire(state, SecurityState.refresh)
    async with installation.works.open(None) as work:
        await work.session.execute(update(AuthSession).values(proved_at=utc_now() - timedelta(hours=1)))
    await fire(state, SecurityState.ask_remove, state.linked[0].id, state.linked[0].label)
    [asked] = await fire(state, SecurityState.remove)
    assert asked.fn is SecurityState.ask_for_proof.fn
    await fire(state, SecurityState.ask_for_proof)
    await fire(state, SecurityState.prove, {"password": "not this one"})
    assert (state.is_proving, state.proof_problem != "") == (True, True)
    await fire(state, SecurityState.prove, {"password": PASSWORD})
    assert not state.is_proving
    await fire(state, SecurityState.remove)
    assert state.linked == []


async def test_a_second_step_is_set_up_and_its_secrets_leave_the_page(state: SecurityState):
    await fire(state, SecurityState.begin_second_factor)
    secret = state.secret
    await fire(state, SecurityState.confirm_second_factor, {"code": "000000"})
    assert (state.setup_problem != "", state.has_second_factor) == (True, False)
    await fire(state, SecurityState.confirm_second_factor, {"code": pyotp.TOTP(secret).now()})
    assert (state.has_second_factor, len(state.codes), state.secret, state.qr_svg) == (True, 10, "", "")
    codes = list(state.codes)
    await fire(state, SecurityState.show_set_up, False)
    assert state.codes == []
    await fire(state, SecurityState.prove, {"code": codes[0]})
    assert state.proof_problem == ""
    await fire(state, SecurityState.renew_codes)
    assert set(state.codes).isdisjoint(codes)
    await fire(state, SecurityState.remove_second_factor)
    assert not state.has_second_factor


async def test_an_open_page_of_a_revoked_session_gets_nothing_more(installation, ann: Person, state: SecurityState):
    other = await security(await opened_tab(installation, ann))
    await fire(state, SecurityState.end_other_sessions)
    for handler in (SecurityState.load, SecurityState.begin_second_factor, SecurityState.end_other_sessions):
        with pytest.raises(UnauthenticatedError):
            await fire(other, handler)
    assert other.secret == ""
    await fire(state, SecurityState.load)
    assert len(state.devices) == 1


async def test_one_device_is_signed_out(installation: Installation, ann: Person, state: SecurityState):
    other = await security(await opened_tab(installation, ann))
    await fire(state, SecurityState.load)
    mine = next(device for device in other.devices if device.is_current)
    await fire(state, SecurityState.end_session, mine.id)
    with pytest.raises(UnauthenticatedError):
        await fire(other, SecurityState.load)
