"""How the caller signs in: ways in, password, second factor, and the devices that are signed in."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, SecretStr

from privexbot_app.api.deps import CurrentCaller, RuntimeDep, client_address, require_own_origin
from privexbot_app.api.entering import (
    PRODUCT,
    SignedIn,
    finish_second_step,
    start_browser,
    start_program,
)
from privexbot_app.domains.identity.schemas import (
    Caller,
    PasswordChange,
    RecoveryCodes,
    SecondFactorSetup,
    SessionView,
    UserView,
    WaysInView,
)
from privexbot_app.domains.identity.second_factor import SecondFactors
from privexbot_app.domains.identity.service import IdentityService
from privexbot_app.domains.identity.throttle import guarded_code
from privexbot_app.domains.identity.ways import WaysIn
from privexbot_app.kit.errors import FieldProblem, InvalidError
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

LONGEST_CODE = 64
LONGEST_TICKET = 512


class StrategyView(BaseModel):
    """A way to sign in besides the password. means: wallet, redirect or passkey. hints: what a browser needs for it."""

    name: str
    means: str
    label: str
    hints: dict[str, str]


class CodeRequest(BaseModel):
    """A code of the authenticator app, or a recovery code."""

    code: str = Field(max_length=LONGEST_CODE)


class SecondStepRequest(CodeRequest):
    """The ticket of the first step, and the code."""

    ticket: str = Field(max_length=LONGEST_TICKET)


class ProofRequest(BaseModel):
    """The caller's password, or a code of their authenticator app."""

    password: SecretStr | None = Field(None, max_length=1024)
    code: str | None = Field(None, max_length=LONGEST_CODE)


@router.get("/strategies")
async def list_strategies(installation: RuntimeDep) -> list[StrategyView]:
    """The ways to sign in that are set up here."""
    strategies = installation.works.plugins.auth_strategies
    found = [(name, strategies.get(name)) for name in strategies.configured()]
    return [
        StrategyView(name=name, means=strategy.means, label=strategy.label, hints=dict(strategy.hints))
        for name, strategy in found
    ]


@router.post("/second-factor")
async def second_factor(body: SecondStepRequest, request: Request, installation: RuntimeDep) -> SignedIn:
    """Finish signing a program in."""
    user, method = await finish_second_step(installation, body.ticket, body.code)
    return await start_program(installation, request, user, method)


@router.post("/browser/second-factor")
async def second_factor_browser(
    body: SecondStepRequest, request: Request, response: Response, installation: RuntimeDep
) -> UserView:
    """Finish signing in, and set the dashboard's cookie."""
    require_own_origin(request)
    user, method = await finish_second_step(installation, body.ticket, body.code)
    await start_browser(installation, request, response, user, method)
    return user


@router.get("/ways-in")
async def list_ways(caller: CurrentCaller, installation: RuntimeDep) -> WaysInView:
    """How the caller can sign in."""
    async with installation.works.open(None, read_only=True) as work:
        return await WaysIn(work, installation.keys).list_ways(caller.user_id)


@router.delete("/ways-in/{identity_id}", status_code=204)
async def unlink(identity_id: UUID, caller: CurrentCaller, installation: RuntimeDep) -> None:
    """Remove a way in, never the last one. Needs a recent proof of who the caller is."""
    async with installation.works.open(None) as work:
        await WaysIn(work, installation.keys).unlink(caller, identity_id)


@router.post("/proof", status_code=204)
async def prove_again(body: ProofRequest, request: Request, caller: CurrentCaller, installation: RuntimeDep) -> None:
    """Prove again who the caller is, before something dangerous. A wallet or a passkey is proved where it is linked."""
    works, keys = installation.works, installation.keys
    if body.password is not None:
        password = body.password.get_secret_value()
        async with works.open(None, read_only=True) as work:
            ways = WaysIn(work, keys)
            await ways.require_password(caller.user_id, password, ip_address=client_address(request))
        async with works.open(None) as work:
            await IdentityService(work, keys).mark_proved(caller)
    elif body.code is not None:
        async with guarded_code(works, caller.user_id), works.open(None) as work:
            await SecondFactors(work, keys).require(caller.user_id, body.code)
            await IdentityService(work, keys).mark_proved(caller)
    else:
        message = "Give your password, or a code of your authenticator app."
        raise InvalidError(message, problems=[FieldProblem("password", "missing", message)])


@router.post("/password")
async def change_password(
    body: PasswordChange, request: Request, caller: CurrentCaller, installation: RuntimeDep
) -> SignedIn:
    """Set a new password. Every device is signed out; the caller gets new tokens."""
    user = await _change_password(installation, body, request, caller)
    return await start_program(installation, request, user, "password")


@router.post("/browser/password")
async def change_password_browser(
    body: PasswordChange, request: Request, response: Response, caller: CurrentCaller, installation: RuntimeDep
) -> UserView:
    """Set a new password. Every device is signed out; this browser gets a new cookie."""
    require_own_origin(request)
    user = await _change_password(installation, body, request, caller)
    await start_browser(installation, request, response, user, "password")
    return user


@router.post("/authenticator")
async def begin_authenticator(caller: CurrentCaller, installation: RuntimeDep) -> SecondFactorSetup:
    """A secret for an authenticator app. It counts from the first code on."""
    async with installation.works.open(None) as work:
        return await SecondFactors(work, installation.keys).begin(caller, site_name=PRODUCT)


@router.post("/authenticator/confirm")
async def confirm_authenticator(body: CodeRequest, caller: CurrentCaller, installation: RuntimeDep) -> RecoveryCodes:
    """Turn the second factor on. Returns recovery codes, once."""
    async with guarded_code(installation.works, caller.user_id), installation.works.open(None) as work:
        return await SecondFactors(work, installation.keys).confirm(caller, body.code)


@router.post("/authenticator/recovery-codes")
async def renew_codes(caller: CurrentCaller, installation: RuntimeDep) -> RecoveryCodes:
    """New recovery codes instead of the old ones."""
    async with installation.works.open(None) as work:
        return await SecondFactors(work, installation.keys).renew_codes(caller)


@router.delete("/authenticator", status_code=204)
async def remove_authenticator(caller: CurrentCaller, installation: RuntimeDep) -> None:
    """Do without a second factor."""
    async with installation.works.open(None) as work:
        await SecondFactors(work, installation.keys).remove(caller)


@router.get("/sessions")
async def list_sessions(caller: CurrentCaller, installation: RuntimeDep) -> list[SessionView]:
    """Where the caller is signed in."""
    async with installation.works.open(None, read_only=True) as work:
        return await IdentityService(work, installation.keys).list_sessions(caller)


@router.delete("/sessions", status_code=204)
async def end_other_sessions(caller: CurrentCaller, installation: RuntimeDep) -> None:
    """Sign every other device out."""
    async with installation.works.open(None) as work:
        await IdentityService(work, installation.keys).end_other_sessions(caller)


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(session_id: UUID, caller: CurrentCaller, installation: RuntimeDep) -> None:
    """Sign one device out."""
    async with installation.works.open(None) as work:
        await IdentityService(work, installation.keys).end_own_session(caller, session_id)


async def _change_password(installation: Runtime, body: PasswordChange, request: Request, caller: Caller) -> UserView:
    async with installation.works.open(None) as work:
        await WaysIn(work, installation.keys).change_password(caller, body, ip_address=client_address(request))
        return await IdentityService(work, installation.keys).get_user(caller.user_id)
