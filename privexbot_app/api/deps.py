"""What routes may ask for, as Annotated names: the caller, their scope, pages.

A caller proves themselves by `Authorization: Bearer …` with an access token or an API key or, in the dashboard's
browser, by the httpOnly cookie. A cookie comes along by itself, so with it every writing request must also come from
our own pages (Origin equals Host).
"""

from typing import Annotated

from fastapi import Depends, Query, Request, Response

from privexbot_app import runtime
from privexbot_app.api.allowances import limit_headers
from privexbot_app.api.origins import is_own_origin
from privexbot_app.domains.identity.schemas import Caller
from privexbot_app.domains.identity.service import IdentityService
from privexbot_app.domains.tenancy.api_keys import open_key
from privexbot_app.domains.tenancy.key_format import looks_like_key
from privexbot_app.domains.tenancy.service import TenancyService
from privexbot_app.kit import logging
from privexbot_app.kit.errors import ForbiddenError, UnauthenticatedError
from privexbot_app.kit.pagination import DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE, PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.runtime import Runtime

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignOriginError(ForbiddenError):
    """A page of another site tried to write with the visitor's cookie."""

    code = "foreign_origin"

    def __init__(self) -> None:
        super().__init__("This request did not come from the dashboard.")


class KeyNotAcceptedError(ForbiddenError):
    """The route is about a person, and an API key is none."""

    code = "api_key_not_accepted"

    def __init__(self) -> None:
        super().__init__("An API key cannot be used here; sign in as a person.")


async def current_runtime() -> Runtime:
    """The process's runtime. Async, like every dependency here: FastAPI would send others through a thread."""
    return runtime.current()


RuntimeDep = Annotated[Runtime, Depends(current_runtime)]


async def current_caller(request: Request, installation: RuntimeDep) -> Caller:
    """Who is calling. Raises UnauthenticatedError in several stable codes."""
    token = bearer_token(request)
    cookie = request.cookies.get(installation.cookie_name)
    if token and looks_like_key(token):
        raise KeyNotAcceptedError
    async with installation.works.open(None, read_only=True) as work:
        identity = IdentityService(work, installation.keys)
        if token:
            return await identity.caller_of_token(token)
        if cookie:
            require_own_origin(request)
            return await identity.caller_of_cookie(cookie)
    raise UnauthenticatedError("Sign in first.", code="not_signed_in")


CurrentCaller = Annotated[Caller, Depends(current_caller)]


async def current_scope(request: Request, response: Response, installation: RuntimeDep) -> Scope:
    """The caller's scope: of an API key in its workspace, of a person in the session's."""
    token = bearer_token(request)
    if token and looks_like_key(token):
        return await scope_of_program(token, response, installation)
    caller = await current_caller(request, installation)
    async with installation.works.open(None, read_only=True) as work:
        scope = await TenancyService(work).scope_of_user(caller)
    logging.bind(workspace_id=scope.workspace_id, user_id=caller.user_id)
    return scope


CurrentScope = Annotated[Scope, Depends(current_scope)]


async def scope_of_program(token: str, response: Response, installation: Runtime) -> Scope:
    """The scope of an API key, within the key's own limit. Raises UnauthenticatedError, RateLimitedError."""
    holder = await open_key(installation.works, token)
    left = await installation.works.limiter.take(f"key:{holder.key_id.hex}", holder.limit)
    response.headers.update(limit_headers(left))
    logging.bind(workspace_id=holder.scope.workspace_id, api_key_id=holder.key_id)
    return holder.scope


async def page_params(
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE_SIZE)] = DEFAULT_PAGE_SIZE, cursor: str | None = None
) -> PageParams:
    """Which page of a list."""
    return PageParams(limit=limit, cursor=cursor)


Paging = Annotated[PageParams, Depends(page_params)]


def bearer_token(request: Request) -> str:
    """What `Authorization: Bearer` says; empty without it."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def require_own_origin(request: Request) -> None:
    """Raise ForeignOriginError for a writing request from another site's page."""
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("origin")
    if origin is None or not is_own_origin(origin, request.headers.get("host")):
        raise ForeignOriginError


def client_address(request: Request) -> str:
    """The caller's IP address as the server saw it."""
    return request.client.host if request.client else "unknown"
