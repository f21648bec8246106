"""Signing in by a wallet: a message to sign, and the signature. The same answer links a wallet to who is signed in."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from privexbot_app.api.deps import CurrentCaller, RuntimeDep, client_address, require_own_origin
from privexbot_app.api.entering import SecondStep, SignedIn, begin, enter, enter_browser, link, prove, user_of
from privexbot_app.domains.identity.schemas import IdentityView, UserView
from privexbot_app.integrations.auth_strategies.base import Means, VerifiedIdentity
from privexbot_app.kit.limits import Limit
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

Kind = Literal["evm", "solana", "cosmos"]
CHALLENGES = Limit(events=60, seconds=60)
LONGEST_SIGNATURE = 50_000


class ChallengeRequest(BaseModel):
    """Whose wallet will sign."""

    address: str = Field(max_length=128)


class ChallengeView(BaseModel):
    """The message to sign, to the letter. It can be answered once, until `expires_at`."""

    message: str
    nonce: str
    expires_at: str


class WalletAnswer(BaseModel):
    """The signed message. public_key: of Cosmos wallets, in base 64."""

    address: str = Field(max_length=128)
    message: str = Field(max_length=4000)
    signature: str = Field(max_length=LONGEST_SIGNATURE)
    public_key: Annotated[str, Field(max_length=200)] | None = None


class LinkAnswer(WalletAnswer):
    """The signed message of the wallet to link."""

    kind: Kind


@router.post("/wallet/{kind}/challenge")
async def challenge(kind: Kind, body: ChallengeRequest, request: Request, installation: RuntimeDep) -> ChallengeView:
    """A message for this wallet to sign."""
    await installation.works.limiter.take(f"challenge:{client_address(request)}", CHALLENGES)
    return ChallengeView.model_validate(await begin(installation, kind, Means.WALLET, body.model_dump()))


@router.post("/wallet/{kind}/verify")
async def verify(
    kind: Kind, body: WalletAnswer, request: Request, response: Response, installation: RuntimeDep
) -> SignedIn | SecondStep:
    """Sign a program in; 202 with a ticket for who has a second factor."""
    identity = await _prove(installation, request, kind, body)
    return await enter(installation, request, response, await user_of(installation, identity), kind)


@router.post("/browser/wallet/{kind}/verify")
async def verify_browser(
    kind: Kind, body: WalletAnswer, request: Request, response: Response, installation: RuntimeDep
) -> UserView | SecondStep:
    """Sign in and set the dashboard's cookie."""
    require_own_origin(request)
    identity = await _prove(installation, request, kind, body)
    return await enter_browser(installation, request, response, await user_of(installation, identity), kind)


@router.post("/link/wallet")
async def link_wallet(
    body: LinkAnswer, request: Request, caller: CurrentCaller, installation: RuntimeDep
) -> IdentityView:
    """Add a wallet to the caller's ways in; one that is theirs already proves again who they are."""
    return await link(installation, caller, await _prove(installation, request, body.kind, body))


async def _prove(installation: Runtime, request: Request, kind: Kind, body: WalletAnswer) -> VerifiedIdentity:
    identity, _ = await prove(installation, request, kind, Means.WALLET, body.model_dump(exclude_none=True))
    return identity
