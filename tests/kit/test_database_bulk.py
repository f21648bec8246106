"""Several hundred rows in one flush, as indexing writes them."""

from sqlalchemy import func, select

from privexbot_app.domains.audit.models import AuditEntry
from privexbot_app.domains.tenancy.service import scope_of_job
from tests.installation import Installation, Person


async def test_many_rows_of_one_flush_are_all_written(installation: Installation, ann: Person):
    from uuid import UUID

    scope = scope_of_job(UUID(ann.organization_id), UUID(ann.workspace_id), job="test")
    rows = [
        AuditEntry(workspace_id=scope.workspace_id, actor_kind="job", actor_id="test", event=f"event.{number}")
        for number in range(500)
    ]
    async with installation.works.open(scope) as work:
        before = (await work.session.execute(select(func.count(AuditEntry.id)))).scalar_one()
        work.session.add_all(rows)
    async with installation.works.open(scope, read_only=True) as work:
        assert (await work.session.execute(select(func.count(AuditEntry.id)))).scalar_one() == before + 500
