"""What conversations tell other programs, and the team. Test traffic tells nothing."""

from typing import Any
from uuid import UUID

from privexbot_app.domains.conversations.exchanges import Exchange
from privexbot_app.domains.conversations.models import Message
from privexbot_app.domains.conversations.repository import ConversationRepository
from privexbot_app.domains.conversations.schemas import Feedback
from privexbot_app.domains.webhooks.service import WebhookService
from privexbot_app.integrations.plugins import Work


async def tell(work: Work, exchange: Exchange) -> None:
    """Have events sent of an exchange that was just written, and call the team if the bot does."""
    id: UUID = exchange.conversation["id"]
    is_first_call = exchange.is_calling and await _call(work, id)
    if exchange.scope.is_test:
        return
    hooks = WebhookService(work)
    if exchange.is_new:
        await hooks.emit(
            "conversation.started", _facts(exchange) | {"channel": exchange.conversation.get("channel", "web")}
        )
    for message in exchange.messages:
        if message["role"] == "bot" and await hooks.is_heard("message.answered"):
            await hooks.emit("message.answered", _facts(exchange) | _answer(exchange, message))
    if is_first_call:
        await hooks.emit("conversation.handed_off", _facts(exchange))


async def tell_feedback(work: Work, message: Message, feedback: Feedback) -> None:
    """Have it sent that an answer was rated."""
    facts = {
        "conversation_id": str(message.conversation_id),
        "message_id": str(message.id),
        "rating": feedback.rating,
        "comment": feedback.comment,
    }
    await WebhookService(work).emit("feedback.given", facts)


async def _call(work: Work, conversation_id: UUID) -> bool:
    row = await work.repository(ConversationRepository).get(conversation_id)
    was_waiting, row.is_waiting = row.is_waiting, True
    return not was_waiting


def _facts(exchange: Exchange) -> dict[str, Any]:
    return {
        "conversation_id": str(exchange.conversation["id"]),
        "bot_id": str(exchange.conversation["bot_id"]),
    }


def _answer(exchange: Exchange, message: Any) -> dict[str, Any]:
    asked = [one["content"] for one in exchange.messages if one["role"] == "visitor"]
    return {
        "message_id": str(message["id"]),
        "question": asked[0] if asked else "",
        "answer": message["content"],
        "citations": message["citations"],
    }
