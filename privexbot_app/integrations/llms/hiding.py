"""A request to a model without the personal data in it. The answer's placeholders are restored by whoever asked."""

from dataclasses import replace

from privexbot_app.integrations.llms.base import ChatMessage, ChatRequest
from privexbot_app.kit.redaction import Redactor


def hide_in(request: ChatRequest, redactor: Redactor) -> ChatRequest:
    """The same request with placeholders in all of its texts."""
    return replace(
        request,
        messages=tuple(ChatMessage(message.role, redactor.hide(message.content)) for message in request.messages),
        question=redactor.hide(request.question),
        passages=tuple(
            replace(passage, title=redactor.hide(passage.title), text=redactor.hide(passage.text))
            for passage in request.passages
        ),
    )
