"""Talking to a bot: what the widget, the hosted page and programs without an account may call."""

from contextlib import suppress
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from privexbot_app.api.allowances import limit_headers
from privexbot_app.api.deps import RuntimeDep
from privexbot_app.api.guests import count_message, meet
from privexbot_app.api.streams import Ask, EventStream, answer_response, parse_event_id, wants_stream, whole_response
from privexbot_app.domains.bots.schemas import PublicConfig
from privexbot_app.domains.bots.service import public_config
from privexbot_app.domains.conversations.hub import RunHub
from privexbot_app.domains.conversations.live import LiveHub, follow
from privexbot_app.domains.conversations.schemas import ChatQuestion, Feedback, History
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.domains.leads.schemas import NewLead
from privexbot_app.domains.leads.service import keep_contact
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.limits import Limit

router = APIRouter(prefix="/api/v1/bots", tags=["talking to a bot"])

LEADS = Limit(events=10, seconds=600)
RESUMES = Limit(events=240, seconds=60)


class LeadReceipt(BaseModel):
    """The number of a contact that was kept."""

    lead_id: UUID


@router.get("/{bot_id}/config")
async def get_config(bot_id: UUID, request: Request, installation: RuntimeDep) -> PublicConfig:
    """What the widget needs to show itself."""
    guest = await meet(installation, bot_id, request)
    return public_config(guest.bot, installation.works.plugins)


@router.post("/{bot_id}/chat")
async def chat(bot_id: UUID, body: ChatQuestion, request: Request, installation: RuntimeDep) -> Response:
    """Ask a bot. Answers JSON, or server-sent events with `stream: true` or `Accept: text/event-stream`.

    `Idempotency-Key`: the same key and question get the same answer, given once. `Last-Event-ID`: the rest of an
    answer that was cut off. `Visitor-Token`, or `Visitor-Id` with `Visitor-Signature`: who the visitor is.
    """
    guest = await meet(installation, bot_id, request)
    conversations = ConversationService(installation.works, installation.keys)
    session = conversations.find_session(bot_id, body.session_id, guest.asker)
    headers: dict[str, str] = {}
    if "last-event-id" in request.headers:
        await installation.works.limiter.take(f"resume:{bot_id.hex}:{guest.address}", RESUMES)
    else:
        headers = limit_headers(await count_message(installation, guest, session))
    ask = Ask(
        scope=guest.scope,
        owner_id=bot_id,
        words=f"{guest.asker.visitor_id}\n{body.session_id}\n{body.message}",
        begin=lambda: conversations.reply(guest.scope, guest.bot, body, guest.asker),
        is_streamed=wants_stream(request, asked=body.stream),
        headers=headers,
    )
    return await answer_response(request, installation, ask)


@router.get("/{bot_id}/runs/{run_id}")
async def resume(bot_id: UUID, run_id: UUID, request: Request, installation: RuntimeDep) -> Response:
    """The events of an answer, from its beginning or after `Last-Event-ID`; JSON unless events are accepted."""
    guest = await meet(installation, bot_id, request)
    await installation.works.limiter.take(f"resume:{bot_id.hex}:{guest.address}", RESUMES)
    last = request.headers.get("last-event-id")
    after = parse_event_id(last)[1] if last else 0
    pieces = await installation.works.own(RunHub).resume(guest.scope, bot_id, run_id, after=after)
    if wants_stream(request, asked=False):
        return EventStream(pieces, {})
    return await whole_response(pieces, {})


@router.delete("/{bot_id}/runs/{run_id}", status_code=204)
async def stop(bot_id: UUID, run_id: UUID, request: Request, installation: RuntimeDep) -> None:
    """Stop an answer; what was said so far is kept."""
    guest = await meet(installation, bot_id, request)
    await installation.works.limiter.take(f"resume:{bot_id.hex}:{guest.address}", RESUMES)
    await installation.works.own(RunHub).stop(guest.scope, bot_id, run_id)


@router.get("/{bot_id}/history")
async def get_history(
    bot_id: UUID, request: Request, installation: RuntimeDep, session_id: str | None = None
) -> History:
    """The messages of the visitor's own session, oldest first; of a verified visitor also without a session."""
    guest = await meet(installation, bot_id, request)
    conversations = ConversationService(installation.works, installation.keys)
    return await conversations.list_history(guest.scope, bot_id, session_id, guest.asker)


@router.get("/{bot_id}/events", response_class=Response)
async def follow_conversation(
    bot_id: UUID, session_id: str, request: Request, installation: RuntimeDep, after: UUID | None = None
) -> Response:
    """Server-sent events of the visitor's own session: who answers now, and what a person writes.

    after, or `Last-Event-ID`: the last message that the caller has; without one, what comes from now on.
    """
    guest = await meet(installation, bot_id, request)
    await installation.works.limiter.take(f"resume:{bot_id.hex}:{guest.address}", RESUMES)
    conversations = ConversationService(installation.works, installation.keys)
    conversation_id = await conversations.find_conversation(guest.scope, bot_id, session_id, guest.asker)
    if conversation_id is None:
        raise NotFoundError("There is no such conversation.", code="conversation_not_found")
    installation.works.own(LiveHub).require_room()
    last = request.headers.get("last-event-id", "")
    with suppress(ValueError):
        after = UUID(last) if last else after
    return EventStream(follow(installation.works, guest.scope, conversation_id, after=after), {})


@router.post("/{bot_id}/feedback", status_code=204)
async def give_feedback(bot_id: UUID, body: Feedback, request: Request, installation: RuntimeDep) -> None:
    """Say whether an answer helped."""
    guest = await meet(installation, bot_id, request)
    conversations = ConversationService(installation.works, installation.keys)
    await conversations.rate(guest.scope, bot_id, body, guest.asker)


@router.post("/{bot_id}/leads", status_code=201)
async def leave_contact(bot_id: UUID, body: NewLead, request: Request, installation: RuntimeDep) -> LeadReceipt:
    """Leave contact details with a bot that asks for them."""
    guest = await meet(installation, bot_id, request)
    await installation.works.limiter.take(f"lead:{bot_id}:{guest.address}", LEADS)
    conversations = ConversationService(installation.works, installation.keys)
    conversation_id = await conversations.find_conversation(guest.scope, bot_id, body.session_id, guest.asker)
    lead = await keep_contact(installation.works, guest.scope, guest.bot, body, conversation_id, guest.asker.channel)
    return LeadReceipt(lead_id=lead.id)
