"""Who talks to a bot: the visitor of a website, or a program with an API key. Every public route meets its caller here.

In this order: is there such a bot, may this website embed it, is the key good, is the visitor who the website says.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from fastapi import Request

from privexbot_app.api.deps import bearer_token, client_address
from privexbot_app.domains.bots.identity import VisitorProof, verify_visitor
from privexbot_app.domains.bots.live import load_public_bot
from privexbot_app.domains.bots.origins import is_origin_allowed
from privexbot_app.domains.bots.schemas import LiveBot
from privexbot_app.domains.bots.service import BotNotFoundError
from privexbot_app.domains.conversations.schemas import Asker
from privexbot_app.domains.tenancy.api_keys import KeyHolder, open_key
from privexbot_app.domains.tenancy.key_format import looks_like_key
from privexbot_app.kit import logging
from privexbot_app.kit.crypto import fingerprint
from privexbot_app.kit.errors import ForbiddenError
from privexbot_app.kit.limits import Allowance, Limit
from privexbot_app.kit.scope import Scope
from privexbot_app.runtime import Runtime


class OriginNotAllowedError(ForbiddenError):
    """The bot's owner has not allowed this website."""

    code = "origin_not_allowed"

    def __init__(self) -> None:
        super().__init__("This bot may not be used on this website.")


@dataclass(frozen=True)
class Guest:
    """A caller whom a bot may talk to. address: their IP address. key: of a program that has shown one."""

    scope: Scope
    bot: LiveBot
    asker: Asker
    address: str
    key: KeyHolder | None = None


async def meet(installation: Runtime, bot_id: UUID, request: Request, *, channel: str = "web") -> Guest:
    """The guest of a public route.

    Raises BotNotFoundError, OriginNotAllowedError, InvalidKeyError, ExpiredKeyError, VisitorRefusedError and
    VisitorTokenExpiredError.
    """
    public = await load_public_bot(installation.works, bot_id, installation.keys)
    require_allowed_origin(request, public.bot, installation.browser_url)
    headers, token = request.headers, bearer_token(request)
    key = await open_key(installation.works, token) if looks_like_key(token) else None
    if key is not None and key.scope.workspace_id != public.scope.workspace_id:
        raise BotNotFoundError
    proof = VisitorProof(
        token=headers.get("visitor-token", ""),
        id=headers.get("visitor-id", ""),
        signature=headers.get("visitor-signature", ""),
    )
    visitor_id = verify_visitor(proof, bot_id, public.secrets) if proof.is_given else None
    address = client_address(request)
    logging.bind(workspace_id=public.scope.workspace_id, bot_id=bot_id)
    scope = public.scope
    if key is not None:
        key.scope.require("bots.chat")
        scope = replace(key.scope, permissions=public.scope.permissions)
    return Guest(scope, public.bot, Asker(visitor_id, channel), address, key)


async def count_message(installation: Runtime, guest: Guest, conversation_id: UUID | None) -> Allowance:
    """Count a message against every limit that is set for it. Raises RateLimitedError in the owner's own words."""
    limits, bot_id = guest.bot.config.limits, guest.bot.id.hex
    counted = {f"chat-bot:{bot_id}": Limit(limits.per_bot, 60)}
    if guest.key is not None:
        counted[f"key:{guest.key.key_id.hex}"] = guest.key.limit
    else:
        counted[f"chat:{guest.bot.id}:{guest.address}"] = Limit(limits.per_address, 60)
    if guest.asker.visitor_id is not None:
        counted[f"visitor:{bot_id}:{fingerprint(guest.asker.visitor_id)[:32]}"] = Limit(limits.per_visitor, 60)
    elif conversation_id is not None:
        counted[f"visitor:{bot_id}:{conversation_id.hex}"] = Limit(limits.per_visitor, 60)
    return await installation.works.limiter.take_all(counted, message=limits.message)


def require_allowed_origin(request: Request, bot: LiveBot, browser_url: str) -> None:
    """Browsers say where a page comes from; programs say nothing and are let in. Raises OriginNotAllowedError."""
    origin = request.headers.get("origin")
    allowed = bot.config.allowed_origins
    if origin is None or not allowed or is_origin_allowed(origin, [*allowed, browser_url]):
        return
    raise OriginNotAllowedError
