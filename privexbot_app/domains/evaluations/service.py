"""Golden questions and their runs. A run searches exactly as a bot does and answers with the extractive model, so it
costs nothing and changes only when the knowledge or the retrieval does."""

import csv
import io
from collections.abc import Iterator, Sequence
from uuid import UUID

from pydantic import ValidationError

from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.bots.schemas import BotConfig, KnowledgeChoice, ModelChoice
from privexbot_app.domains.conversations.answering import Finished, answer
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.domains.evaluations.models import GoldenQuestion, GoldenRun, QualityGate
from privexbot_app.domains.evaluations.repository import (
    GoldenQuestionRepository,
    GoldenRunRepository,
    QualityGateRepository,
)
from privexbot_app.domains.evaluations.schemas import (
    MOST_QUESTIONS,
    GateView,
    GoldenQuestionView,
    GoldenResult,
    GoldenRunView,
    NewGoldenQuestion,
)
from privexbot_app.domains.evaluations.states import RunStatus
from privexbot_app.domains.knowledge.retrieval import Query, search
from privexbot_app.domains.knowledge.schemas import SearchResult
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import FieldProblem, InvalidError
from privexbot_app.kit.pagination import Page, PageParams
from privexbot_app.kit.scope import Scope

PASSAGES_LOOKED_AT = 10
PROMOTED_PHRASE_CHARACTERS = 120
COLUMNS = ("question", "phrases", "document")


class CsvInvalidError(InvalidError):
    """Rows of an imported file that are no golden questions; `problems` names each by its line."""

    code = "csv_invalid"


class TooManyQuestionsError(InvalidError):
    """A knowledge base has as many golden questions as it can have."""

    code = "too_many_golden_questions"

    def __init__(self) -> None:
        super().__init__(f"A knowledge base can have {MOST_QUESTIONS} golden questions.")


class EvaluationService:
    """Golden questions, runs and gates of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._questions = work.repository(GoldenQuestionRepository)
        self._runs = work.repository(GoldenRunRepository)
        self._gates = work.repository(QualityGateRepository)

    async def list_questions(self, base_id: UUID) -> list[GoldenQuestionView]:
        """Golden questions of a knowledge base, oldest first. Needs `kb.read`."""
        await self._require_base(base_id)
        return [GoldenQuestionView.model_validate(row) for row in await self._questions.list_of(base_id)]

    async def add_questions(
        self, base_id: UUID, questions: Sequence[NewGoldenQuestion], *, origin: str
    ) -> list[GoldenQuestionView]:
        """Keep golden questions. Needs `kb.write`. Raises TooManyQuestionsError."""
        self._work.scope.require("kb.write")
        await self._require_base(base_id)
        if await self._questions.count_of(base_id) + len(questions) > MOST_QUESTIONS:
            raise TooManyQuestionsError
        rows = [
            self._questions.add(
                GoldenQuestion(
                    workspace_id=self._work.scope.workspace_id,
                    knowledge_base_id=base_id,
                    question=new.question.strip(),
                    expected_phrases=new.expected_phrases,
                    expected_document=new.expected_document.strip(),
                    origin=origin,
                )
            )
            for new in questions
        ]
        return [GoldenQuestionView.model_validate(row) for row in rows]

    async def delete_question(self, base_id: UUID, question_id: UUID) -> None:
        """Forget a golden question. Needs `kb.write`. Raises NotFoundError (`golden_question_not_found`)."""
        self._work.scope.require("kb.write")
        await self._require_base(base_id)
        await self._questions.get(question_id)
        await self._questions.delete(question_id)

    async def start_run(self, base_id: UUID) -> GoldenRunView:
        """Queue a run over all golden questions. Needs `kb.write`. Raises InvalidError (`no_golden_questions`)."""
        self._work.scope.require("kb.write")
        await self._require_base(base_id)
        count = await self._questions.count_of(base_id)
        if count == 0:
            raise InvalidError("Add a golden question first.", code="no_golden_questions")
        run = GoldenRun(workspace_id=self._work.scope.workspace_id, knowledge_base_id=base_id, question_count=count)
        self._runs.add(run)
        self._work.record_job("evaluations.run", run_id=str(run.id))
        return GoldenRunView.model_validate(run)

    async def list_runs(self, base_id: UUID, params: PageParams) -> Page[GoldenRunView]:
        """Runs of a knowledge base, newest first. Needs `kb.read`."""
        await self._require_base(base_id)
        page = await self._runs.page(params, GoldenRun.knowledge_base_id == base_id)
        return Page(items=[GoldenRunView.model_validate(row) for row in page.items], next_cursor=page.next_cursor)

    async def get_gate(self, base_id: UUID) -> GateView:
        """The gate of a knowledge base. Needs `kb.read`."""
        await self._require_base(base_id)
        gate, last = await self._gates.find_of(base_id), await self._runs.find_last(base_id)
        minimum, recall = gate.minimum_recall if gate else None, last.recall if last else None
        is_passed = minimum is None or (recall is not None and recall >= minimum)
        return GateView(minimum_recall=minimum, last_recall=recall, is_passed=is_passed)

    async def set_gate(self, base_id: UUID, minimum_recall: float | None) -> GateView:
        """Set or remove the gate. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        await self._require_base(base_id)
        gate = await self._gates.find_of(base_id)
        if gate is not None and minimum_recall is None:
            await self._gates.delete(gate.id)
        elif gate is not None and minimum_recall is not None:
            gate.minimum_recall = minimum_recall
        elif minimum_recall is not None:
            workspace_id = self._work.scope.workspace_id
            new = QualityGate(workspace_id=workspace_id, knowledge_base_id=base_id, minimum_recall=minimum_recall)
            self._gates.add(new)
        await self._work.session.flush()
        AuditService(self._work).record("quality_gate.set", base_id, minimum_recall=minimum_recall)
        return await self.get_gate(base_id)

    async def _require_base(self, base_id: UUID) -> None:
        await KnowledgeService(self._work).get_base(base_id)


