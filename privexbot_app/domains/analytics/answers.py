"""Answers that teammates write for what a bot could not say.

Anybody who reads conversations may write one; it goes into the knowledge base, as a question with its answer, once
somebody who may change that has accepted it.
"""

from collections.abc import Sequence
from uuid import UUID

from privexbot_app.domains.analytics.models import WrittenAnswer
from privexbot_app.domains.analytics.repository import AnswerRepository
from privexbot_app.domains.analytics.schemas import AnswerReview, AnswerStatus, AnswerView, NewAnswer
from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.knowledge.schemas import QaSource, QuestionAnswer
from privexbot_app.domains.knowledge.service import KnowledgeService
from privexbot_app.domains.knowledge.sources import load_source
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.errors import ConflictError
from privexbot_app.kit.pagination import Page, PageParams
from privexbot_app.kit.scope import Actor, ActorKind, Scope
from privexbot_app.kit.text import require_storable

LONGEST_TITLE = 120


class AnswerSettledError(ConflictError):
    """Somebody has decided about this answer already."""

    code = "answer_settled"

    def __init__(self) -> None:
        super().__init__("Somebody has decided about this answer already.")


class AnswerService:
    """The written answers of the unit's workspace."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._answers = work.repository(AnswerRepository)

    async def list_answers(self, params: PageParams, *, status: AnswerStatus | None = None) -> Page[AnswerView]:
        """Written answers, newest first. Needs `conversations.read`."""
        self._work.scope.require("conversations.read")
        conditions = () if status is None else (WrittenAnswer.status == status,)
        page = await self._answers.page(params, *conditions)
        return Page(items=[AnswerView.model_validate(row) for row in page.items], next_cursor=page.next_cursor)

    async def write(self, new: NewAnswer) -> AnswerView:
        """Propose an answer. Needs `conversations.read`. Raises NotFoundError for an unknown knowledge base."""
        self._work.scope.require("conversations.read")
        require_storable(new.question)
        require_storable(new.answer)
        await KnowledgeService(self._work).get_base(new.knowledge_base_id)
        row = WrittenAnswer(
            workspace_id=self._work.scope.workspace_id,
            knowledge_base_id=new.knowledge_base_id,
            question=new.question.strip(),
            answer=new.answer.strip(),
            message_ids=[str(id) for id in new.message_ids],
            author_id=_person(self._work.scope.actor),
        )
        AuditService(self._work).record("answer.written", row.id, knowledge_base_id=str(new.knowledge_base_id))
        return AnswerView.model_validate(self._answers.add(row))

    async def get_waiting(self, answer_id: UUID) -> AnswerView:
        """An answer to decide about. Needs `kb.write`. Raises NotFoundError, AnswerSettledError."""
        return AnswerView.model_validate(await self._waiting(answer_id))

    async def settle(
        self,
        answer_id: UUID,
        status: AnswerStatus,
        *,
        review: AnswerReview | None = None,
        document_id: UUID | None = None,
    ) -> AnswerView:
        """Say what became of an answer. Needs `kb.write`. Raises NotFoundError, AnswerSettledError."""
        row = await self._waiting(answer_id)
        row.status, row.document_id = status, document_id
        if review is not None:
            row.question, row.answer = review.question or row.question, review.answer or row.answer
        AuditService(self._work).record(f"answer.{status}", answer_id)
        return AnswerView.model_validate(row)

    def dismiss(self, message_ids: Sequence[UUID]) -> None:
        """Take replies off the list of what is unanswered. Needs `kb.write`."""
        self._work.scope.require("kb.write")
        row = WrittenAnswer(
            workspace_id=self._work.scope.workspace_id,
            question="",
            message_ids=[str(id) for id in message_ids],
            status="dismissed",
            author_id=_person(self._work.scope.actor),
        )
        self._answers.add(row)
        AuditService(self._work).record("answer.dismissed", row.id, replies=len(message_ids))

    async def _waiting(self, answer_id: UUID) -> WrittenAnswer:
        self._work.scope.require("kb.write")
        row = await self._answers.get(answer_id)
        if row.status != "waiting":
            raise AnswerSettledError
        return row


async def accept(works: Workshop, scope: Scope, answer_id: UUID, review: AnswerReview) -> AnswerView:
    """Put an answer into its knowledge base. Needs `kb.write`. Raises NotFoundError, AnswerSettledError."""
    async with works.open(scope, read_only=True) as work:
        written = await AnswerService(work).get_waiting(answer_id)
    question, answer = review.question or written.question, review.answer or written.answer
    pair = QuestionAnswer(question=question.strip(), answer=answer.strip())
    source = QaSource(type="qa", title=question.strip()[:LONGEST_TITLE], pairs=[pair])
    stored = await load_source(works.plugins, scope, source)
    async with works.open(scope) as work:
        assert written.knowledge_base_id is not None
        [ticket] = await KnowledgeService(work).add_documents(written.knowledge_base_id, [stored])
        return await AnswerService(work).settle(answer_id, "accepted", review=review, document_id=ticket.document_id)


def _person(actor: Actor) -> UUID | None:
    return UUID(actor.id) if actor.kind is ActorKind.USER else None
