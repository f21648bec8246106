"""What goes into an answer and what comes out of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from privexbot_app.kit.errors import ErrorKind

LONGEST_MESSAGE = 8000


EventName = Literal[
    "run.started",
    "node.started",
    "node.finished",
    "token",
    "citation",
    "lead.request",
    "handoff",
    "usage",
    "run.finished",
    "error",
]
"""The closed list of events; whoever answers, a chatbot or a chatflow, tells of its work in these alone."""


class ChatQuestion(BaseModel):
    """A visitor's message. session_id: the token of an earlier answer; a guessed one starts a new session.

    data: what a form or a button sends beside the words, for chatflows.
    """

    message: str = Field(min_length=1, max_length=LONGEST_MESSAGE)
    session_id: str | None = Field(None, max_length=512)
    stream: bool = False
    data: dict[str, Any] = Field({}, max_length=50)


class CitationView(BaseModel):
    """What supports a statement. index: the number in the answer's marker, e.g. [1].

    start, end: character offsets into the document's extracted text.
    """

    index: int
    document_id: UUID
    title: str
    url: str | None = None
    page: int | None = None
    snippet: str
    start: int
    end: int


class UsageView(BaseModel):
    """Tokens that an answer cost."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class AskView(BaseModel):
    """What a chatflow waits for, so that a widget can show a fitting control. options: for a choice."""

    kind: str
    options: list[str] = []


class ChatAnswer(BaseModel):
    """A whole answer. ask: what a chatflow waits for now; outputs: what the ends of its ways gave.

    is_supported: false where the documents hold no answer, so that `response` is a refusal.
    """

    session_id: str
    message_id: UUID
    response: str
    citations: list[CitationView]
    usage: UsageView
    latency_ms: int
    is_supported: bool = True
    ask: AskView | None = None
    outputs: dict[str, Any] = {}


class MessageView(BaseModel):
    """One turn of a conversation, as its own visitor may see it. author: the person who wrote, for an agent's."""

    message_id: UUID
    role: Literal["visitor", "bot", "agent"]
    content: str
    author: str = ""
    citations: list[CitationView]
    created_at: datetime


class History(BaseModel):
    """A visitor's own conversation, oldest message first. session_id: to go on with it; None where there is none."""

    items: list[MessageView] = []
    next_cursor: str | None = None
    session_id: str | None = None


class Feedback(BaseModel):
    """What a visitor thinks of an answer."""

    session_id: str = Field(max_length=512)
    message_id: UUID
    rating: Literal["up", "down"]
    comment: str | None = Field(None, max_length=2000)


@dataclass(frozen=True)
class ChatEvent:
    """One event of a streamed answer: a name of the closed list in the API, and its data as plain JSON."""

    name: EventName
    data: dict[str, Any]


OUR_FAULT = "Something went wrong on our side. Please try again."
OUR_FAULT_EVENT = ChatEvent("error", {"code": "internal", "kind": ErrorKind.INTERNAL, "message": OUR_FAULT})


@dataclass(frozen=True)
class Asker:
    """Who asks, beyond the scope. visitor_id: verified by the bot's website. channel: by which way they ask."""

    visitor_id: str | None = None
    channel: str = "web"
    language: str = ""


@dataclass(frozen=True)
class Turn:
    """One message of the history that an answer builds on."""

    role: Literal["user", "assistant"]
    content: str
