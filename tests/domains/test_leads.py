"""Leads: one for each address, never overwritten by strangers, worked on by the team, found fast among 100,000."""

import asyncio
import csv
import io
import sqlite3
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from privexbot_app.domains.leads.jobs import capture_from_flow
from privexbot_app.domains.leads.service import Capture, LeadService
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.kit.ids import new_id
from tests.api.test_story import make_base, make_bot
from tests.domains.test_webhooks import hook, listening
from tests.installation import ON_BOTH_DATABASES, Installation, Person, installed

LEADS = "/api/v1/leads"


class Desk:
    """A teammate, and a bot that asks for contacts."""

    def __init__(self, installation: Installation, person: Person, bot_id: str) -> None:
        self.installation, self.person, self.bot_id = installation, person, bot_id

    async def try_(self, method: str, path: str = "", body: Any = None, **params: Any) -> Any:
        return await self.installation.http.request(
            method, f"{LEADS}{path}", json=body, params=params, headers=self.person.headers
        )

    async def ask(self, method: str, path: str = "", body: Any = None, **params: Any) -> Any:
        response = await self.try_(method, path, body, **params)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def leave(self, **fields: str) -> str:
        body = {"fields": fields, "consent": True}
        response = await self.installation.http.post(f"/api/v1/bots/{self.bot_id}/leads", json=body)
        assert response.status_code == 201, response.text
        return response.json()["lead_id"]


async def make_desk(installation: Installation, person: Person) -> Desk:
    capture = {"is_enabled": True, "fields": ["name", "email", "phone"], "consent_text": "Call me."}
    bot = await make_bot(installation, person, await make_base(installation, person), lead_capture=capture)
    return Desk(installation, person, bot["bot_id"])


@pytest.fixture
async def desk(installation: Installation, ann: Person) -> Desk:
    return await make_desk(installation, ann)


@ON_BOTH_DATABASES
async def test_an_address_is_one_contact_and_a_stranger_overwrites_nothing(desk: Desk):
    first = await desk.leave(name="Kim", email="Kim@Example.com")
    second = await desk.leave(name="Eve", email=" kim@example.COM", phone="123")
    assert first == second
    [lead] = (await desk.ask("GET"))["items"]
    assert lead["fields"] == {"name": "Kim", "email": "Kim@Example.com", "phone": "123"}
    assert (lead["title"], lead["email"], lead["status"], lead["channel"]) == ("Kim", "kim@example.com", "new", "web")
    assert lead["consent_text"] == "Call me."
    timeline = (await desk.ask("GET", f"/{first}"))["timeline"]
    assert [entry["facts"]["fields"]["name"] for entry in timeline] == ["Eve", "Kim"], "what was left is on record"
    assert await desk.leave(name="Kim") != first, "without an address nobody is the same"


@ON_BOTH_DATABASES
async def test_two_who_leave_one_address_at_once_are_one_contact(desk: Desk):
    await asyncio.gather(*(desk.leave(name=f"Kim {number}", email="kim@example.com") for number in range(4)))
    [lead] = (await desk.ask("GET"))["items"]
    assert len((await desk.ask("GET", f"/{lead['id']}"))["timeline"]) == 4


async def test_a_job_of_a_flow_that_runs_twice_keeps_its_contact_once(desk: Desk):
    scope = scope_of_job(UUID(desk.person.organization_id), UUID(desk.person.workspace_id), job="test")
    facts = {"lead_id": str(uuid4()), "bot_id": desk.bot_id, "conversation_id": str(uuid4())}
    for _ in range(2):
        await capture_from_flow(desk.installation.works, scope, fields={"city": "Kiel"}, **facts)
    [lead] = (await desk.ask("GET"))["items"]
    assert (lead["title"], len((await desk.ask("GET", f"/{lead['id']}"))["timeline"])) == ("Kiel", 1)


@ON_BOTH_DATABASES
async def test_the_team_moves_assigns_and_notes(desk: Desk):
    id = await desk.leave(name="Kim", email="kim@example.com")
    change = {"status": "won", "owner_id": desk.person.user_id, "fields": {"size": "12", "phone": "1"}}
    changed = await desk.ask("PATCH", f"/{id}", change)
    assert (changed["status"], changed["owner_id"]) == ("won", desk.person.user_id)
    assert changed["fields"] == {"name": "Kim", "email": "kim@example.com", "size": "12", "phone": "1"}
    noted = await desk.ask("POST", f"/{id}/notes", {"text": "Called back."})
    assert [entry["kind"] for entry in noted["timeline"]] == ["note", "changed", "captured"]
    assert noted["timeline"][1]["facts"]["status"] == ["new", "won"]
    assert [item["id"] for item in (await desk.ask("GET", status="won", text="KIM@"))["items"]] == [id]
    assert (await desk.ask("GET", status="new"))["items"] == []
    assert (await desk.ask("PATCH", f"/{id}", {"is_unowned": True, "fields": {"size": ""}}))["owner_id"] is None
    await desk.ask("DELETE", f"/{id}")
    assert (await desk.try_("GET", f"/{id}")).status_code == 404


