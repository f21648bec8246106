"""Rows of golden questions, runs and gates."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from privexbot_app.domains.evaluations.models import GoldenQuestion, GoldenRun, QualityGate
from privexbot_app.domains.evaluations.states import RunStatus
from privexbot_app.kit.repository import TenantRepository


class GoldenQuestionRepository(TenantRepository[GoldenQuestion]):
    """Golden questions of one workspace."""

    model = GoldenQuestion
    noun = "golden question"

    async def list_of(self, base_id: UUID) -> Sequence[GoldenQuestion]:
        """All golden questions of a knowledge base, oldest first."""
        return await self.all(self.query(GoldenQuestion.knowledge_base_id == base_id).order_by(GoldenQuestion.id))

    async def count_of(self, base_id: UUID) -> int:
        """How many golden questions a knowledge base has."""
        statement = select(func.count(GoldenQuestion.id)).where(GoldenQuestion.knowledge_base_id == base_id)
        return (await self.session.execute(statement)).scalar_one()


class GoldenRunRepository(TenantRepository[GoldenRun]):
    """Runs of one workspace."""

    model = GoldenRun
    noun = "golden run"

    async def find_last(self, base_id: UUID) -> GoldenRun | None:
        """The last finished run of a knowledge base, or None."""
        finished = self.query(GoldenRun.knowledge_base_id == base_id, GoldenRun.status == RunStatus.FINISHED)
        return await self.one(finished.order_by(GoldenRun.id.desc()))


class QualityGateRepository(TenantRepository[QualityGate]):
    """Gates of one workspace."""

    model = QualityGate
    noun = "quality gate"

    async def find_of(self, base_id: UUID) -> QualityGate | None:
        """The gate of a knowledge base, or None."""
        return await self.one(self.query(QualityGate.knowledge_base_id == base_id))
