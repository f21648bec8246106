"""Golden questions and their runs in the words that people read. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from privexbot_app.domains.evaluations.schemas import GoldenQuestionView, GoldenResult, GoldenRunView
from privexbot_app.domains.evaluations.states import RunStatus
from privexbot_app.kit.errors import FieldProblem
from privexbot_app.ui.formats import say_ago, say_count, say_exactly

ORIGINS = {"imported": "Imported", "promoted": "From a conversation"}
LINE_SENTENCES = {
    "string_too_short": "The question is empty.",
    "string_too_long": "A question has up to 4,000 characters, a phrase 500, a document’s name 255.",
    "too_long": "A question can have up to 20 phrases.",
    "value_error": "It names neither a phrase nor a document to be found.",
}
RUN_STATUSES: dict[RunStatus, tuple[str, str]] = {
    RunStatus.QUEUED: ("Waiting", "busy"),
    RunStatus.RUNNING: ("Running", "busy"),
    RunStatus.FINISHED: ("Finished", "good"),
    RunStatus.FAILED: ("Broke off", "bad"),
}
RUNNING = {RunStatus.QUEUED, RunStatus.RUNNING}
LINE_WIDTH, LINE_HEIGHT = 240, 48


@dataclass
class GoldenRow:
    """A golden question with how it fared in the last finished run.

    outcome: found, missed or untried. earlier: what the run before answered, if that was different.
    """

    id: str
    question: str
    expected: str
    origin: str
    outcome: str
    outcome_words: str
    tone: str
    answer: str
    earlier: str


@dataclass
class RunRow:
    """A run in the history."""

    id: str
    ago: str
    exactly: str
    status: str
    tone: str
    questions: str
    recall: str
    place: str
    changed: str


def golden_rows(questions: Sequence[GoldenQuestionView], last: GoldenRunView | None) -> list[GoldenRow]:
    """Every question, oldest first."""
    results = {result.question_id: result for result in last.results} if last else {}
    return [_golden_row(question, results.get(question.id)) for question in questions]


def run_row(run: GoldenRunView, *, now: datetime) -> RunRow:
    """A run for the history."""
    word, tone = RUN_STATUSES[run.status]
    is_done = run.status is RunStatus.FINISHED
    return RunRow(
        id=str(run.id),
        ago=say_ago(run.created_at, now=now),
        exactly=say_exactly(run.created_at),
        status=word,
        tone=tone,
        questions=say_count(run.question_count, "question"),
        recall=say_share(run.recall) if is_done else "–",
        place=f"{run.mean_reciprocal_rank:.2f}" if is_done else "–",
        changed=f"{run.changed_answers:,}" if is_done else "–",
    )


def last_finished(runs: Sequence[GoldenRunView]) -> GoldenRunView | None:
    """The newest finished run, of runs that come newest first."""
    return next((run for run in runs if run.status is RunStatus.FINISHED), None)


def recall_points(runs: Sequence[GoldenRunView]) -> str:
    """The recall of finished runs as the points of an SVG line, oldest first; empty for fewer than two.

    runs: newest first.
    """
    shares = [run.recall for run in reversed(runs) if run.status is RunStatus.FINISHED]
    if len(shares) < 2:
        return ""
    step = LINE_WIDTH / (len(shares) - 1)
    return " ".join(f"{index * step:.1f},{(1 - share) * LINE_HEIGHT:.1f}" for index, share in enumerate(shares))


def say_share(share: float) -> str:
    """A share in percent; never rounded up to all of it.

    >>> say_share(0.5), say_share(0.999), say_share(1.0)
    ('50 %', '99 %', '100 %')
    """
    return f"{int(share * 100 + 1e-9)} %"


def say_line_problem(problem: FieldProblem) -> str:
    """What is wrong with a line of an imported file.

    >>> say_line_problem(FieldProblem("line 3", "value_error", "…"))
    'Line 3: It names neither a phrase nor a document to be found.'
    """
    return f"{problem.field.capitalize()}: {LINE_SENTENCES.get(problem.code, 'This is not a golden question.')}"


def say_expected(phrases: Sequence[str], document: str) -> str:
    """What must be found.

    >>> say_expected(["24 euros", "€ 24"], "Fees.pdf")
    '“24 euros” or “€ 24” in Fees.pdf'
    >>> say_expected([], "Fees.pdf")
    'Any passage in Fees.pdf'
    """
    words = " or ".join(f"“{phrase}”" for phrase in phrases)
    if not document:
        return words
    return f"{words or 'Any passage'} in {document}"


def _golden_row(question: GoldenQuestionView, result: GoldenResult | None) -> GoldenRow:
    outcome, words, tone = "untried", "Not tried yet", "neutral"
    if result is not None and result.rank is None:
        outcome, words, tone = "missed", "Not found", "bad"
    elif result is not None:
        outcome, words, tone = "found", f"Found at place {result.rank}", "good"
    return GoldenRow(
        id=str(question.id),
        question=question.question,
        expected=say_expected(question.expected_phrases, question.expected_document),
        origin=ORIGINS.get(question.origin, ""),
        outcome=outcome,
        outcome_words=words,
        tone=tone,
        answer=result.answer if result else "",
        earlier=(result.previous_answer or "") if result else "",
    )
