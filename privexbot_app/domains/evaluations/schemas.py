"""What goes into an evaluation and what comes out of it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from privexbot_app.domains.evaluations.states import RunStatus

MOST_QUESTIONS = 1000
LARGEST_CSV_CHARACTERS = 1_000_000

Phrase = Annotated[str, Field(min_length=1, max_length=500)]


class NewGoldenQuestion(BaseModel):
    """A question and how to tell that it was answered: a phrase, a document, or both."""

    question: str = Field(min_length=1, max_length=4000)
    expected_phrases: list[Phrase] = Field([], max_length=20)
    expected_document: str = Field("", max_length=255)

    @model_validator(mode="after")
    def _expects_something(self) -> "NewGoldenQuestion":
        if not self.expected_phrases and not self.expected_document:
            raise ValueError("say which phrase or document must be found")
        return self


class GoldenImport(BaseModel):
    """Questions as CSV with a header: question, phrases (separated by “|”), document."""

    content: str = Field(min_length=1, max_length=LARGEST_CSV_CHARACTERS)


class GoldenPromotion(BaseModel):
    """A bot's answer in a real conversation, whose question and cited passages become a golden question."""

    message_id: UUID


class GoldenQuestionView(BaseModel):
    """A golden question."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    question: str
    expected_phrases: list[str]
    expected_document: str
    origin: str
    created_at: datetime


class GoldenResult(BaseModel):
    """How one question fared. rank: 1-based place of the first right passage; None if it was not among the first ten.

    previous_answer: what the last run answered, if that was different.
    """

    question_id: UUID
    question: str
    rank: int | None
    answer: str
    previous_answer: str | None = None


class GoldenRunView(BaseModel):
    """A run. recall: share of questions whose passage was found; both figures are between 0 and 1."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    status: RunStatus
    question_count: int
    recall: float
    mean_reciprocal_rank: float
    changed_answers: int
    created_at: datetime
    finished_at: datetime | None
    results: list[GoldenResult]


class GateChange(BaseModel):
    """The recall that the last run must reach before a bot may be deployed; None lets everything pass."""

    minimum_recall: float | None = Field(None, gt=0, le=1)


class GateView(BaseModel):
    """The gate and whether the last finished run passes it."""

    minimum_recall: float | None
    last_recall: float | None
    is_passed: bool
