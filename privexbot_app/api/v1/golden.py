"""Golden questions of a knowledge base, runs over them, and the gate before deployment."""

from uuid import UUID

from fastapi import APIRouter

from privexbot_app.api.deps import CurrentScope, Paging, RuntimeDep
from privexbot_app.domains.conversations.service import ConversationService
from privexbot_app.domains.evaluations.schemas import (
    GateChange,
    GateView,
    GoldenImport,
    GoldenPromotion,
    GoldenQuestionView,
    GoldenRunView,
    NewGoldenQuestion,
)
from privexbot_app.domains.evaluations.service import EvaluationService, parse_csv, promote
from privexbot_app.kit.pagination import Page

router = APIRouter(prefix="/api/v1/kb/{kb_id}", tags=["golden questions"])


@router.get("/golden-questions")
async def list_questions(kb_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> Page[GoldenQuestionView]:
    """Golden questions of a knowledge base, oldest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await EvaluationService(work).list_questions(kb_id))


@router.post("/golden-questions", status_code=201)
async def add_question(
    kb_id: UUID, body: NewGoldenQuestion, scope: CurrentScope, installation: RuntimeDep
) -> GoldenQuestionView:
    """Keep a golden question."""
    async with installation.works.open(scope) as work:
        [view] = await EvaluationService(work).add_questions(kb_id, [body], origin="typed")
    return view


@router.post("/golden-questions/import", status_code=201)
async def import_questions(
    kb_id: UUID, body: GoldenImport, scope: CurrentScope, installation: RuntimeDep
) -> Page[GoldenQuestionView]:
    """Keep golden questions from CSV text; one wrong line refuses the file, and every wrong line is named."""
    scope.require("kb.write")
    async with installation.works.open(scope) as work:
        service = EvaluationService(work)
        await service.list_questions(kb_id)  # a foreign knowledge base is absent before the file is looked at
        return Page(items=await service.add_questions(kb_id, parse_csv(body.content), origin="imported"))


@router.post("/golden-questions/promote", status_code=201)
async def promote_answer(
    kb_id: UUID, body: GoldenPromotion, scope: CurrentScope, installation: RuntimeDep
) -> GoldenQuestionView:
    """Make a golden question of an answer that a visitor was given."""
    scope.require("kb.write")
    conversations = ConversationService(installation.works, installation.keys)
    return await promote(installation.works, scope, conversations, kb_id, body.message_id)


@router.delete("/golden-questions/{question_id}", status_code=204)
async def delete_question(kb_id: UUID, question_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> None:
    """Forget a golden question."""
    async with installation.works.open(scope) as work:
        await EvaluationService(work).delete_question(kb_id, question_id)


@router.post("/golden-runs", status_code=202)
async def start_run(kb_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> GoldenRunView:
    """Queue a run over all golden questions."""
    async with installation.works.open(scope) as work:
        return await EvaluationService(work).start_run(kb_id)


@router.get("/golden-runs")
async def list_runs(kb_id: UUID, scope: CurrentScope, paging: Paging, installation: RuntimeDep) -> Page[GoldenRunView]:
    """Runs, newest first."""
    async with installation.works.open(scope, read_only=True) as work:
        return await EvaluationService(work).list_runs(kb_id, paging)


@router.get("/quality-gate")
async def get_gate(kb_id: UUID, scope: CurrentScope, installation: RuntimeDep) -> GateView:
    """What the last run must reach before a bot on this knowledge base may be deployed."""
    async with installation.works.open(scope, read_only=True) as work:
        return await EvaluationService(work).get_gate(kb_id)


@router.put("/quality-gate")
async def set_gate(kb_id: UUID, body: GateChange, scope: CurrentScope, installation: RuntimeDep) -> GateView:
    """Set or remove the gate."""
    async with installation.works.open(scope) as work:
        return await EvaluationService(work).set_gate(kb_id, body.minimum_recall)
