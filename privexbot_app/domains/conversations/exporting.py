"""Conversations as a file, a page at a time, so that the largest workspace fits into memory."""

import json
from collections.abc import AsyncIterator
from typing import Any

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.conversations.inbox import InboxService
from privexbot_app.domains.conversations.inbox_schemas import ConversationFilters, ConversationView, TranscriptMessage
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.pagination import PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.spreadsheets import write_csv

PAGE = 50
COLUMNS = (
    "conversation_id", "bot", "channel", "visitor_id", "status", "tags", "started_at", "message_at", "role", "author",
    "content", "rating", "comment",
)  # fmt: skip


async def export_conversations(
    works: Workshop, scope: Scope, filters: ConversationFilters, format: str
) -> AsyncIterator[str]:
    """Pieces of a CSV file with a line for each message, or of a JSON list of conversations.

    Needs `conversations.read`. That something was exported is an entry of the audit log.
    """
    async with works.open(scope) as work:
        scope.require("conversations.read")
        AuditService(work).record("conversations.exported", format=format)
    yield write_csv([COLUMNS]) if format == "csv" else "["
    cursor, is_first = None, True
    while is_first or cursor:
        async with works.open(scope, read_only=True) as work:
            inbox = InboxService(work)
            page = await inbox.list_conversations(PageParams(PAGE, cursor), filters)
            whole = [(view, await _all_messages(inbox, view)) for view in page.items]
        for number, (view, messages) in enumerate(whole):
            if format == "csv":
                yield write_csv(_line(view, message) for message in messages)
            else:
                separator = "" if is_first and number == 0 else ",\n"
                yield separator + json.dumps(_plain(view, messages), ensure_ascii=False)
        cursor, is_first = page.next_cursor, False
    if format == "json":
        yield "]"


async def _all_messages(inbox: InboxService, view: ConversationView) -> list[TranscriptMessage]:
    transcript = await inbox.get_transcript(view.id)
    messages = transcript.messages
    while transcript.before is not None:
        transcript = await inbox.get_transcript(view.id, before=transcript.before)
        messages = transcript.messages + messages
    return messages


def _line(view: ConversationView, message: TranscriptMessage) -> list[Any]:
    return [
        view.id,
        view.bot_name,
        view.channel,
        view.visitor_id,
        view.status,
        ", ".join(view.tags),
        view.created_at.isoformat(),
        message.created_at.isoformat(),
        message.role,
        message.author,
        message.content,
        message.rating,
        message.comment,
    ]


def _plain(view: ConversationView, messages: list[TranscriptMessage]) -> dict[str, Any]:
    left_out = {"preview", "preview_role"}
    return view.model_dump(mode="json", exclude=left_out) | {
        "messages": [message.model_dump(mode="json") for message in messages]
    }