async def promote(
    works: Workshop, scope: Scope, conversations: ConversationService, base_id: UUID, message_id: UUID
) -> GoldenQuestionView:
    """Make a golden question of a real one: its cited passages are what must be found again. Needs `kb.write`.

    Raises NotFoundError for an unknown message, InvalidError (`answer_without_citations`).
    """
    question, citations = await conversations.get_exchange(scope, message_id)
    if not citations:
        raise InvalidError("This answer cites nothing that could be looked for.", code="answer_without_citations")
    phrases = [citation.snippet.strip("… ")[:PROMOTED_PHRASE_CHARACTERS].strip() for citation in citations[:5]]
    new = NewGoldenQuestion(question=question, expected_phrases=[phrase for phrase in phrases if phrase])
    async with works.open(scope) as work:
        [view] = await EvaluationService(work).add_questions(base_id, [new], origin="promoted")
    return view


def parse_csv(content: str) -> list[NewGoldenQuestion]:
    """Golden questions from CSV text with the columns question, phrases, document.

    Raises CsvInvalidError naming every wrong line.
    """
    reader = csv.DictReader(io.StringIO(content.removeprefix("\ufeff")))
    if "question" not in (reader.fieldnames or []):
        raise CsvInvalidError(f"The first line must name the columns {', '.join(COLUMNS)}.")
    questions: list[NewGoldenQuestion] = []
    problems: list[FieldProblem] = []
    for line, row in enumerate(reader, start=2):
        phrases = [phrase.strip() for phrase in (row.get("phrases") or "").split("|") if phrase.strip()]
        document = (row.get("document") or "").strip()
        try:
            questions.append(
                NewGoldenQuestion(
                    question=(row["question"] or "").strip(), expected_phrases=phrases, expected_document=document
                )
            )
        except ValidationError as error:
            problems += [FieldProblem(f"line {line}", issue["type"], issue["msg"]) for issue in error.errors()]
    if problems:
        raise CsvInvalidError("Some lines are not golden questions.", problems=problems[:50])
    return questions


async def run_evaluation(works: Workshop, scope: Scope, run_id: UUID) -> None:
    """Do a run that was queued. Doing it twice gives the same figures."""
    async with works.open(scope) as work:
        run = await work.repository(GoldenRunRepository).get(run_id)
        run.status = RunStatus.RUNNING
        base_id = run.knowledge_base_id
        last = await work.repository(GoldenRunRepository).find_last(base_id)
        earlier = {result["question_id"]: result["answer"] for result in (last.results if last else [])}
        questions = [
            GoldenQuestionView.model_validate(row)
            for row in await work.repository(GoldenQuestionRepository).list_of(base_id)
        ]
    results = [await _try(works, scope, base_id, question, earlier) for question in questions]
    async with works.open(scope) as work:
        _write(await work.repository(GoldenRunRepository).get(run_id), results)


async def mark_failed(works: Workshop, scope: Scope, run_id: UUID) -> None:
    """Say that a run could not be done."""
    async with works.open(scope) as work:
        run = await work.repository(GoldenRunRepository).get(run_id)
        run.status, run.finished_at = RunStatus.FAILED, utc_now()


def _write(run: GoldenRun, results: list[GoldenResult]) -> None:
    ranks = [result.rank for result in results]
    run.status, run.finished_at, run.question_count = RunStatus.FINISHED, utc_now(), len(results)
    run.recall = round(sum(rank is not None for rank in ranks) / max(1, len(ranks)), 4)
    run.mean_reciprocal_rank = round(sum(1 / rank for rank in ranks if rank) / max(1, len(ranks)), 4)
    run.changed_answers = sum(result.previous_answer is not None for result in results)
    run.results = [result.model_dump(mode="json") for result in results]


async def _try(
    works: Workshop, scope: Scope, base_id: UUID, golden: GoldenQuestionView, earlier: dict[str, str]
) -> GoldenResult:
    query = Query(text=golden.question, base_ids=(base_id,), limit=PASSAGES_LOOKED_AT)
    passages = await search(works, scope, query)
    config = BotConfig(knowledge_bases=[KnowledgeChoice(kb_id=base_id)], llm=ModelChoice(provider="extractive"))
    text = ""
    async for part in answer(works, scope, config, golden.question, []):
        if isinstance(part, Finished):
            text = part.text
    before = earlier.get(str(golden.id))
    return GoldenResult(
        question_id=golden.id,
        question=golden.question,
        rank=next(_right_places(passages, golden), None),
        answer=text,
        previous_answer=before if before is not None and before != text else None,
    )


def _right_places(passages: Sequence[SearchResult], golden: GoldenQuestionView) -> Iterator[int]:
    phrases = [_plain(phrase) for phrase in golden.expected_phrases]
    document = golden.expected_document.casefold()
    for place, passage in enumerate(passages, start=1):
        if document and document not in passage.document_name.casefold():
            continue
        text = _plain(f"{passage.context} {passage.text}")
        if not phrases or any(phrase in text for phrase in phrases):
            yield place


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
