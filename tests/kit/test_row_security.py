"""The last wall, with the application's own filters got round: raw SQL, as a role that is bound by the policies."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from privexbot_app.bootstrap import discover
from privexbot_app.domains.bots.models import Bot
from privexbot_app.domains.tenancy.models import Organization, Workspace
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.kit.database import SystemScope, create_engine, create_sessions
from privexbot_app.kit.row_security import POLICY, is_above_policies, secure_rows, tenant_tables
from privexbot_app.kit.scope import Scope
from privexbot_app.settings import Settings
from tests.installation import Person, installed

pytestmark = pytest.mark.pg

discover()
ROLE = "application"


class Wall:
    """A migrated database with a bot of each of two workspaces, reached as the application would in production."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.sessions = create_sessions(engine)
        self.ours: Scope
        self.theirs: Scope

    async def ask(self, scope: Scope | SystemScope | None, statement: str, **values: object) -> list[str]:
        """Run raw SQL behind the session's back, in a transaction of the scope."""
        async with self.sessions(info={"scope": scope}) as session:
            connection = await session.connection()
            found = await connection.execute(text(statement), values)
            rows = [str(row[0]) for row in found] if found.returns_rows else [str(found.rowcount)]
            await session.commit()
        return rows


async def make_tenant(session: AsyncSession, name: str) -> Scope:
    organization = Organization(name=name)
    session.add(organization)
    await session.flush()
    workspace = Workspace(organization_id=organization.id, name=name)
    session.add(workspace)
    await session.flush()
    session.add(Bot(workspace_id=workspace.id, name=name))
    return scope_of_job(organization.id, workspace.id, job="test")