async def test_what_does_not_fit_is_refused(desk: Desk):
    id = await desk.leave(name="Kim", email="kim@example.com")
    await desk.leave(name="Lee", email="lee@example.com")
    fields = [{"name": "size", "label": "Length", "kind": "number"}, {"name": "day", "label": "Day", "kind": "date"}]
    await desk.ask("PUT", "/settings", {"custom_fields": fields})
    wrong = {"fields": {"size": "long", "day": "soon"}, "status": "nowhere", "owner_id": str(uuid4())}
    refused = (await desk.try_("PATCH", f"/{id}", wrong)).json()
    assert refused["code"] == "lead_invalid"
    assert {error["field"] for error in refused["errors"]} == {"fields.size", "fields.day", "status", "owner_id"}
    taken = await desk.try_("PATCH", f"/{id}", {"fields": {"email": "LEE@example.com"}})
    assert (taken.status_code, taken.json()["code"]) == (409, "lead_email_taken")


@ON_BOTH_DATABASES
async def test_the_pipeline_is_the_workspaces_own_and_nobody_falls_out_of_it(desk: Desk):
    await desk.leave(name="Kim")
    stages = [{"id": "fresh", "name": "Fresh"}, {"id": "done", "name": "Done", "outcome": "won"}]
    refused = await desk.try_("PUT", "/settings", {"stages": stages})
    assert (refused.status_code, refused.json()["code"]) == (409, "lead_stage_in_use")
    await desk.ask("PUT", "/settings", {"stages": [*stages, {"id": "new", "name": "New"}]})
    await desk.leave(name="Lee")
    counts = {one["status"]: one["count"] for one in (await desk.ask("GET", "/count"))["items"]}
    assert counts == {"fresh": 1, "done": 0, "new": 1}


@ON_BOTH_DATABASES
async def test_an_export_is_whole_and_no_cell_of_it_is_calculated(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("privexbot_app.domains.leads.working.EXPORT_PAGE", 1)
    await desk.ask("PUT", "/settings", {"custom_fields": [{"name": "phone", "label": "Phone"}]})
    await desk.leave(name="=cmd|' /C calc'!A0", phone="+49 40 1")
    await desk.leave(name="Kim")
    rows = list(csv.DictReader(io.StringIO((await desk.try_("GET", "/export", format="csv")).text)))
    assert [row["title"] for row in rows] == ["Kim", "'=cmd|' /C calc'!A0"]
    assert rows[1]["phone"] == "'+49 40 1"
    assert len((await desk.try_("GET", "/export", format="json")).json()) == 2


async def test_leads_tell_other_programs(tmp_path: Path, redis_url: str):
    async with (
        listening() as ear,
        installed(tmp_path, redis_url, allowed_private_networks="127.0.0.1/32") as installation,
    ):
        desk = await make_desk(installation, await installation.register("ann"))
        await hook(installation, desk.person, ear.url, "lead.captured", "lead.updated")
        id = await desk.leave(name="Kim", email="kim@example.com")
        await desk.leave(name="Kim", email="kim@example.com")
        await desk.ask("PATCH", f"/{id}", {"status": "won"})
    assert [event["type"] for event in ear.events] == ["lead.captured", "lead.updated", "lead.updated"]
    assert ear.events[2]["data"]["status"] == "won"


async def test_a_window_anywhere_in_the_list_is_what_pages_would_show(desk: Desk):
    scope = scope_of_job(UUID(desk.person.organization_id), UUID(desk.person.workspace_id), job="test")
    async with desk.installation.works.open(scope) as work:
        for number in range(7):
            left = Capture(new_id(), UUID(desk.bot_id), None, {"name": f"Kim {number}"}, "")
            await LeadService(work).keep(left)
    titles = [item["title"] for item in (await desk.ask("GET"))["items"]]
    from_window = [item["title"] for item in (await desk.ask("GET", "/window", offset=2, limit=3))["items"]]
    assert from_window == titles[2:5]
    assert (await desk.ask("GET", "/window", offset=100))["items"] == []


def test_a_page_deep_in_a_long_list_is_read_by_the_index(tmp_path: Path, redis_url: str):
    """Neither sorted nor scanned, however many rows there are; so the last page costs what the first does."""
    asyncio.run(_migrate(tmp_path, redis_url))
    connection = sqlite3.connect(tmp_path / "privexbot.sqlite")
    page = "SELECT * FROM lead WHERE workspace_id = ? {} ORDER BY id DESC LIMIT 51"
    for condition, values in (("AND id < ?", ["w", "x"]), ("AND status = ? AND id < ?", ["w", "new", "x"])):
        plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {page.format(condition)}", values))
        assert "SEARCH lead USING INDEX" in plan, plan
        assert "TEMP B-TREE" not in plan, plan
    connection.close()


async def _migrate(folder: Path, redis_url: str) -> None:
    async with installed(folder, redis_url):
        pass
