"""Tables of analytics: figures by day, how far they are counted, and answers that teammates write."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Text, UniqueConstraint
from sqlmodel import Field

from privexbot_app.kit.database import WorkspaceModel, parent_key, workspace_table


class AnalyticsDay(WorkspaceModel, table=True):
    """The figures of one bot on one channel for one day of UTC. They hold nothing about a person and stay.

    Conversations count on the day they begin, messages on their own. anonymous: of the visitors, those without a name.
    latencies: answers by bucket, see `counting`. tokens: [prompt, completion] by model.
    """

    __tablename__ = "analytics_day"
    __table_args__ = workspace_table(
        parent_key("bot_id", "bot"), UniqueConstraint("workspace_id", "day", "bot_id", "channel")
    )

    bot_id: UUID
    channel: str
    day: date
    conversations: int = 0
    visitors: int = 0
    anonymous: int = 0
    resolved: int = 0
    handed_over: int = 0
    messages: int = 0
    answers: int = 0
    refusals: int = 0
    thumbs_up: int = 0
    thumbs_down: int = 0
    latencies: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    tokens: dict[str, list[int]] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class AnalyticsProgress(WorkspaceModel, table=True):
    """The last day whose figures are in `AnalyticsDay`; what came later is counted when somebody looks."""

    __tablename__ = "analytics_progress"
    __table_args__ = workspace_table(UniqueConstraint("workspace_id"))

    through: date


class WrittenAnswer(WorkspaceModel, table=True):
    """What a teammate would have answered; in the knowledge base once it is accepted.

    message_ids: the bot's replies that it settles. status: waiting, accepted, rejected, or dismissed (without a base).
    """

    __tablename__ = "written_answer"
    __table_args__ = workspace_table(parent_key("knowledge_base_id", "knowledge_base"))

    knowledge_base_id: UUID | None = None
    question: str = Field(sa_column=Column(Text, nullable=False))
    answer: str = Field(default="", sa_column=Column(Text, nullable=False))
    message_ids: list[Any] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    status: str = "waiting"
    author_id: UUID | None = None
    document_id: UUID | None = None