@pytest.fixture(params=["a mere user of the tables", "the owner of the tables"])
async def bound_url(request: pytest.FixtureRequest, postgres_url: str) -> str:
    """The address of a migrated database, for a role that the policies bind."""
    url = make_url(Settings(database_url=postgres_url).async_database_url)
    root = create_engine(url.render_as_string(hide_password=False))
    async with root.begin() as connection:
        exists = await connection.execute(text(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"))
        if exists.first() is None:
            await connection.execute(text(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD 'x'"))
        for kind in ("TABLES", "SEQUENCES"):
            await connection.execute(text(f"GRANT ALL ON ALL {kind} IN SCHEMA public TO {ROLE}"))
        if request.param == "the owner of the tables":
            for found in tenant_tables():
                await connection.execute(text(f'ALTER TABLE "{found.name}" OWNER TO {ROLE}'))
    await root.dispose()
    return url.set(username=ROLE, password="x").render_as_string(hide_password=False)


@pytest.fixture
async def wall(bound_url: str) -> AsyncIterator[Wall]:
    made = Wall(create_engine(bound_url))
    async with made.sessions(info={"scope": SystemScope("test")}) as session:
        made.ours, made.theirs = await make_tenant(session, "ours"), await make_tenant(session, "theirs")
        await session.commit()
    yield made
    await made.engine.dispose()


ALL = "SELECT name FROM bot ORDER BY name"


async def test_raw_sql_sees_the_rows_of_its_own_workspace(wall: Wall):
    assert await wall.ask(wall.ours, ALL) == ["ours"]
    assert await wall.ask(wall.theirs, "SELECT name FROM bot WHERE name <> ''") == ["theirs"]
    assert await wall.ask(
        wall.ours, "SELECT count(*) FROM bot WHERE workspace_id <> :id", id=wall.ours.workspace_id
    ) == ["0"]


async def test_without_a_scope_there_is_nothing_to_see(wall: Wall):
    assert await wall.ask(None, ALL) == []


async def test_the_system_scope_sees_all(wall: Wall):
    assert await wall.ask(SystemScope("test"), ALL) == ["ours", "theirs"]


async def test_a_connection_forgets_the_last_ones_workspace(wall: Wall):
    for _ in range(12):  # more than the pool keeps
        assert await wall.ask(wall.ours, ALL) == ["ours"]
        assert await wall.ask(None, ALL) == []
        assert await wall.ask(SystemScope("test"), ALL) == ["ours", "theirs"]


async def test_raw_sql_changes_and_deletes_nothing_of_others(wall: Wall):
    assert await wall.ask(wall.ours, "UPDATE bot SET name = 'taken' WHERE name = 'theirs'") == ["0"]
    assert await wall.ask(wall.ours, "DELETE FROM bot WHERE name = 'theirs'") == ["0"]
    assert await wall.ask(wall.ours, "DELETE FROM bot") == ["1"]
    assert await wall.ask(wall.theirs, ALL) == ["theirs"]


NEW_ROW = (
    "INSERT INTO bot SELECT (jsonb_populate_record(b, jsonb_build_object('id', CAST(:new AS text),"
    " 'workspace_id', CAST(:id AS text)))).* FROM bot b"
)


@pytest.mark.parametrize("statement", ["UPDATE bot SET workspace_id = CAST(CAST(:id AS text) AS uuid)", NEW_ROW])
async def test_a_row_can_neither_be_given_away_nor_put_elsewhere(wall: Wall, statement: str):
    values = {"id": str(wall.theirs.workspace_id)} | ({"new": str(uuid4())} if ":new" in statement else {})
    with pytest.raises(DBAPIError, match="row-level security"):
        await wall.ask(wall.ours, statement, **values)


async def test_a_parent_still_takes_its_children_along(wall: Wall):
    async with wall.sessions(info={"scope": None}) as session:
        workspace = await session.get(Workspace, wall.ours.workspace_id)
        assert workspace is not None
        await session.delete(workspace)
        await session.commit()
    assert await wall.ask(SystemScope("test"), ALL) == ["theirs"]


async def test_every_tenant_table_has_the_policy_and_it_binds_the_owner(postgres_url: str):
    engine = create_engine(Settings(database_url=postgres_url).async_database_url)
    async with engine.connect() as connection:
        found = await connection.execute(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
                f" WHERE c.relrowsecurity AND c.relforcerowsecurity AND p.polname = '{POLICY}'"
            )
        )
        assert {row[0] for row in found} == {table.name for table in tenant_tables()}
        assert await is_above_policies(connection)  # the server's own superuser
        await connection.run_sync(secure_rows)  # again does no harm
    await engine.dispose()


async def test_the_product_works_behind_the_wall(bound_url: str, tmp_path: Path, redis_url: str):
    async with installed(tmp_path, redis_url, bound_url) as installation:
        ann, bob = await installation.register("ann"), await installation.register("bob")

        async def ask(method: str, path: str, body: Any = None, who: Person = ann) -> Any:
            response = await installation.http.request(method, f"/api/v1{path}", json=body, headers=who.headers)
            assert response.is_success, response.text
            return response.json() if response.content else None

        draft = (await ask("POST", "/kb/draft", {"name": "Tides"}))["draft_id"]
        text = {"type": "text", "title": "Tides", "content": "The harbour has two tides a day."}
        await ask("PUT", f"/kb/draft/{draft}/sources", text)
        base = (await ask("POST", f"/kb/draft/{draft}/finalize"))["kb_id"]
        assert (await ask("POST", f"/kb/{base}/search", {"query": "tides"}))["results"]
        bot = (await ask("POST", "/chatbots/draft", {"name": "Tides", "knowledge_bases": [{"kb_id": base}]}))[
            "draft_id"
        ]
        deployed = (await ask("POST", f"/chatbots/draft/{bot}/deploy"))["bot_id"]
        answer = await ask("POST", f"/bots/{deployed}/chat", {"message": "How many tides a day has the harbour?"})
        assert "two tides" in answer["response"]
        assert (await ask("GET", "/kb", who=bob))["items"] == []
        assert (await ask("GET", "/audit-log/verify"))["is_whole"]


def test_there_are_tenant_tables():
    assert len(tenant_tables()) > 10
