"""The audit log hangs together: what is changed, missing or put in between is found, at its place."""

import asyncio
import csv
import io
import json
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, update

from privexbot_app.domains.audit.chain import hash_of
from privexbot_app.domains.audit.models import AuditEntry
from privexbot_app.domains.audit.service import AuditService
from privexbot_app.domains.tenancy.permissions import ADMIN
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.scope import Actor, ActorKind, Scope
from tests.installation import ON_BOTH_DATABASES, Installation, Person
from tests.tenants import Pair

LOG = "/api/v1/audit-log"


def as_admin(scope: Scope) -> Scope:
    return Scope(scope.organization_id, scope.workspace_id, Actor(ActorKind.USER, str(uuid4())), ADMIN)


async def record(installation: Installation, scope: Scope, *events: str) -> None:
    async with installation.works.open(scope) as work:
        for event in events:
            AuditService(work).record(event, uuid4(), name="=1+1", tags=("a", "ü"))


async def verify(installation: Installation, scope: Scope):
    async with installation.works.open(as_admin(scope), read_only=True) as work:
        return await AuditService(work).verify()


@ON_BOTH_DATABASES
async def test_entries_of_one_and_of_several_units_of_work_make_one_chain(installation: Installation, tenants: Pair):
    await record(installation, tenants.ours, "bot.deployed", "bot.deleted")
    await record(installation, tenants.theirs, "bot.deployed")
    await record(installation, tenants.ours, "member.added")
    found = await verify(installation, tenants.ours)
    assert (found.is_whole, found.entries, len(found.last_hash)) == (True, 3, 64)
    assert (await verify(installation, tenants.theirs)).entries == 1


@ON_BOTH_DATABASES
async def test_writers_at_the_same_time_do_not_fork_the_chain(installation: Installation, tenants: Pair):
    await asyncio.gather(*(record(installation, tenants.ours, "a.happened", "b.happened") for _ in range(12)))
    found = await verify(installation, tenants.ours)
    assert (found.is_whole, found.entries) == (True, 24)


async def test_what_is_undone_leaves_no_entry(installation: Installation, tenants: Pair):
    async def fail() -> None:
        async with installation.works.open(tenants.ours) as work:
            AuditService(work).record("bot.deployed")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert (await verify(installation, tenants.ours)).entries == 0


TAMPERINGS = {
    "an event": update(AuditEntry).where(AuditEntry.position == 2).values(event="nothing.happened"),
    "an actor": update(AuditEntry).where(AuditEntry.position == 2).values(actor_id="somebody else"),
    "facts": update(AuditEntry).where(AuditEntry.position == 2).values(facts={}),
    "a hash": update(AuditEntry).where(AuditEntry.position == 2).values(hash="0" * 64),
    "a missing entry": delete(AuditEntry).where(AuditEntry.position == 2),
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS.keys())
async def test_tampering_is_found_at_its_place(installation: Installation, tenants: Pair, tampering):
    await record(installation, tenants.ours, "one.happened", "two.happened", "three.happened")
    async with installation.works.open(SystemScope("test")) as work:
        await work.session.execute(tampering)
    found = await verify(installation, tenants.ours)
    assert (found.is_whole, found.broken_at) == (False, 2)


async def test_whoever_changes_an_entry_and_its_hash_breaks_the_next_one(installation: Installation, tenants: Pair):
    await record(installation, tenants.ours, "one.happened", "two.happened", "three.happened")
    async with installation.works.open(SystemScope("test")) as work:
        row = (await work.session.execute(select(AuditEntry).where(AuditEntry.position == 2))).scalar_one()
        row.event = "nothing.happened"
        row.hash = hash_of({"event": row.event}, position=2, previous_hash=row.previous_hash)
    found = await verify(installation, tenants.ours)
    assert (found.is_whole, found.broken_at in (2, 3)) == (False, True)


async def test_the_log_is_filtered_verified_and_exported(installation: Installation, ann: Person):
    http, headers = installation.http, ann.headers
    for name in ("Shop", "=cmd()"):
        body = {"name": name, "type": "bearer", "settings": {"token": "sk-0123456789abcdef"}}
        assert (await http.post("/api/v1/credentials", json=body, headers=headers)).status_code == 201
    path = f"/api/v1/workspaces/{ann.workspace_id}"
    assert (await http.patch(path, json={"name": "New"}, headers=headers)).status_code == 204
    assert await events(installation, ann, event="credential.") == ["credential.created"] * 2
    assert await events(installation, ann, actor_id=ann.user_id, event="workspace.") == ["workspace.renamed"]
    assert await events(installation, ann, until="2000-01-01T00:00:00Z") == []
    verified = (await http.get(f"{LOG}/verify", headers=headers)).json()
    assert (verified["is_whole"], verified["entries"]) == (True, 3)
    exported = await http.get(f"{LOG}/export?format=json", headers=headers)
    assert "attachment" in exported.headers["content-disposition"]
    assert [entry["event"] for entry in json.loads(exported.text)][:1] == ["workspace.renamed"]
    exported = await http.get(f"{LOG}/export?format=csv", headers=headers)
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    assert (rows[0]["event"], len(rows)) == ("audit_log.exported", 4)
    assert not any(cell.startswith("=") for row in rows for cell in row.values())


async def events(installation: Installation, person: Person, **filters: str) -> list[str]:
    response = await installation.http.get(LOG, params=filters, headers=person.headers)
    assert response.status_code == 200, response.text
    return [entry["event"] for entry in response.json()["items"]]


@pytest.mark.parametrize("filters", [{"since": "yesterday"}, {"since": "2030-01-01T00:00:00"}])
async def test_moments_without_a_time_zone_are_refused(installation: Installation, ann: Person, filters):
    assert (await installation.http.get(LOG, params=filters, headers=ann.headers)).status_code == 422


async def test_sign_ins_make_a_chain_of_their_own(installation: Installation, ann: Person, bob: Person):
    async with installation.works.open(None, read_only=True) as work:
        found = await AuditService(work).verify_sign_ins()
    assert found.is_whole
    assert found.entries >= 2


async def test_an_organizations_log_is_its_own(installation: Installation, tenants: Pair):
    actor = Actor(ActorKind.USER, "x")
    for scope in (tenants.ours, tenants.ours, tenants.theirs):
        async with installation.works.open(None) as work:
            AuditService(work).record_in_organization(scope.organization_id, actor, "member.added", UUID(int=1))
    async with installation.works.open(None, read_only=True) as work:
        found = await AuditService(work).verify_organization(tenants.ours.organization_id)
    assert (found.is_whole, found.entries) == (True, 2)
