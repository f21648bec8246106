"""What people ask of analytics and what they get."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

LONGEST_PERIOD_DAYS = 732
MOST_TOGETHER = 500

AnswerStatus = Literal["waiting", "accepted", "rejected", "dismissed"]
MessageIds = Annotated[list[UUID], Field(min_length=1, max_length=MOST_TOGETHER)]


class Figures(BaseModel):
    """How bots have done. Rates are between 0 and 1, and null where there is nothing to divide by.

    visitors: different ones; somebody without a name counts once for each conversation.
    resolution_rate: of the conversations, those that ended in an answer, without complaint and without a person.
    fallback_rate: of the answers, those that were refusals. cost: null where the operator has set no price.
    p50_ms, p95_ms: of the time until an answer was whole, to one twentieth.
    """

    conversations: int
    visitors: int
    messages: int
    answers: int
    refusals: int
    resolved: int
    handed_over: int
    thumbs_up: int
    thumbs_down: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    resolution_rate: float | None
    fallback_rate: float | None
    p50_ms: int | None
    p95_ms: int | None


class DayFigures(Figures):
    """The figures of one day of UTC."""

    day: date


class BotFigures(Figures):
    """The figures of one bot. name: empty for one that is gone."""

    bot_id: UUID
    name: str


class ChannelFigures(Figures):
    """The figures of one channel."""

    channel: str


class Report(BaseModel):
    """A period, both days included, as a whole and by day, bot and channel. Tests and previews do not count."""

    start: date
    end: date
    total: Figures
    days: list[DayFigures]
    bots: list[BotFigures]
    channels: list[ChannelFigures]


class TopQuestion(BaseModel):
    """A question and how often it was asked in these or nearly these words."""

    question: str
    count: int


class UnansweredGroup(BaseModel):
    """Questions of one meaning that the bots could not answer. message_ids: of their replies.

    question: the one that stands for all.
    """

    question: str
    count: int
    refused: int
    rated_down: int
    examples: list[str]
    message_ids: list[UUID]
    last_asked_at: datetime


class NewAnswer(BaseModel):
    """What a bot should have answered. knowledge_base_id: where it goes once it is accepted."""

    knowledge_base_id: UUID
    question: str = Field(min_length=1, max_length=2000)
    answer: str = Field(min_length=1, max_length=20_000)
    message_ids: MessageIds


class AnswerReview(BaseModel):
    """The words in which an answer is accepted, where they differ from those that it was written in."""

    question: str | None = Field(None, min_length=1, max_length=2000)
    answer: str | None = Field(None, min_length=1, max_length=20_000)


class Dismissal(BaseModel):
    """Replies that need no answer."""

    message_ids: MessageIds


class AnswerView(BaseModel):
    """A written answer. document_id: what it has become in the knowledge base."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    knowledge_base_id: UUID | None
    question: str
    answer: str
    status: AnswerStatus
    document_id: UUID | None
    created_at: datetime


class NodeFunnel(BaseModel):
    """What became of the visitors that reached a node. ports: by which way how many left.

    reached: different conversations; runs: how often, as one conversation may come by again.
    waiting: conversations that were asked something here and have not gone on.
    """

    node_id: str
    type: str
    reached: int
    runs: int
    ports: dict[str, int]
    failed: int
    waiting: int


class Funnel(BaseModel):
    """A chatflow's nodes, those that most visitors reach first. is_partial: only the latest conversations are in it."""

    conversations: int
    nodes: list[NodeFunnel]
    is_partial: bool
