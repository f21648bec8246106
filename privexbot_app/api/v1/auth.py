"""Registration, sign-in by password, tokens, and the dashboard's cookie. Other ways in: the modules `auth_…` beside."""

from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Request, Response
from pydantic import BaseModel, Field

from privexbot_app.api.deps import (
    CurrentCaller,
    CurrentScope,
    RuntimeDep,
    client_address,
    require_own_origin,
)
from privexbot_app.api.entering import SecondStep, SignedIn, enter, enter_browser, start_browser, start_program
from privexbot_app.api.mailing import send_later
from privexbot_app.domains.identity.mailed import MailedLinks
from privexbot_app.domains.identity.schemas import Credentials, PersonName, Registration, Tokens, UserView
from privexbot_app.domains.identity.service import IdentityService, ReusedRefreshTokenError
from privexbot_app.domains.tenancy.schemas import MeView
from privexbot_app.domains.tenancy.service import TenancyService
from privexbot_app.kit.limits import Limit
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

REGISTRATIONS = Limit(events=30, seconds=3600)
PASSWORD = "password"  # noqa: S105 - the name of a way in


class RefreshRequest(BaseModel):
    """The refresh token to exchange."""

    refresh_token: str = Field(max_length=512)


class SwitchRequest(BaseModel):
    """The workspace to work in from now on."""

    workspace_id: UUID


class ProfileChange(BaseModel):
    """What a user may change about themselves."""

    name: PersonName = Field(min_length=1)


@router.post("/register", status_code=201)
async def register(
    body: Registration, request: Request, background: BackgroundTasks, installation: RuntimeDep
) -> SignedIn:
    """Make an account with an organization and a workspace, and sign in."""
    user = await _register(installation, body, request, background)
    return await start_program(installation, request, user, PASSWORD)


@router.post("/login")
async def login(
    body: Credentials, request: Request, response: Response, installation: RuntimeDep
) -> SignedIn | SecondStep:
    """Sign a program in; 202 with a ticket for who has a second factor."""
    user = await _check(installation, body, request)
    return await enter(installation, request, response, user, PASSWORD)


@router.post("/refresh")
async def refresh(body: RefreshRequest, installation: RuntimeDep) -> Tokens:
    """Exchange a refresh token for a new pair. A token used twice ends the whole sign-in."""
    async with installation.works.open(None) as work:
        tokens = await IdentityService(work, installation.keys).refresh(body.refresh_token)
    if tokens is None:
        raise ReusedRefreshTokenError
    return tokens


@router.post("/logout", status_code=204)
async def logout(caller: CurrentCaller, response: Response, installation: RuntimeDep) -> None:
    """End the caller's session; its tokens and cookie are worthless from now on."""
    async with installation.works.open(None) as work:
        await IdentityService(work, installation.keys).end_session(caller.session_id)
    # A browser forgets a `__Host-` cookie only when told so with the attributes that it was set with.
    response.delete_cookie(
        installation.cookie_name, path="/", secure=installation.has_https, httponly=True, samesite="lax"
    )


@router.get("/me")
async def me(caller: CurrentCaller, scope: CurrentScope, installation: RuntimeDep) -> MeView:
    """The caller, their organizations and workspaces, and where they are now."""
    async with installation.works.open(None, read_only=True) as work:
        user = await IdentityService(work, installation.keys).get_user(caller.user_id)
        return await TenancyService(work).describe(user, scope)


@router.patch("/me")
async def change_me(body: ProfileChange, caller: CurrentCaller, installation: RuntimeDep) -> UserView:
    """Change the caller's name."""
    async with installation.works.open(None) as work:
        return await IdentityService(work, installation.keys).rename(caller.user_id, body.name)


@router.post("/switch")
async def switch(body: SwitchRequest, caller: CurrentCaller, installation: RuntimeDep) -> Tokens:
    """Work in another workspace from now on."""
    async with installation.works.open(None) as work:
        await TenancyService(work).scope_of_user(caller, workspace_id=body.workspace_id)
        identity = IdentityService(work, installation.keys)
        await identity.switch(caller.session_id, body.workspace_id)
        return await identity.renew_tokens(caller)


@router.post("/browser/register", status_code=201)
async def register_browser(
    body: Registration, request: Request, response: Response, background: BackgroundTasks, installation: RuntimeDep
) -> UserView:
    """Make an account and set the dashboard's cookie."""
    require_own_origin(request)
    user = await _register(installation, body, request, background)
    await start_browser(installation, request, response, user, PASSWORD)
    return user


@router.post("/browser/login")
async def login_browser(
    body: Credentials, request: Request, response: Response, installation: RuntimeDep
) -> UserView | SecondStep:
    """Sign in and set the dashboard's cookie; 202 with a ticket for who has a second factor."""
    require_own_origin(request)
    user = await _check(installation, body, request)
    return await enter_browser(installation, request, response, user, PASSWORD)


async def _register(
    installation: Runtime, body: Registration, request: Request, background: BackgroundTasks
) -> UserView:
    await installation.works.limiter.take(f"register:{client_address(request)}", REGISTRATIONS)
    async with installation.works.open(None) as work:
        user = await IdentityService(work, installation.keys).register(body)
        await TenancyService(work).create_organization(user)
        mailer = installation.works.plugins.mailer
        if mailer is not None:
            links = MailedLinks(work, installation.keys)
            mail = await links.begin_verification(user.id, user.email, site_url=installation.browser_url)
            send_later(background, mailer, mail)
    return user


async def _check(installation: Runtime, body: Credentials, request: Request) -> UserView:
    async with installation.works.open(None, read_only=True) as work:
        identity = IdentityService(work, installation.keys)
        return await identity.check_credentials(body, ip_address=client_address(request))
