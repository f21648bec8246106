"""How long a workspace keeps things, what is stored of one person, and which hosts it talks to.

Persons are named in bodies, never in addresses: those end up in logs.
"""

from fastapi import APIRouter

from privexbot_app.api.deps import CurrentScope, RuntimeDep
from privexbot_app.domains.privacy.hosts import list_hosts
from privexbot_app.domains.privacy.schemas import Erasing, Erasure, HostView, PersonExport, PersonView, Retention
from privexbot_app.domains.privacy.service import PrivacyService, erase_person
from privexbot_app.kit.pagination import Page
from privexbot_app.kit.persons import Person

router = APIRouter(prefix="/api/v1/privacy", tags=["privacy"])


@router.get("/retention")
async def get_retention(scope: CurrentScope, installation: RuntimeDep) -> Retention:
    """How many days conversations, traces and leads are kept."""
    async with installation.works.open(scope, read_only=True) as work:
        return await PrivacyService(work).get_retention()


@router.put("/retention")
async def set_retention(body: Retention, scope: CurrentScope, installation: RuntimeDep) -> Retention:
    """Decide how long they are kept; null is until somebody deletes them."""
    async with installation.works.open(scope) as work:
        return await PrivacyService(work).set_retention(body)


@router.post("/person/find")
async def find_person(body: Person, scope: CurrentScope, installation: RuntimeDep) -> PersonView:
    """How much there is of somebody."""
    async with installation.works.open(scope, read_only=True) as work:
        return await PrivacyService(work).find_person(body)


@router.post("/person/export")
async def export_person(body: Person, scope: CurrentScope, installation: RuntimeDep) -> PersonExport:
    """Everything that is stored of somebody."""
    async with installation.works.open(scope) as work:
        return await PrivacyService(work).export_person(body)


@router.post("/person/erase")
async def erase(body: Erasing, scope: CurrentScope, installation: RuntimeDep) -> Erasure:
    """Erase somebody for good."""
    return await erase_person(installation.works, scope, body)


@router.get("/hosts")
async def get_hosts(scope: CurrentScope, installation: RuntimeDep) -> Page[HostView]:
    """Every host that the installation talks to for this workspace."""
    async with installation.works.open(scope, read_only=True) as work:
        return Page(items=await list_hosts(work))
