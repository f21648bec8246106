"""One question on its way to an answer, told as events of the closed list. Saves nothing (see `service`).

A chatflow that answers tells its work as the same events, so that whoever listens need not know who answers.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import perf_counter
from typing import Any

from privexbot_app.domains.conversations.answering import Finished, Piece, answer
from privexbot_app.domains.conversations.asking import Asking
from privexbot_app.domains.conversations.flow_events import flow_events
from privexbot_app.domains.conversations.schemas import (
    OUR_FAULT_EVENT,
    ChatAnswer,
    ChatEvent,
)
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.logging import get_logger

log = get_logger(__name__)


async def events_of(works: Workshop, asking: Asking) -> AsyncGenerator[ChatEvent]:
    """The events of an answer. Failures come as an `error` event; close the iterator to stop the model."""
    yield ChatEvent("run.started", {"session_id": asking.session_token, "message_id": str(asking.message_id)})
    events = _chatbot_events(works, asking) if asking.flow is None else flow_events(works, asking)
    try:
        async for event in events:
            yield event
    except PrivexError as error:
        log.error("answer.failed", code=error.code, cause=repr(error.__cause__), **error.context)
        yield ChatEvent("error", {"code": error.code, "kind": error.kind, "message": error.message})
    except Exception as error:
        log.error("answer.crashed", exc_info=error)
        yield OUR_FAULT_EVENT
    finally:
        await events.aclose()


async def _chatbot_events(works: Workshop, asking: Asking) -> AsyncGenerator[ChatEvent]:
    pieces = answer(works, asking.scope, asking.config, asking.question, asking.history)
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, Piece):
                yield ChatEvent("token", {"delta": piece.text})
                continue
            whole = answer_of(asking, piece).model_dump(mode="json")
            for citation in whole["citations"]:
                yield ChatEvent("citation", citation)
            yield ChatEvent("usage", whole["usage"])
            yield ChatEvent("run.finished", whole)


def answer_of(asking: Asking, whole: Finished) -> ChatAnswer:
    """The whole answer, as `run.finished` tells it."""
    return ChatAnswer(
        session_id=asking.session_token,
        message_id=asking.message_id,
        response=whole.text,
        citations=whole.citations,
        usage=whole.usage,
        latency_ms=round((perf_counter() - asking.started) * 1000),
        is_supported=whole.is_supported,
    )


def rows_of(asking: Asking, whole: dict[str, Any], *, default_model: str) -> list[dict[str, Any]]:
    """The values of an exchange's messages. whole: the data of `run.finished`; an answer without words has no row.

    default_model: the provider of bots that choose none.
    """
    # Every value that has a factory is given: the row's class would look the factory over each time.
    common: dict[str, Any] = {
        "workspace_id": asking.scope.workspace_id,
        "conversation_id": asking.conversation_id,
        "created_at": utc_now(),
        "citations": [],
    }
    rows = [{**common, "id": asking.question_id, "role": "visitor", "content": asking.question}]
    if whole["response"]:
        rows.append(
            {
                **common,
                "id": asking.message_id,
                "role": "bot",
                "content": whole["response"],
                "citations": whole["citations"],
                "prompt_tokens": whole["usage"]["prompt_tokens"],
                "completion_tokens": whole["usage"]["completion_tokens"],
                "latency_ms": whole["latency_ms"],
                "outcome": "answered" if whole["is_supported"] else "refused",
                "model": _model_of(asking, default_model) if whole["usage"]["prompt_tokens"] else "",
            }
        )
    return rows


def _model_of(asking: Asking, default_model: str) -> str:
    """Which model is asked, for prices; nodes of a chatflow may ask several, most ask the installation's own."""
    chosen = asking.config.llm
    return f"{chosen.provider or default_model}/{chosen.model}".rstrip("/")
