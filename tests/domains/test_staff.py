"""Staff see that an organization is there, and close or reopen it; its owners read of every look."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from privexbot_app.domains.identity.models import AuthSession, User
from privexbot_app.kit.clock import utc_now
from tests.installation import Installation, Person, installed

STAFF = "/api/v1/staff/organizations"


class Office:
    """An installation with somebody of staff, and Ann."""

    def __init__(self, installation: Installation, ann: Person, staff: Person) -> None:
        self.installation, self.ann, self.staff = installation, ann, staff

    async def ask(self, who: Person, method: str, path: str) -> tuple[int, Any]:
        response = await self.installation.http.request(method, path, headers=who.headers)
        return response.status_code, response.json()

    async def prove_address(self, who: Person) -> None:
        async with self.installation.works.open(None) as work:
            await work.session.execute(
                update(User).where(User.id == UUID(who.user_id)).values(email_verified_at=utc_now())
            )

    async def looks(self) -> list[tuple[str, str]]:
        _, log = await self.ask(self.ann, "GET", f"/api/v1/organizations/{self.ann.organization_id}/audit-log")
        return [
            (entry["event"], entry["facts"]["staff"]) for entry in log["items"] if entry["event"].startswith("staff.")
        ]


@pytest.fixture
async def office(tmp_path: Path, redis_url: str) -> AsyncIterator[Office]:
    async with installed(tmp_path, redis_url) as installation:
        ann, staff = await installation.register("ann"), await installation.register("staff")
        object.__setattr__(installation.runtime, "staff_emails", frozenset({staff.email}))
        yield Office(installation, ann, staff)


async def test_staff_find_close_and_reopen_and_the_owners_read_of_it(office: Office):
    await office.prove_address(office.staff)
    status, found = await office.ask(office.staff, "GET", f"{STAFF}?text=ann")
    assert (status, [view["id"] for view in found["items"]]) == (200, [office.ann.organization_id])
    assert (found["items"][0]["members"], found["items"][0]["workspaces"]) == (1, 1)
    one = f"{STAFF}/{office.ann.organization_id}"
    assert (await office.ask(office.staff, "POST", f"{one}/restore"))[0] == 409
    assert (await office.ask(office.staff, "POST", f"{one}/close"))[0] == 200
    assert (await office.ask(office.staff, "POST", f"{one}/close"))[0] == 409
    assert (await office.ask(office.ann, "GET", "/api/v1/kb"))[0] == 404
    assert (await office.ask(office.staff, "POST", f"{one}/restore"))[0] == 200
    assert (await office.ask(office.ann, "GET", "/api/v1/kb"))[0] == 200
    events = [event for event, email in await office.looks() if email == office.staff.email]
    assert events == ["staff.restored", "staff.closed", "staff.looked"]


async def test_nothing_is_there_for_others_or_before_the_address_is_proved(office: Office):
    await office.prove_address(office.ann)
    for who in (office.ann, office.staff):
        assert (await office.ask(who, "GET", f"{STAFF}?text=ann"))[0] == 404
        assert (await office.ask(who, "POST", f"{STAFF}/{office.ann.organization_id}/close"))[0] == 404
    assert await office.looks() == []


async def test_staff_do_not_enter(office: Office):
    await office.prove_address(office.staff)
    assert (await office.ask(office.staff, "GET", f"/api/v1/organizations/{office.ann.organization_id}"))[0] == 404
    members = f"/api/v1/workspaces/{office.ann.workspace_id}/members"
    assert (await office.ask(office.staff, "GET", members))[0] == 404


async def test_closing_wants_a_recent_proof(office: Office):
    await office.prove_address(office.staff)
    async with office.installation.works.open(None) as work:
        await work.session.execute(update(AuthSession).values(proved_at=utc_now() - timedelta(hours=1)))
    status, problem = await office.ask(office.staff, "POST", f"{STAFF}/{office.ann.organization_id}/close")
    assert (status, problem["code"]) == (403, "recent_sign_in_needed")
