"""Tables of golden questions and their runs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field

from privexbot_app.kit.database import WorkspaceModel, moment, parent_key, workspace_table


class GoldenQuestion(WorkspaceModel, table=True):
    """A question that a knowledge base must be able to answer.

    expected_phrases: at least one of them stands in a passage that answers it.
    expected_document: or the passage comes from a document whose name contains this; empty means any.
    origin: typed, imported, or promoted from a conversation.
    """

    __tablename__ = "golden_question"
    __table_args__ = workspace_table(parent_key("knowledge_base_id", "knowledge_base"))

    knowledge_base_id: UUID = Field(index=True)
    question: str
    expected_phrases: list[str] = Field(sa_column=Column(JSON, nullable=False))
    expected_document: str = ""
    origin: str


class GoldenRun(WorkspaceModel, table=True):
    """One run over all golden questions of a knowledge base. `results` are `GoldenResult`s as JSON."""

    __tablename__ = "golden_run"
    __table_args__ = workspace_table(parent_key("knowledge_base_id", "knowledge_base"))

    knowledge_base_id: UUID = Field(index=True)
    status: str = "queued"
    question_count: int = 0
    recall: float = 0.0
    mean_reciprocal_rank: float = 0.0
    changed_answers: int = 0
    results: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    finished_at: datetime | None = moment(default=None, nullable=True)


class QualityGate(WorkspaceModel, table=True):
    """What a knowledge base's last run must reach before a bot on it may be deployed."""

    __tablename__ = "quality_gate"
    __table_args__ = workspace_table(
        parent_key("knowledge_base_id", "knowledge_base"), UniqueConstraint("knowledge_base_id")
    )

    knowledge_base_id: UUID = Field(index=True)
    minimum_recall: float
