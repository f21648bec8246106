"""Passkeys: making one for who is signed in, and signing in by one. The bodies are those of WebAuthn's JSON."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from privexbot_app.api.deps import CurrentCaller, RuntimeDep, client_address, require_own_origin
from privexbot_app.api.entering import SecondStep, SignedIn, begin, enter, enter_browser, link, prove, user_of
from privexbot_app.domains.identity.schemas import IdentityView, UserView
from privexbot_app.domains.identity.service import IdentityService, require_recent_proof
from privexbot_app.domains.identity.ways import WaysIn
from privexbot_app.integrations.auth_strategies.base import Means, ProofRefusedError, VerifiedIdentity
from privexbot_app.kit.limits import Limit
from privexbot_app.kit.text import require_storable_json
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

STRATEGY = "passkey"
CHALLENGES = Limit(events=60, seconds=60)


class NewPasskey(BaseModel):
    """What the user calls it."""

    label: str = Field("", max_length=60)


class Credential(BaseModel):
    """What `navigator.credentials` returned, as `toJSON()` writes it."""

    credential: dict[str, Any]


@router.post("/passkeys/options")
async def registration_options(body: NewPasskey, caller: CurrentCaller, installation: RuntimeDep) -> dict[str, Any]:
    """Options for `navigator.credentials.create`. Needs a recent proof of who the caller is."""
    require_recent_proof(caller)
    async with installation.works.open(None, read_only=True) as work:
        user = await IdentityService(work, installation.keys).get_user(caller.user_id)
        known = await WaysIn(work, installation.keys).subjects(user.id, STRATEGY)
    asked = {"user_id": user.id.hex, "user_name": user.email or user.name, "known": known, "label": body.label}
    return await begin(installation, STRATEGY, Means.PASSKEY, asked, user_id=user.id.hex)


@router.post("/passkeys", status_code=201)
async def register_passkey(
    body: Credential, request: Request, caller: CurrentCaller, installation: RuntimeDep
) -> IdentityView:
    """Add a passkey to the caller's ways in."""
    identity, also = await _prove(installation, request, body)
    # A challenge to sign in, or another person's, makes no passkey.
    if also.get("user_id") != caller.user_id.hex:
        raise ProofRefusedError("this passkey was not asked for here.")
    return await link(installation, caller, identity)


@router.post("/passkey/options")
async def sign_in_options(request: Request, installation: RuntimeDep) -> dict[str, Any]:
    """Options for `navigator.credentials.get`."""
    await installation.works.limiter.take(f"challenge:{client_address(request)}", CHALLENGES)
    return await begin(installation, STRATEGY, Means.PASSKEY, {})


@router.post("/passkey/verify")
async def verify(
    body: Credential, request: Request, response: Response, installation: RuntimeDep
) -> SignedIn | SecondStep:
    """Sign a program in. A passkey needs no second step."""
    identity = await _sign_in(installation, request, body)
    user = await user_of(installation, identity)
    return await enter(installation, request, response, user, STRATEGY, is_strong=identity.is_strong)


@router.post("/browser/passkey/verify")
async def verify_browser(
    body: Credential, request: Request, response: Response, installation: RuntimeDep
) -> UserView | SecondStep:
    """Sign in and set the dashboard's cookie. For who is signed in already, this proves again who they are."""
    require_own_origin(request)
    identity = await _sign_in(installation, request, body)
    user = await user_of(installation, identity)
    return await enter_browser(installation, request, response, user, STRATEGY, is_strong=identity.is_strong)


async def _sign_in(installation: Runtime, request: Request, body: Credential) -> VerifiedIdentity:
    identity, also = await _prove(installation, request, body)
    if also:
        raise ProofRefusedError("this passkey was just made, and not used.")
    return identity


async def _prove(installation: Runtime, request: Request, body: Credential) -> tuple[VerifiedIdentity, dict[str, Any]]:
    require_storable_json(body.credential)
    return await prove(installation, request, STRATEGY, Means.PASSKEY, body.credential)
