"""One unit of work is one commit, or none."""

import pytest
from sqlalchemy import func, select

from privexbot_app.domains.bots.models import Bot
from privexbot_app.domains.bots.repository import BotRepository
from tests.installation import ON_BOTH_DATABASES
from tests.tenants import Pair

pytestmark = ON_BOTH_DATABASES


async def count_bots(installation, tenants: Pair) -> int:
    async with installation.works.open(tenants.ours, read_only=True) as work:
        return (await work.session.execute(select(func.count(Bot.id)))).scalar_one()


async def test_leaving_commits(installation, tenants):
    async with installation.works.open(tenants.ours) as work:
        row = work.repository(BotRepository).add(Bot(workspace_id=tenants.ours.workspace_id, name="x"))
    assert await count_bots(installation, tenants) == 1
    assert row.name == "x"  # a row can be read after its unit has ended


async def test_an_error_takes_everything_back(installation, tenants):
    async def fail() -> None:
        async with installation.works.open(tenants.ours) as work:
            work.repository(BotRepository).add(Bot(workspace_id=tenants.ours.workspace_id, name="x"))
            await work.session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await count_bots(installation, tenants) == 0


async def test_a_reading_unit_refuses_to_write_and_leaves_its_rows_readable(installation, tenants):
    async with installation.works.open(tenants.ours) as work:
        bot = work.repository(BotRepository).add(Bot(workspace_id=tenants.ours.workspace_id, name="x"))
    with pytest.raises(RuntimeError, match="read-only"):
        async with installation.works.open(tenants.ours, read_only=True) as work:
            (await work.repository(BotRepository).get(bot.id)).name = "y"
    async with installation.works.open(tenants.ours, read_only=True) as work:
        row = await work.repository(BotRepository).get(bot.id)
    assert row.name == "x"


async def test_a_unit_without_a_workspace_has_no_scope(installation):
    async with installation.works.open(None) as work:
        with pytest.raises(RuntimeError, match="no workspace"):
            work.repository(BotRepository)


async def test_a_reader_does_not_wait_for_a_writer(installation, tenants):
    async with installation.works.open(tenants.ours) as work:
        work.repository(BotRepository).add(Bot(workspace_id=tenants.ours.workspace_id, name="x"))
        await work.session.flush()
        assert await count_bots(installation, tenants) == 0
