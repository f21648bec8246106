"""Organizations over REST: roles, invitations, the last owner, ends and returns."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update

from privexbot_app.domains.bots.models import Bot
from privexbot_app.domains.identity.models import AuthSession
from privexbot_app.domains.tenancy.closing import purge_overdue
from privexbot_app.domains.tenancy.models import Invitation, Organization, Workspace
from privexbot_app.domains.tenancy.repository import TenancyRepository
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import SystemScope
from tests.installation import ON_BOTH_DATABASES, Installation, Person, installed


class Desk:
    """Ann's organization, as somebody sees it."""

    def __init__(self, installation: Installation, ann: Person) -> None:
        self.installation, self.ann = installation, ann
        self.path = f"/api/v1/organizations/{ann.organization_id}"
        self.space = f"/api/v1/workspaces/{ann.workspace_id}"

    async def ask(self, who: Person, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.installation.http.request(method, path, json=body, headers=who.headers)

    async def done(self, who: Person, method: str, path: str, body: Any = None) -> Any:
        response = await self.ask(who, method, path, body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def refused(self, who: Person, method: str, path: str, body: Any = None) -> tuple[int, str]:
        response = await self.ask(who, method, path, body)
        assert not response.is_success, response.text
        return response.status_code, response.json()["code"]

    async def let_in(self, person: Person, role: str = "member", **more: Any) -> None:
        made = await self.done(
            self.ann, "POST", f"{self.path}/invitations", {"email": person.email, "role": role, **more}
        )
        await self.done(person, "POST", "/api/v1/invitations/accept", {"token": token_of(made["link"])})

    async def roles(self) -> dict[str, str]:
        members = (await self.done(self.ann, "GET", f"{self.path}/members"))["items"]
        return {member["user"]["id"]: member["role"] for member in members}


def token_of(link: str) -> str:
    return parse_qs(urlsplit(link).fragment)["token"][0]


@pytest.fixture
def desk(installation: Installation, ann: Person) -> Desk:
    return Desk(installation, ann)


async def test_an_invited_person_joins_works_and_is_out_when_removed(desk: Desk, bob: Person):
    await desk.let_in(bob, workspace_id=desk.ann.workspace_id, workspace_role="editor")
    organizations = (await desk.done(bob, "GET", "/api/v1/organizations"))["items"]
    roles = {space["id"]: space["role"] for one in organizations for space in one["workspaces"]}
    assert roles == {bob.workspace_id: "admin", desk.ann.workspace_id: "editor"}
    await desk.done(bob, "POST", "/api/v1/auth/switch", {"workspace_id": desk.ann.workspace_id})
    await desk.done(bob, "POST", "/api/v1/kb/draft", {"name": "Handbook"})
    await desk.done(desk.ann, "DELETE", f"{desk.path}/members/{bob.user_id}")
    assert (await desk.refused(bob, "GET", "/api/v1/kb"))[0] == 404
    assert (await desk.refused(bob, "GET", desk.path))[0] == 404


async def test_an_invitation_works_once_for_its_own_address(desk: Desk, bob: Person):
    made = await desk.done(desk.ann, "POST", f"{desk.path}/invitations", {"email": bob.email.upper()})
    body = {"token": token_of(made["link"])}
    carol = await desk.installation.register("carol")
    assert await desk.refused(carol, "POST", "/api/v1/invitations/accept", body) == (403, "invitation_for_another")
    seen = await desk.installation.http.post("/api/v1/invitations/preview", json=body)
    assert (seen.json()["email"], seen.json()["role"]) == (bob.email, "member")
    await desk.done(bob, "POST", "/api/v1/invitations/accept", body)
    assert await desk.refused(bob, "POST", "/api/v1/invitations/accept", body) == (404, "invitation_not_found")


async def test_two_acceptances_at_once_make_one_member(desk: Desk, bob: Person):
    made = await desk.done(desk.ann, "POST", f"{desk.path}/invitations", {"email": bob.email})
    body = {"token": token_of(made["link"])}
    answers = await asyncio.gather(*(desk.ask(bob, "POST", "/api/v1/invitations/accept", body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers)[0] == 200
    assert [answer.status_code for answer in answers].count(200) == 1


async def end(installation: Installation, how: str, desk: Desk, made: dict[str, Any]) -> None:
    path = f"{desk.path}/invitations/{made['id']}"
    if how == "revoked":
        await desk.done(desk.ann, "DELETE", path)
    elif how == "sent again":
        await desk.done(desk.ann, "POST", f"{path}/resend")
    elif how == "expired":
        async with installation.works.open(None) as work:
            await work.session.execute(update(Invitation).values(expires_at=utc_now() - timedelta(seconds=1)))
    elif how == "organization deleted":
        slug = (await desk.done(desk.ann, "GET", desk.path))["slug"]
        await desk.done(desk.ann, "DELETE", f"{desk.path}?confirm={slug}")


@pytest.mark.parametrize("how", ["revoked", "sent again", "expired", "organization deleted"])
async def test_a_dead_link_is_like_one_that_never_was(installation, desk: Desk, bob: Person, how: str):
    made = await desk.done(desk.ann, "POST", f"{desk.path}/invitations", {"email": bob.email})
    await end(installation, how, desk, made)
    answers = []
    for token in (token_of(made["link"]), "pbi_never-was"):
        response = await desk.ask(bob, "POST", "/api/v1/invitations/accept", {"token": token})
        answers.append((response.status_code, response.json()["code"], response.json()["detail"]))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_an_offer_ends_with_the_right_to_make_it(desk: Desk, bob: Person):
    carol = await desk.installation.register("carol")
    await desk.let_in(bob, "admin")
    made = await desk.done(bob, "POST", f"{desk.path}/invitations", {"email": carol.email, "role": "admin"})
    await desk.done(desk.ann, "PATCH", f"{desk.path}/members/{bob.user_id}", {"role": "member"})
    body = {"token": token_of(made["link"])}
    assert (await desk.refused(carol, "POST", "/api/v1/invitations/accept", body))[0] == 404


async def test_tokens_cannot_be_tried_without_end(desk: Desk, bob: Person):
    statuses = [
        (await desk.ask(bob, "POST", "/api/v1/invitations/accept", {"token": f"pbi_{number}"})).status_code
        for number in range(22)
    ]
    assert statuses == [404] * 20 + [429] * 2


async def test_the_link_is_shown_only_when_no_mail_takes_it(tmp_path: Path, redis_url: str):
    async with installed(tmp_path / "data", redis_url, default_mailer="outbox") as installation:
        desk = Desk(installation, await installation.register("ann"))
        made = await desk.done(desk.ann, "POST", f"{desk.path}/invitations", {"email": "new@example.com"})
        assert (made["link"], made["mailed_at"] is not None) == ("", True)
        letters = [path.read_bytes() for path in (tmp_path / "data" / "outbox").glob("*.eml")]
        assert len([letter for letter in letters if b"/invitation#token" in letter]) == 1
        listed = await desk.done(desk.ann, "GET", f"{desk.path}/invitations")
        assert "pbi_" not in json.dumps(listed)


async def test_a_mail_that_fails_is_said_and_the_link_shown(tmp_path: Path, redis_url: str):
    away = {"smtp": {"host": "127.0.0.1", "port": 1, "security": "none", "sender": "a@example.com"}}
    async with installed(tmp_path / "data", redis_url, mailers=away) as installation:
        desk = Desk(installation, await installation.register("ann"))
        made = await desk.done(desk.ann, "POST", f"{desk.path}/invitations", {"email": "new@example.com"})
        assert made["link"].startswith("http")
        assert made["mail_problem"] != ""


async def test_an_admin_neither_makes_nor_unmakes_an_owner(desk: Desk, bob: Person):
    carol = await desk.installation.register("carol")
    await desk.let_in(bob, "admin")
    await desk.let_in(carol)
    for target, role in ((bob, "owner"), (carol, "owner"), (desk.ann, "member")):
        answer = await desk.refused(bob, "PATCH", f"{desk.path}/members/{target.user_id}", {"role": role})
        assert answer == (403, "forbidden")
    assert (await desk.refused(bob, "DELETE", f"{desk.path}/members/{desk.ann.user_id}"))[0] == 403
    invitation = {"email": "x@example.com", "role": "owner"}
    assert (await desk.refused(bob, "POST", f"{desk.path}/invitations", invitation))[0] == 403


async def test_the_last_owner_stays_until_there_is_another(desk: Desk, bob: Person):
    own = f"{desk.path}/members/{desk.ann.user_id}"
    await desk.let_in(bob)
    assert await desk.refused(desk.ann, "POST", f"{desk.path}/leave") == (409, "last_owner")
    assert await desk.refused(desk.ann, "PATCH", own, {"role": "member"}) == (409, "last_owner")
    assert await desk.refused(desk.ann, "DELETE", own) == (409, "last_owner")
    await desk.done(desk.ann, "POST", f"{desk.path}/transfer", {"user_id": bob.user_id})
    assert await desk.roles() == {desk.ann.user_id: "admin", bob.user_id: "owner"}
    await desk.done(desk.ann, "POST", f"{desk.path}/leave")


@ON_BOTH_DATABASES
async def test_two_owners_who_demote_each_other_at_once_leave_one(desk: Desk, bob: Person):
    await desk.let_in(bob, "owner")
    answers = await asyncio.gather(
        desk.ask(desk.ann, "PATCH", f"{desk.path}/members/{bob.user_id}", {"role": "member"}),
        desk.ask(bob, "PATCH", f"{desk.path}/members/{desk.ann.user_id}", {"role": "member"}),
    )
    assert sorted(answer.status_code for answer in answers)[0] == 204
    async with desk.installation.works.open(None, read_only=True) as work:
        assert await TenancyRepository(work.session).count_owners(UUID(desk.ann.organization_id)) == 1


async def test_dangerous_acts_want_a_recent_proof(desk: Desk, bob: Person):
    await desk.let_in(bob)
    async with desk.installation.works.open(None) as work:
        await work.session.execute(update(AuthSession).values(proved_at=utc_now() - timedelta(hours=1)))
    slug = (await desk.done(desk.ann, "GET", desk.path))["slug"]
    for method, path, body in (
        ("POST", f"{desk.path}/transfer", {"user_id": bob.user_id}),
        ("DELETE", f"{desk.path}?confirm={slug}", None),
    ):
        assert await desk.refused(desk.ann, method, path, body) == (403, "recent_sign_in_needed")


async def test_a_custom_role_stands_in_place_of_the_roles_own_permissions(desk: Desk, bob: Person):
    permissions = ["workspace.read", "conversations.read", "members.read", "members.manage"]
    role = await desk.done(desk.ann, "POST", f"{desk.path}/roles", {"name": "Support", "permissions": permissions})
    place = {"workspace_id": desk.ann.workspace_id, "custom_role_id": role["id"]}
    await desk.let_in(bob, **place)
    switched = await desk.done(bob, "POST", "/api/v1/auth/switch", {"workspace_id": desk.ann.workspace_id})
    assert switched["access_token"]
    me = await desk.done(bob, "GET", "/api/v1/auth/me")
    assert me["context"]["permissions"] == sorted(permissions)
    assert (await desk.refused(bob, "GET", "/api/v1/kb"))[0] == 403
    carol = await desk.installation.register("carol")
    for own in ("viewer", "editor", "admin"):  # a viewer may read knowledge bases, which Bob may not
        added = {"email": carol.email, "role": own}
        assert (await desk.refused(bob, "POST", f"{desk.space}/members", added))[0] == 403
    change = {"custom_role_id": role["id"]}
    await desk.done(bob, "POST", f"{desk.space}/members", {"email": carol.email, "role": "viewer", **change})
    assert await desk.refused(desk.ann, "DELETE", f"{desk.path}/roles/{role['id']}") == (409, "role_in_use")
    await desk.done(desk.ann, "PUT", f"{desk.path}/roles/{role['id']}", {"name": "S", "permissions": ["kb.read"]})
    assert (await desk.ask(bob, "GET", "/api/v1/kb")).status_code == 200


async def test_a_role_of_unknown_permissions_and_a_foreign_role_are_refused(desk: Desk, bob: Person):
    unknown = {"name": "X", "permissions": ["kb.read", "everything"]}
    assert await desk.refused(desk.ann, "POST", f"{desk.path}/roles", unknown) == (422, "unknown_permission")
    theirs = f"/api/v1/organizations/{bob.organization_id}"
    role = await desk.done(bob, "POST", f"{theirs}/roles", {"name": "X", "permissions": []})
    carol = {"email": "c@example.com", "role": "viewer", "custom_role_id": role["id"]}
    assert await desk.refused(desk.ann, "POST", f"{desk.space}/members", carol) == (404, "role_not_found")
    invitation = {"email": "c@example.com", "workspace_id": bob.workspace_id}
    assert await desk.refused(desk.ann, "POST", f"{desk.path}/invitations", invitation) == (404, "workspace_not_found")


async def test_a_deleted_organization_is_closed_and_comes_back(desk: Desk, bob: Person):
    await desk.let_in(bob, "admin")
    assert await desk.refused(desk.ann, "DELETE", f"{desk.path}?confirm=wrong") == (422, "confirmation_missing")
    slug = (await desk.done(desk.ann, "GET", desk.path))["slug"]
    assert (await desk.refused(bob, "DELETE", f"{desk.path}?confirm={slug}"))[0] == 403
    deleted = await desk.done(desk.ann, "DELETE", f"{desk.path}?confirm={slug}")
    assert deleted["delete_after"] is not None
    assert (await desk.refused(desk.ann, "GET", "/api/v1/kb"))[0] == 404
    assert (await desk.refused(bob, "GET", desk.path))[0] == 404
    await desk.done(desk.ann, "POST", f"{desk.path}/restore")
    assert (await desk.ask(desk.ann, "GET", "/api/v1/kb")).status_code == 200


async def test_who_has_no_workspace_left_signs_in_to_a_new_one(desk: Desk):
    slug = (await desk.done(desk.ann, "GET", desk.path))["slug"]
    await desk.done(desk.ann, "DELETE", f"{desk.path}?confirm={slug}")
    again = await desk.installation.http.post(
        "/api/v1/auth/login", json={"email": desk.ann.email, "password": "a long enough password"}
    )
    headers = {"Authorization": f"Bearer {again.json()['access_token']}"}
    assert (await desk.installation.http.get("/api/v1/kb", headers=headers)).status_code == 200


@ON_BOTH_DATABASES
async def test_what_is_overdue_goes_for_good_and_nothing_else(desk: Desk, bob: Person):
    for person in (desk.ann, bob):
        draft = (await desk.done(person, "POST", "/api/v1/kb/draft", {"name": "Handbook"}))["draft_id"]
        pasted = {"type": "text", "title": "Tides", "content": "Two tides a day. " * 20}
        await desk.done(person, "PUT", f"/api/v1/kb/draft/{draft}/sources", pasted)
        await desk.done(person, "POST", f"/api/v1/kb/draft/{draft}/finalize")
    slug = (await desk.done(desk.ann, "GET", desk.path))["slug"]
    await desk.done(desk.ann, "DELETE", f"{desk.path}?confirm={slug}")
    works = desk.installation.works
    assert await purge_overdue(works) == 0
    async with works.open(None) as work:
        await work.session.execute(
            update(Organization).where(Organization.delete_after.is_not(None)).values(delete_after=utc_now())
        )
    assert await purge_overdue(works) == 1
    async with works.open(SystemScope("test"), read_only=True) as work:
        left = (await work.session.execute(select(Organization.id))).scalars().all()
        spaces = (await work.session.execute(select(Workspace.id))).scalars().all()
    assert [str(id) for id in left] == [bob.organization_id]
    assert [str(id) for id in spaces] == [bob.workspace_id]


async def test_a_workspace_is_deleted_and_restored_and_the_last_one_kept(desk: Desk):
    slug = (await desk.done(desk.ann, "GET", "/api/v1/workspaces"))["items"][0]["slug"]
    last = f"{desk.space}?confirm={slug}"
    assert await desk.refused(desk.ann, "DELETE", last) == (409, "last_workspace")
    second = await desk.done(desk.ann, "POST", "/api/v1/workspaces", {"name": "Main workspace"})
    assert second["slug"] != slug
    await desk.done(desk.ann, "DELETE", f"/api/v1/workspaces/{second['id']}?confirm={second['slug']}")
    spaces = (await desk.done(desk.ann, "GET", "/api/v1/workspaces"))["items"]
    assert [space["id"] for space in spaces] == [desk.ann.workspace_id]
    await desk.done(desk.ann, "POST", f"/api/v1/workspaces/{second['id']}/restore")
    assert len((await desk.done(desk.ann, "GET", "/api/v1/workspaces"))["items"]) == 2


async def test_an_export_holds_the_rows_and_no_secrets(desk: Desk, bob: Person):
    secret = {"name": "Shop", "type": "bearer", "settings": {"token": "sk-0123456789-Zanzibar"}}
    await desk.done(desk.ann, "POST", "/api/v1/credentials", secret)
    async with desk.installation.works.open(SystemScope("test")) as work:
        for person, name in ((desk.ann, "ours"), (bob, "theirs")):
            work.session.add(Bot(workspace_id=UUID(person.workspace_id), name=name))
    response = await desk.ask(desk.ann, "GET", f"{desk.space}/export")
    rows = [json.loads(line) for line in response.text.splitlines()]
    assert {"bot", "credential", "audit_entry"} <= {row["table"] for row in rows}
    assert [row["name"] for row in rows if row["table"] == "bot"] == ["ours"]
    assert not any("sealed" in row or "wrapped" in row for row in rows)


async def test_slugs_are_taken_once_and_look_like_addresses(desk: Desk, bob: Person):
    await desk.done(desk.ann, "PATCH", desk.path, {"slug": "harbour"})
    theirs = f"/api/v1/organizations/{bob.organization_id}"
    assert await desk.refused(bob, "PATCH", theirs, {"slug": "harbour"}) == (409, "slug_taken")
    for slug in ("", "-a", "A", "a b", "a" * 49, "ä"):
        assert (await desk.refused(bob, "PATCH", theirs, {"slug": slug}))[0] == 422


async def test_what_happens_to_an_organization_is_in_its_log(desk: Desk, bob: Person):
    await desk.let_in(bob)
    log = (await desk.done(desk.ann, "GET", f"{desk.path}/audit-log"))["items"]
    assert [entry["event"] for entry in log] == ["invitation.accepted", "invitation.created", "organization.created"]
    assert (await desk.done(desk.ann, "GET", f"{desk.path}/audit-log/verify"))["is_whole"]
