"""Runs over golden questions, and the gate that they are before a deployment."""

from collections.abc import AsyncIterator
from uuid import UUID

from privexbot_app.domains.bots.checks import deploy_check
from privexbot_app.domains.bots.schemas import BotConfig
from privexbot_app.domains.evaluations.service import EvaluationService, mark_failed, run_evaluation
from privexbot_app.integrations.plugins import Work, Workshop
from privexbot_app.kit.errors import FieldProblem, NotFoundError
from privexbot_app.kit.jobs import job
from privexbot_app.kit.scope import Scope


@job("evaluations.run", queue="fast", timeout_seconds=1800, retries=1, expects=(NotFoundError,))
async def run_golden_questions(works: Workshop, scope: Scope, *, run_id: str) -> None:
    """Do one run; one that fails says so, as somebody waits for it."""
    try:
        await run_evaluation(works, scope, UUID(run_id))
    except NotFoundError:
        raise  # the knowledge base was deleted meanwhile, and the run with it
    except Exception:
        await mark_failed(works, scope, UUID(run_id))
        raise


@deploy_check
async def check_quality_gates(work: Work, config: BotConfig) -> AsyncIterator[FieldProblem]:
    """A knowledge base whose last run misses its gate keeps the bot from being deployed."""
    for number, choice in enumerate(config.knowledge_bases):
        try:
            gate = await EvaluationService(work).get_gate(choice.kb_id)
        except NotFoundError:
            continue  # another check says so
        if gate.is_passed or gate.minimum_recall is None:
            continue
        found = "has not been run yet" if gate.last_recall is None else f"found {gate.last_recall:.0%}"
        message = f"The golden questions must be found to {gate.minimum_recall:.0%}; the last run {found}."
        yield FieldProblem(f"knowledge_bases.{number}.kb_id", "quality_gate", message)
