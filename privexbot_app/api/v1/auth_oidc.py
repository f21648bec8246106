"""Signing in through another service: the browser is sent there, and comes back with a code.

The attempt is bound to the browser by a short-lived cookie, so that nobody can be signed in as, or linked to, somebody
else by following a link. What goes wrong ends on the page that it began on, with a code in the address.
"""

import secrets
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel

from privexbot_app.api.deps import CurrentCaller, RuntimeDep, client_address, current_caller
from privexbot_app.api.entering import SecondStep, begin, enter_browser, link, prove, user_of
from privexbot_app.domains.identity.challenges import UnknownChallengeError
from privexbot_app.domains.identity.service import require_recent_proof
from privexbot_app.integrations.auth_strategies.base import CHALLENGE_LIFE, Means
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.limits import Limit
from privexbot_app.kit.logging import get_logger
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/api/v1/auth/oidc", tags=["auth"])
log = get_logger(__name__)

ATTEMPTS = Limit(events=60, seconds=60)
BINDING_BYTES = 32
SIGN_IN_PAGE, WAYS_PAGE = "/sign-in", "/account/security"


class Location(BaseModel):
    """Where to send the browser."""

    location: str


@router.get("/{provider}/start", response_class=RedirectResponse, status_code=303)
async def start(
    provider: str, request: Request, installation: RuntimeDep, next: Annotated[str, Query(max_length=500)] = "/"
) -> Response:
    """Send the browser to the service. next: the page of the dashboard to open afterwards."""
    await installation.works.limiter.take(f"challenge:{client_address(request)}", ATTEMPTS)
    response = RedirectResponse("", 303)
    response.headers["location"] = await _send_away(installation, provider, response, next=_own_page(next))
    return response


@router.post("/{provider}/link")
async def start_linking(
    provider: str, request: Request, response: Response, caller: CurrentCaller, installation: RuntimeDep
) -> Location:
    """Begin to add an account of the service to the caller's ways in. Needs a recent proof of who the caller is."""
    require_recent_proof(caller)
    return Location(location=await _send_away(installation, provider, response, user_id=caller.user_id.hex))


@router.get("/{provider}/callback", response_class=RedirectResponse, status_code=303)
async def callback(
    provider: str,
    request: Request,
    installation: RuntimeDep,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=5000)] = "",
    error: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    """Where the service sends the browser back to."""
    page = SIGN_IN_PAGE
    try:
        given = {"state": state, "code": code, "error": error}
        identity, also = await prove(installation, request, provider, Means.REDIRECT, given)
        _require_same_browser(installation, request, also)
        if "user_id" in also:
            page = WAYS_PAGE
            caller = await current_caller(request, installation)
            if caller.user_id.hex != also["user_id"]:
                raise UnknownChallengeError
            await link(installation, caller, identity)
            return _forget_binding(installation, RedirectResponse(f"{WAYS_PAGE}?linked={quote(provider)}", 303))
        answer = RedirectResponse(also["next"], 303)
        user = await user_of(installation, identity)
        step = await enter_browser(installation, request, answer, user, provider)
        if isinstance(step, SecondStep):
            # The ticket stands behind the #, which is sent to no server and kept in no log.
            answer = RedirectResponse(f"{SIGN_IN_PAGE}?next={quote(also['next'])}#ticket={step.ticket}", 303)
        return _forget_binding(installation, answer)
    except PrivexError as problem:
        log.info("oidc.refused", provider=provider, code=problem.code)
        return _forget_binding(installation, RedirectResponse(f"{page}?problem={quote(problem.code)}", 303))


async def _send_away(installation: Runtime, provider: str, response: Response, **also: Any) -> str:
    """Begin an attempt, and bind it to the browser that gets this response. Returns where to send it."""
    binding = secrets.token_urlsafe(BINDING_BYTES)
    shown = await begin(installation, provider, Means.REDIRECT, {}, binding=binding, **also)
    response.set_cookie(
        _binding_name(installation),
        binding,
        max_age=int(CHALLENGE_LIFE.total_seconds()),
        path="/",
        secure=installation.has_https,
        httponly=True,
        samesite="lax",
    )
    return str(shown["location"])


def _require_same_browser(installation: Runtime, request: Request, also: dict[str, Any]) -> None:
    held = request.cookies.get(_binding_name(installation), "")
    if not secrets.compare_digest(held.encode(), also["binding"].encode()):
        raise UnknownChallengeError


def _forget_binding(installation: Runtime, response: Response) -> Response:
    response.delete_cookie(
        _binding_name(installation), path="/", secure=installation.has_https, httponly=True, samesite="lax"
    )
    return response


def _binding_name(installation: Runtime) -> str:
    return f"{installation.cookie_name}_attempt"


def _own_page(path: str) -> str:
    """A path of this very site, or the first page."""
    is_own = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_own else "/"
