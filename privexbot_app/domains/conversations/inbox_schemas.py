"""Conversations as the team sees them: lists, transcripts, feedback, and what may be changed."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from privexbot_app.domains.chatflows.schemas import TurnView
from privexbot_app.domains.conversations.schemas import LONGEST_MESSAGE, CitationView
from privexbot_app.kit.fields import Trimmed

Status = Literal["open", "waiting", "held", "closed"]
"""waiting: the bot has called for a person. held: a person answers instead of the bot."""
Role = Literal["visitor", "bot", "agent"]
Rating = Literal["up", "down"]
TagName = Annotated[str, Trimmed, Field(min_length=1, max_length=40)]
MOST_TAGS = 20


class ConversationFilters(BaseModel):
    """Which conversations. text: words in any message, or the visitor's id. status `open`: all that are not closed.

    since, until: by when somebody last said something.
    """

    text: str = Field("", max_length=200)
    bot_id: UUID | None = None
    status: Status | None = None
    channel: str = Field("", max_length=40)
    rating: Rating | None = None
    tag: str = Field("", max_length=40)
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    with_test: bool = False


class AgentView(BaseModel):
    """The teammate who holds a conversation."""

    id: UUID
    name: str


class ConversationView(BaseModel):
    """A conversation in the list. preview: what was said last, and preview_role by whom."""

    id: UUID
    bot_id: UUID
    bot_name: str
    channel: str
    visitor_id: str | None
    is_test: bool
    status: Status
    agent: AgentView | None
    tags: list[str]
    preview: str
    preview_role: Role | None
    created_at: datetime
    last_at: datetime


class TranscriptMessage(BaseModel):
    """One message with all that the team may know of it. author: who wrote, if it was a teammate."""

    message_id: UUID
    role: Role
    author: str
    content: str
    citations: list[CitationView]
    rating: Rating | None
    comment: str | None
    latency_ms: int
    prompt_tokens: int
    completion_tokens: int
    created_at: datetime


class TranscriptView(BaseModel):
    """A conversation with its latest messages, oldest first. turns: what a chatflow's nodes did for each answer.

    before: ask with it for the messages before these; None if there are none.
    """

    conversation: ConversationView
    messages: list[TranscriptMessage]
    turns: list[TurnView]
    before: UUID | None


class ConversationChange(BaseModel):
    """What a teammate may change; what is left out stays. tags: all that it has from now on."""

    is_open: bool | None = None
    tags: list[TagName] | None = Field(None, max_length=MOST_TAGS)


class TagView(BaseModel):
    """A tag of the workspace and on how many conversations it is."""

    name: str
    count: int


class FeedbackFilters(BaseModel):
    """Which ratings."""

    rating: Rating | None = None
    bot_id: UUID | None = None
    commented: bool = False


class FeedbackView(BaseModel):
    """What a visitor thought of an answer. question: what it answered."""

    message_id: UUID
    conversation_id: UUID
    bot_id: UUID
    question: str
    answer: str
    rating: Rating
    comment: str | None
    created_at: datetime


class AgentMessage(BaseModel):
    """What a teammate writes to the visitor."""

    content: Annotated[str, Trimmed, Field(min_length=1, max_length=LONGEST_MESSAGE)]


class HandBack(BaseModel):
    """note: for a chatflow that waits for a person; the visitor does not see it."""

    note: str = Field("", max_length=2000)
