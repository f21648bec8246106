"""What routes may ask for, as Annotated names: the caller, their scope, pages.

A caller proves themselves by `Authorization: Bearer …` or, in the dashboard's browser, by the httpOnly cookie. A cookie
comes along by itself, so with it every writing request must also come from our own pages (Origin equals Host).
"""

from typing import Annotated

from fastapi import Depends, Query, Request

from privexbot_app import runtime
from privexbot_app.api.origins import is_own_origin
from privexbot_app.domains.identity.schemas import Caller
from privexbot_app.domains.identity.service import IdentityService
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


def current_runtime() -> Runtime:
    """The process's runtime."""
    return runtime.current()


RuntimeDep = Annotated[Runtime, Depends(current_runtime)]


async def current_caller(request: Request, installation: RuntimeDep) -> Caller:
    """Who is calling. Raises UnauthenticatedError in several stable codes."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    cookie = request.cookies.get(installation.cookie_name)
    async with installation.works.open(None, read_only=True) as work:
        identity = IdentityService(work, installation.keys)
        if scheme.lower() == "bearer" and token:
            return await identity.caller_of_token(token.strip())
        if cookie:
            require_own_origin(request)
            return await identity.caller_of_cookie(cookie)
    raise UnauthenticatedError("Sign in first.", code="not_signed_in")


CurrentCaller = Annotated[Caller, Depends(current_caller)]


async def current_scope(caller: CurrentCaller, installation: RuntimeDep) -> Scope:
    """The caller's scope in the session's workspace."""
    async with installation.works.open(None, read_only=True) as work:
        scope = await TenancyService(work).scope_of_user(caller)
    logging.bind(workspace_id=scope.workspace_id, user_id=caller.user_id)
    return scope


CurrentScope = Annotated[Scope, Depends(current_scope)]


def page_params(
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE_SIZE)] = DEFAULT_PAGE_SIZE, cursor: str | None = None
) -> PageParams:
    """Which page of a list."""
    return PageParams(limit=limit, cursor=cursor)


Paging = Annotated[PageParams, Depends(page_params)]


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
