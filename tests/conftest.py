"""Fixtures for every test: folders, a Redis, an installation, two organizations."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from privexbot_app.kit.logging import set_up_logging
from tests.installation import Installation, Person, Postgres, installed, running_postgres, running_redis
from tests.tenants import Pair, make_tenants

set_up_logging("WARNING")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser shares two cores with everything else: its tests get a second try, and the summary counts it."""
    for item in items:
        if {"browser", "page"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real test material; tests that need it are skipped where it is not."""
    if not DATA.is_dir():
        pytest.skip("the test material is not here")
    return DATA


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis for the whole run; tests keep apart by their workspaces."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for the whole run."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A migrated PostgreSQL database of the test's own."""
    with postgres.new_database() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The database to install on: SQLite, or what ON_BOTH_DATABASES asks for. Empty means SQLite."""
    return request.getfixturevalue("postgres_url") if getattr(request, "param", "sqlite") == "postgresql" else ""


@pytest.fixture
async def installation(tmp_path: Path, redis_url: str, database_url: str) -> AsyncIterator[Installation]:
    """An installation on the test's database."""
    async with installed(tmp_path, redis_url, database_url) as made:
        yield made


@pytest.fixture
async def ann(installation: Installation) -> Person:
    """The owner of one organization."""
    return await installation.register("ann")


@pytest.fixture
async def bob(installation: Installation) -> Person:
    """The owner of another organization."""
    return await installation.register("bob")


@pytest.fixture
async def tenants(installation: Installation) -> Pair:
    """Two workspaces of two organizations, without users."""
    return await make_tenants(installation)
