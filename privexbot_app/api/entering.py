"""What the routes of signing in share: from a proof to a session.

A proof is a password or a strategy's verified identity. Who has a second factor gets a ticket instead of a session, and
exchanges it with a code; a proof that is two factors in one (a passkey) needs none.
"""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel

from privexbot_app.api.deps import client_address
from privexbot_app.domains.identity.challenges import TICKET_LIFE, Challenges
from privexbot_app.domains.identity.schemas import Caller, IdentityView, Tokens, UserView, Visit
from privexbot_app.domains.identity.second_factor import SecondFactors
from privexbot_app.domains.identity.service import SESSION_LIFE, IdentityService
from privexbot_app.domains.identity.throttle import TOKEN, guarded, guarded_code
from privexbot_app.domains.identity.visits import network_of
from privexbot_app.domains.identity.ways import WaysIn
from privexbot_app.domains.tenancy.service import TenancyService
from privexbot_app.integrations.auth_strategies.base import Answer, AuthStrategy, Means, Site, VerifiedIdentity
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.runtime import Runtime

PRODUCT = "PrivexBot"
LONGEST_DEVICE = 200


class SignedIn(Tokens):
    """Tokens and whose they are."""

    user: UserView


class SecondStep(BaseModel):
    """The first step went well; a code is needed too. Send it with the ticket to `second-factor`."""

    second_factor: Literal["required"] = "required"
    ticket: str
    expires_in: int = int(TICKET_LIFE.total_seconds())


def site_of(installation: Runtime) -> Site:
    """Whom people sign in at."""
    return Site(PRODUCT, installation.browser_url)


def visit_of(request: Request, method: str) -> Visit:
    """Where a sign-in comes from, as the list of devices shows it."""
    device = request.headers.get("user-agent", "")[:LONGEST_DEVICE]
    return Visit(method, device.encode("utf-8", "replace").decode(), network_of(client_address(request)))


def strategy_of(installation: Runtime, name: str, means: Means) -> AuthStrategy:
    """A way to sign in that is set up. Raises NotFoundError (`way_in_not_found`) for every other name."""
    strategies = installation.works.plugins.auth_strategies
    if name in strategies.configured() and (strategy := strategies.get(name)).means is means:
        return strategy
    raise NotFoundError("There is no such way to sign in here.", code="way_in_not_found")


async def begin(
    installation: Runtime, name: str, means: Means, asked: Mapping[str, Any], **also: Any
) -> dict[str, Any]:
    """Make a challenge and keep it. also: what `prove` gives back beside the identity."""
    begun = await strategy_of(installation, name, means).begin(site_of(installation), asked, utc_now())
    await Challenges(installation.works.redis).keep(name, begun, **also)
    return begun.shown


async def prove(
    installation: Runtime, request: Request, name: str, means: Means, given: Mapping[str, Any]
) -> tuple[VerifiedIdentity, dict[str, Any]]:
    """Who answered a challenge, and what was kept beside it. The challenge is used up, whatever comes of it."""
    works, strategy = installation.works, strategy_of(installation, name, means)
    async with guarded(works, name, client_address(request), TOKEN):
        kept, also = await Challenges(works.redis).take(name, strategy.handle_of(given))
        known: Mapping[str, Any] = {}
        if subject := strategy.claimed_subject(given):
            async with works.open(None, read_only=True) as work:
                known = await WaysIn(work, installation.keys).known_facts(name, subject)
        answer = Answer(site_of(installation), given, kept, utc_now(), known)
        return await strategy.verify(answer), also


async def user_of(installation: Runtime, identity: VerifiedIdentity) -> UserView:
    """Who signs in with an identity; a stranger gets an account with an organization of their own."""
    async with installation.works.open(None) as work:
        ways = WaysIn(work, installation.keys)
        user = await ways.find_user_of(identity)
        if user is None:
            user = await ways.make_user_of(identity)
            await TenancyService(work).create_organization(user)
        return user


async def link(installation: Runtime, caller: Caller, identity: VerifiedIdentity) -> IdentityView:
    """Add a way in to the caller's account."""
    async with installation.works.open(None) as work:
        return await WaysIn(work, installation.keys).link(caller, identity)


async def second_step(installation: Runtime, user: UserView, method: str) -> SecondStep | None:
    """The ticket to the second step, if the user has one to take."""
    async with installation.works.open(None, read_only=True) as work:
        if not await SecondFactors(work, installation.keys).is_needed(user.id):
            return None
    ticket = await Challenges(installation.works.redis).new_ticket(user_id=str(user.id), method=method)
    return SecondStep(ticket=ticket)


async def enter(
    installation: Runtime, request: Request, response: Response, user: UserView, method: str, *, is_strong: bool = False
) -> SignedIn | SecondStep:
    """Sign a program in, or ask for the second step (202)."""
    step = None if is_strong else await second_step(installation, user, method)
    if step is not None:
        response.status_code = 202
        return step
    return await start_program(installation, request, user, method)


async def enter_browser(
    installation: Runtime, request: Request, response: Response, user: UserView, method: str, *, is_strong: bool = False
) -> UserView | SecondStep:
    """Set the dashboard's cookie, or ask for the second step (202)."""
    step = None if is_strong else await second_step(installation, user, method)
    if step is not None:
        response.status_code = 202
        return step
    await start_browser(installation, request, response, user, method)
    return user


async def finish_second_step(installation: Runtime, ticket: str, code: str) -> tuple[UserView, str]:
    """The user of a ticket, once the code is right, and how they took the first step."""
    challenges = Challenges(installation.works.redis)
    facts = await challenges.read_ticket(ticket)
    user_id = UUID(facts["user_id"])
    async with guarded_code(installation.works, user_id), installation.works.open(None) as work:
        user = await IdentityService(work, installation.keys).get_user(user_id)
        await SecondFactors(work, installation.keys).require(user.id, code)
        await challenges.spend_ticket(ticket)
    return user, str(facts["method"])


async def start_program(installation: Runtime, request: Request, user: UserView, method: str) -> SignedIn:
    """A new session of a program."""
    visit = visit_of(request, method)
    async with installation.works.open(None) as work:
        workspace_id = await TenancyService(work).first_workspace(user.id)
        tokens = await IdentityService(work, installation.keys).start_program_session(user.id, workspace_id, visit)
    return SignedIn(user=user, **tokens.model_dump())


async def start_browser(
    installation: Runtime, request: Request, response: Response, user: UserView, method: str
) -> None:
    """A new session of a browser, and its cookie."""
    visit = visit_of(request, method)
    async with installation.works.open(None) as work:
        workspace_id = await TenancyService(work).first_workspace(user.id)
        cookie = await IdentityService(work, installation.keys).start_browser_session(user.id, workspace_id, visit)
    response.set_cookie(
        installation.cookie_name,
        cookie,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        secure=installation.has_https,
        httponly=True,
        samesite="lax",
    )
