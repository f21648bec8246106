"""One question on its way to an answer, told as events of the closed list. Saves nothing (see `service`).

A chatflow that answers tells its work as the same events, so that whoever listens need not know who answers.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import UUID

from privexbot_app.domains.bots.schemas import BotConfig
from privexbot_app.domains.conversations.answering import Finished, Piece, answer
from privexbot_app.domains.conversations.schemas import (
    OUR_FAULT_EVENT,
    Asker,
    ChatAnswer,
    ChatEvent,
    Turn,
)
from privexbot_app.integrations.plugins import Workshop
from privexbot_app.kit.errors import PrivexError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.logging import get_logger
from privexbot_app.kit.scope import Scope

log = get_logger(__name__)


@dataclass(frozen=True)
class Asking:
    """A question with all that its answer needs. is_new: the conversation begins with it."""

    scope: Scope
    asker: Asker
    config: BotConfig
    question: str
    history: Sequence[Turn]
    conversation_id: UUID
    is_new: bool
    question_id: UUID
    message_id: UUID
    session_token: str
    started: float


def begin(
    scope: Scope,
    asker: Asker,
    config: BotConfig,
    question: str,
    history: Sequence[Turn],
    *,
    conversation_id: UUID,
    is_new: bool,
    session_token: str,
) -> Asking:
    """A question that was just asked, with ids for both of its messages."""
    # Turns are read in the order of their ids, and two ids of one millisecond come in any order.
    question_id, message_id = sorted((new_id(), new_id()))
    return Asking(
        scope=scope,
        asker=asker,
        config=config,
        question=question,
        history=history,
        conversation_id=conversation_id,
        is_new=is_new,
        question_id=question_id,
        message_id=message_id,
        session_token=session_token,
        started=perf_counter(),
    )


async def events_of(works: Workshop, asking: Asking) -> AsyncGenerator[ChatEvent]:
    """The events of an answer. Failures come as an `error` event; close the iterator to stop the model."""
    yield ChatEvent("run.started", {"session_id": asking.session_token, "message_id": str(asking.message_id)})
    pieces = answer(works, asking.scope, asking.config, asking.question, asking.history)
    try:
        async for piece in pieces:
            if isinstance(piece, Piece):
                yield ChatEvent("token", {"delta": piece.text})
                continue
            whole = answer_of(asking, piece).model_dump(mode="json")
            for citation in whole["citations"]:
                yield ChatEvent("citation", citation)
            yield ChatEvent("usage", whole["usage"])
            yield ChatEvent("run.finished", whole)
    except PrivexError as error:
        log.error("answer.failed", code=error.code, cause=repr(error.__cause__), **error.context)
        yield ChatEvent("error", {"code": error.code, "kind": error.kind, "message": error.message})
    except Exception as error:
        log.error("answer.crashed", exc_info=error)
        yield OUR_FAULT_EVENT
    finally:
        await pieces.aclose()


def answer_of(asking: Asking, whole: Finished) -> ChatAnswer:
    """The whole answer, as `run.finished` tells it."""
    return ChatAnswer(
        session_id=asking.session_token,
        message_id=asking.message_id,
        response=whole.text,
        citations=whole.citations,
        usage=whole.usage,
        latency_ms=round((perf_counter() - asking.started) * 1000),
    )


def rows_of(asking: Asking, whole: dict[str, Any]) -> list[dict[str, Any]]:
    """The values of an exchange's messages. whole: the data of `run.finished`; an answer without words has no row."""
    common = {"workspace_id": asking.scope.workspace_id, "conversation_id": asking.conversation_id}
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
            }
        )
    return rows
