"""Fixtures for every test: folders, a Redis, an installation, two organizations."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from privexbot_app.kit.logging import set_up_logging
from tests.installation import Installation, Person, installed, running_redis

set_up_logging("WARNING")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


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


@pytest.fixture
async def installation(tmp_path: Path, redis_url: str) -> AsyncIterator[Installation]:
    """An installation on SQLite."""
    async with installed(tmp_path, redis_url) as made:
        yield made


@pytest.fixture
async def ann(installation: Installation) -> Person:
    """The owner of one organization."""
    return await installation.register("ann")


@pytest.fixture
async def bob(installation: Installation) -> Person:
    """The owner of another organization."""
    return await installation.register("bob")
