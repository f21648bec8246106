"""Two tenants straight in the database, for tests below the API."""

from dataclasses import dataclass

from privexbot_app.domains.tenancy.models import Organization, Workspace
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.kit.scope import Scope
from tests.installation import Installation


@dataclass(frozen=True)
class Pair:
    """The scopes of two workspaces in two organizations."""

    ours: Scope
    theirs: Scope


async def make_tenants(installation: Installation) -> Pair:
    """Two organizations that look alike, each with one workspace."""
    return Pair(await _make(installation), await _make(installation))


async def _make(installation: Installation) -> Scope:
    async with installation.works.open(None) as work:
        organization = Organization(name="Harbour")
        work.session.add(organization)
        await work.session.flush()
        workspace = Workspace(organization_id=organization.id, name="Main")
        work.session.add(workspace)
    return scope_of_job(organization.id, workspace.id, job="test")
