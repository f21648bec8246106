"""The team's inbox: find conversations, read them, answer instead of the bot, take them along."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.conversations.exporting import export_conversations
from privexbot_app.domains.conversations.inbox import InboxService
from privexbot_app.domains.conversations.inbox_schemas import (
    AgentMessage,
    ConversationChange,
    ConversationFilters,
    ConversationView,
    FeedbackFilters,
    FeedbackView,
    HandBack,
    Rating,
    Status,
    TagView,
    TranscriptMessage,
    TranscriptView,
)
from privexbot_app.domains.conversations.takeover import Takeover
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


async def conversation_filters(
    text: Annotated[str, Query(max_length=200, description="Words in any message, or the visitor's id.")] = "",
    bot_id: UUID | None = None,
    status: Status | None = None,
    channel: Annotated[str, Query(max_length=40)] = "",
    rating: Rating | None = None,
    tag: Annotated[str, Query(max_length=40)] = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    with_test: Annotated[bool, Query(description="Also what was said with a test key.")] = False,
) -> ConversationFilters:
    """Which conversations."""
    return ConversationFilters(
        text=text,
        bot_id=bot_id,
        status=status,
        channel=channel,
        rating=rating,
        tag=tag,
        since=since,
        until=until,
        with_test=with_test,
    )


Filters = Annotated[ConversationFilters, Depends(conversation_filters)]


@router.get("")
async def list_conversations(
    scope: CurrentScope, paging: Paging, filters: Filters, installation: RuntimeDep
) -> Page[ConversationView]:
    """Conversations; those in which somebody has spoken last come first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await InboxService(work).list_conversations(paging, filters)


@router.get("/export", response_class=StreamingResponse)
async def export(
    scope: CurrentScope, filters: Filters, installation: RuntimeDep, format: Literal["csv", "json"] = "csv"
) -> StreamingResponse:
    """The conversations with their messages as a file. That they were exported is an entry of the audit log."""
    scope.require("conversations.read")
    pieces = export_conversations(installation.works, scope, filters, format)
    headers = {"Content-Disposition": f'attachment; filename="conversations.{format}"'}
    return StreamingResponse(pieces, media_type=MEDIA_TYPES[format], headers=headers)


@router.get("/tags")
async def list_tags(scope: CurrentScope, installation: RuntimeDep) -> Page[TagView]:
    """Tags that are in use, the most used first."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await InboxService(work).list_tags())


@router.get("/feedback")
async def list_feedback(
    scope: CurrentScope,
    paging: Paging,
    installation: RuntimeDep,
    rating: Rating | None = None,
    bot_id: UUID | None = None,
    commented: bool = False,
) -> Page[FeedbackView]:
    """Answers that visitors have rated, newest first."""
    filters = FeedbackFilters(rating=rating, bot_id=bot_id, commented=commented)
    async with installation.works.open(scope, read_only=True) as work:
        return await InboxService(work).list_feedback(paging, filters)


@router.get("/{conversation_id}")
async def get_conversation(
    conversation_id: UUID, scope: CurrentScope, installation: RuntimeDep, before: UUID | None = None
) -> TranscriptView:
    """A conversation with its latest messages, or with those before one, and what a chatflow's nodes did."""
    async with installation.works.open(scope, read_only=True) as work:
        return await InboxService(work).get_transcript(conversation_id, before=before)


@router.patch("/{conversation_id}")
async def change_conversation(
    conversation_id: UUID, body: ConversationChange, scope: CurrentScope, installation: RuntimeDep
) -> ConversationView:
    """Close or open it, tag it."""
    async with installation.works.open(scope) as work:
        return await InboxService(work).change(conversation_id, body)


@router.post("/{conversation_id}/take-over")
async def take_over(conversation_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> ConversationView:
    """Answer instead of the bot from now on."""
    return await Takeover(installation.works, installation.keys).take_over(scope, conversation_id)


@router.post("/{conversation_id}/messages", status_code=201)
async def say(
    conversation_id: UUID, body: AgentMessage, scope: CurrentScope, installation: RuntimeDep
) -> TranscriptMessage:
    """Write to the visitor, as somebody who has taken over."""
    return await Takeover(installation.works, installation.keys).say(scope, conversation_id, body)


@router.post("/{conversation_id}/release")
async def release(conversation_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> ConversationView:
    """Let go; a chatflow that waits for a person goes on waiting."""
    return await Takeover(installation.works, installation.keys).release(scope, conversation_id)


@router.post("/{conversation_id}/hand-back")
async def hand_back(
    conversation_id: UUID, scope: CurrentScope, installation: RuntimeDep, body: HandBack | None = None
) -> ConversationView:
    """Let the bot answer again; a chatflow that waits for a person goes on with the note."""
    return await Takeover(installation.works, installation.keys).hand_back(scope, conversation_id, body or HandBack())
