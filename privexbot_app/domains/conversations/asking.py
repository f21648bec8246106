"""One question on its way to an answer, whoever answers it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any
from uuid import UUID

from privexbot_app.domains.bots.schemas import BotConfig
from privexbot_app.domains.chatflows.schemas import FlowRecord
from privexbot_app.domains.conversations.schemas import Asker, Turn
from privexbot_app.flow.graph import Graph
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.scope import Scope


@dataclass(frozen=True)
class FlowAsking:
    """The flow that answers, and where the conversation stands in it. record: filled while the flow runs."""

    bot_id: UUID
    version: int
    graph: Graph
    record: FlowRecord
    is_trial: bool = False


@dataclass(frozen=True)
class Asking:
    """A question with all that its answer needs. is_new: the conversation begins with it.

    data: what a form or a button sent beside the words. flow: None for a chatbot. answer: what a person sends to a flow
    that waits for one, instead of a question.
    """

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
    data: Mapping[str, Any] = field(default_factory=dict)
    flow: FlowAsking | None = None
    answer: Mapping[str, Any] | None = None


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
    flow: FlowAsking | None = None,
    data: Mapping[str, Any] | None = None,
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
        data=data or {},
        flow=flow,
    )
