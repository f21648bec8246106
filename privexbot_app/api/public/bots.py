"""Talking to a bot: what the widget, the hosted page and programs without an account may call."""

from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from privexbot_app.api.deps import RuntimeDep, client_address
from privexbot_app.api.streams import answer_response
from privexbot_app.domains.bots.origins import is_origin_allowed
from privexbot_app.domains.bots.schemas import LiveBot, PublicConfig
from privexbot_app.domains.bots.service import public_config
from privexbot_app.domains.conversations.schemas import ChatQuestion, Feedback, MessageView
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.domains.leads.schemas import NewLead
from privexbot_app.domains.leads.service import LeadService
from privexbot_app.kit import logging
from privexbot_app.kit.errors import ForbiddenError
from privexbot_app.kit.limits import Limit
from privexbot_app.kit.pagination import Page
from privexbot_app.kit.scope import Scope
from privexbot_app.runtime import Runtime

router = APIRouter(prefix="/api/v1/bots", tags=["talking to a bot"])

MESSAGES = Limit(events=60, seconds=60)
LEADS = Limit(events=10, seconds=600)


class LeadReceipt(BaseModel):
    """The number of a contact that was kept."""

    lead_id: UUID


class OriginNotAllowedError(ForbiddenError):
    """The bot's owner has not allowed this website."""

    code = "origin_not_allowed"

    def __init__(self) -> None:
        super().__init__("This bot may not be used on this website.")


@router.get("/{bot_id}/config")
async def get_config(bot_id: UUID, request: Request, installation: RuntimeDep) -> PublicConfig:
    """What the widget needs to show itself."""
    _, bot = await _load(installation, bot_id, request)
    return public_config(bot, installation.works.plugins)


@router.post("/{bot_id}/chat")
async def chat(bot_id: UUID, body: ChatQuestion, request: Request, installation: RuntimeDep) -> Response:
    """Ask a bot. Answers JSON, or server-sent events with `stream: true` or `Accept: text/event-stream`."""
    scope, bot = await _load(installation, bot_id, request)
    await installation.works.limiter.take(f"chat:{bot_id}:{client_address(request)}", MESSAGES)
    events = ConversationService(installation.works, installation.keys).reply(scope, bot, body)
    return await answer_response(request, events, is_streamed=body.stream)


@router.get("/{bot_id}/history")
async def get_history(bot_id: UUID, session_id: str, request: Request, installation: RuntimeDep) -> Page[MessageView]:
    """The messages of the visitor's own session, oldest first."""
    scope, _ = await _load(installation, bot_id, request)
    conversations = ConversationService(installation.works, installation.keys)
    return Page(items=await conversations.list_history(scope, bot_id, session_id))


@router.post("/{bot_id}/feedback", status_code=204)
async def give_feedback(bot_id: UUID, body: Feedback, request: Request, installation: RuntimeDep) -> None:
    """Say whether an answer helped."""
    scope, _ = await _load(installation, bot_id, request)
    await ConversationService(installation.works, installation.keys).rate(scope, bot_id, body)


@router.post("/{bot_id}/leads", status_code=201)
async def leave_contact(bot_id: UUID, body: NewLead, request: Request, installation: RuntimeDep) -> LeadReceipt:
    """Leave contact details with a bot that asks for them."""
    scope, bot = await _load(installation, bot_id, request)
    await installation.works.limiter.take(f"lead:{bot_id}:{client_address(request)}", LEADS)
    conversations = ConversationService(installation.works, installation.keys)
    conversation_id = await conversations.find_conversation(scope, bot_id, body.session_id)
    async with installation.works.open(scope) as work:
        lead = LeadService(work).capture(bot, body, conversation_id=conversation_id)
    return LeadReceipt(lead_id=lead.id)


async def _load(installation: Runtime, bot_id: UUID, request: Request) -> tuple[Scope, LiveBot]:
    conversations = ConversationService(installation.works, installation.keys)
    scope, bot = await conversations.load_public(bot_id, visitor=client_address(request))
    _require_allowed_origin(request, bot, installation.browser_url)
    logging.bind(workspace_id=scope.workspace_id, bot_id=bot_id)
    return scope, bot


def _require_allowed_origin(request: Request, bot: LiveBot, browser_url: str) -> None:
    """Browsers say where a page comes from; programs say nothing and are let in."""
    origin = request.headers.get("origin")
    allowed = bot.config.allowed_origins
    if origin is None or not allowed or is_origin_allowed(origin, [*allowed, browser_url]):
        return
    raise OriginNotAllowedError
