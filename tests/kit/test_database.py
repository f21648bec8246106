"""Sessions confine every statement to their workspace, on both databases; what cannot be confined is refused."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, exists, func, insert, select, text, union_all, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from privexbot_app.domains.bots.models import Bot, BotVersion
from privexbot_app.domains.bots.repository import BotRepository
from privexbot_app.domains.conversations.models import Conversation, Message
from privexbot_app.domains.tenancy.models import Organization
from privexbot_app.kit.database import (
    SystemScope,
    TenantMismatchError,
    UnscopedQueryError,
    WorkspaceModel,
    tenant_models,
)
from privexbot_app.kit.errors import NotFoundError
from privexbot_app.kit.pagination import PageParams
from privexbot_app.kit.scope import Scope
from privexbot_app.kit.text import UnstorableTextError
from privexbot_app.kit.unit_of_work import RaceLostError
from tests.installation import ON_BOTH_DATABASES, Installation
from tests.tenants import Pair

pytestmark = ON_BOTH_DATABASES


async def add_bot(installation: Installation, scope: Scope, name: str) -> UUID:
    async with installation.works.open(scope) as work:
        bot = work.repository(BotRepository).add(Bot(workspace_id=scope.workspace_id, name=name))
        await work.session.flush()
        work.session.add(
            BotVersion(workspace_id=scope.workspace_id, bot_id=bot.id, version=1, config={}, author_id=name)
        )
    return bot.id


@pytest.fixture
async def bots(installation: Installation, tenants: Pair) -> tuple[UUID, UUID]:
    """The ids of our bot and of theirs."""
    return await add_bot(installation, tenants.ours, "ours"), await add_bot(installation, tenants.theirs, "theirs")


READS = {
    "rows": select(Bot.name),
    "filtered": select(Bot.name).where(Bot.name != ""),
    "joined": select(Bot.name).join(BotVersion, BotVersion.bot_id == Bot.id),
    "joined the other way": select(Bot.name).select_from(BotVersion).join(Bot, BotVersion.bot_id == Bot.id),
    "an outer join": select(Bot.name).join(BotVersion, BotVersion.version == 99, isouter=True),
    "a subquery in a condition": select(Bot.name).where(Bot.id.in_(select(BotVersion.bot_id))),
    "a subquery as a source": select(select(Bot.name).subquery().c.name),
    "a common table expression": select(select(Bot.name).cte("named").c.name),
    "a union": union_all(select(Bot.name), select(Bot.name).where(Bot.name == "nobody")),
    "an alias": select(aliased(Bot, name="other").name),
    "a table joined by itself": select(Bot.name).select_from(Bot.__table__),
}


@pytest.mark.parametrize("statement", READS.values(), ids=READS.keys())
async def test_a_read_finds_our_rows_alone_or_is_refused(installation, tenants, bots, statement):
    async with installation.works.open(tenants.ours, read_only=True) as work:
        try:
            names = (await work.session.execute(statement)).scalars().all()
        except UnscopedQueryError:
            return
        assert set(names) == {"ours"}


COUNTS = {
    "rows": select(func.count()).select_from(Bot),
    "ids": select(func.count(Bot.id)),
    "a subquery": select(func.count()).select_from(select(Bot.id).subquery()),
}


@pytest.mark.parametrize("statement", COUNTS.values(), ids=COUNTS.keys())
async def test_counts_are_ours(installation, tenants, bots, statement):
    async with installation.works.open(tenants.ours, read_only=True) as work:
        assert (await work.session.execute(statement)).scalar_one() == 1


async def test_whether_a_foreign_row_exists_cannot_be_asked(installation, tenants, bots):
    async with installation.works.open(tenants.ours, read_only=True) as work:
        try:
            is_there = (await work.session.execute(select(exists().where(Bot.name == "theirs")))).scalar_one()
        except UnscopedQueryError:
            return
        assert not is_there


async def test_a_foreign_row_is_got_like_a_missing_one(installation, tenants, bots):
    ours, theirs = bots
    async with installation.works.open(tenants.ours, read_only=True) as work:
        repository = work.repository(BotRepository)
        assert await work.session.get(Bot, theirs) is None
        assert (await repository.get(ours)).name == "ours"
        errors = []
        for id in (theirs, uuid4()):
            with pytest.raises(NotFoundError) as caught:
                await repository.get(id)
            errors.append(repr(caught.value))
        assert errors[0] == errors[1]
        assert [row.name for row in (await repository.page(PageParams())).items] == ["ours"]


async def test_updates_and_deletes_reach_our_rows_alone(installation, tenants, bots):
    async with installation.works.open(tenants.ours) as work:
        await work.session.execute(update(Bot).values(name="changed"))
        await work.session.execute(delete(BotVersion))
        await work.repository(BotRepository).delete(bots[1])
    async with installation.works.open(tenants.theirs, read_only=True) as work:
        assert (await work.session.get(Bot, bots[1])).name == "theirs"
        assert (await work.session.execute(select(func.count(BotVersion.id)))).scalar_one() == 1


@pytest.mark.parametrize("scope", ["none", "ours"])
@pytest.mark.parametrize(
    "statement",
    [
        text("SELECT * FROM bot"),
        Bot.__table__.select(),
        Bot.__table__.update().values(name="x"),
        Bot.__table__.delete(),
        insert(Bot).values(id=uuid4(), name="x", workspace_id=uuid4()),
    ],
    ids=["raw SQL", "a core select", "a core update", "a core delete", "a bulk insert"],
)
async def test_what_cannot_be_confined_is_refused(installation, tenants, statement, scope):
    async with installation.works.open(tenants.ours if scope == "ours" else None) as work:
        with pytest.raises(UnscopedQueryError):
            await work.session.execute(statement)


async def test_without_a_scope_tables_of_no_tenant_can_be_read_and_no_others(installation, tenants):
    async with installation.works.open(None, read_only=True) as work:
        assert len((await work.session.execute(select(Organization.id))).all()) == 2
        for model in tenant_models():
            with pytest.raises(UnscopedQueryError):
                await work.session.execute(select(model))


async def test_a_row_without_a_scope_cannot_be_written(installation, tenants):
    with pytest.raises(UnscopedQueryError):
        async with installation.works.open(None) as work:
            work.session.add(Bot(workspace_id=tenants.ours.workspace_id, name="x"))


async def test_a_foreign_row_cannot_be_written_and_ours_cannot_be_given_away(installation, tenants, bots):
    with pytest.raises(TenantMismatchError):
        async with installation.works.open(tenants.ours) as work:
            work.session.add(Bot(workspace_id=tenants.theirs.workspace_id, name="x"))
    with pytest.raises(TenantMismatchError):
        async with installation.works.open(tenants.ours) as work:
            (await work.session.get(Bot, bots[0])).workspace_id = tenants.theirs.workspace_id


async def test_a_repository_stamps_what_it_adds(installation, tenants):
    async with installation.works.open(tenants.ours) as work:
        row = work.repository(BotRepository).add(Bot(workspace_id=tenants.theirs.workspace_id, name="x"))
        assert row.workspace_id == tenants.ours.workspace_id


async def test_the_database_refuses_a_child_that_points_abroad(installation, tenants, bots):
    with pytest.raises(IntegrityError):
        async with installation.works.open(tenants.ours) as work:
            work.session.add(Conversation(workspace_id=tenants.ours.workspace_id, bot_id=bots[1], bot_version=1))


async def test_a_parent_takes_its_children_along(installation, tenants, bots):
    async with installation.works.open(tenants.ours) as work:
        talk = Conversation(workspace_id=tenants.ours.workspace_id, bot_id=bots[0], bot_version=1)
        work.session.add(talk)
        await work.session.flush()
        work.session.add(
            Message(workspace_id=tenants.ours.workspace_id, conversation_id=talk.id, role="bot", content="x")
        )
    async with installation.works.open(tenants.ours) as work:
        await work.repository(BotRepository).delete(bots[0])
    async with installation.works.open(SystemScope("test"), read_only=True) as work:
        for model, left in ((Message, 0), (Conversation, 0), (BotVersion, 1)):
            assert (await work.session.execute(select(func.count(model.id)))).scalar_one() == left


async def test_every_child_table_points_at_its_parent_inside_the_workspace(installation):
    names = {model.__table__.name for model in tenant_models()}
    for model in tenant_models():
        assert issubclass(model, WorkspaceModel)
        for key in model.__table__.foreign_key_constraints:
            target = key.elements[0].column.table.name
            if target in names:
                assert next(column.name for column in key.columns) == "workspace_id", (model, target)


@pytest.mark.parametrize("hostile", ["a\x00b", "\x00", "half \ud83d"])
async def test_text_that_one_database_cannot_keep_is_refused_by_both(installation, tenants, bots, hostile):
    with pytest.raises(UnstorableTextError):
        await add_bot(installation, tenants.ours, hostile)
    async with installation.works.open(tenants.ours) as work:
        with pytest.raises(UnstorableTextError):
            await work.session.execute(select(Bot).where(Bot.name == hostile))


async def test_a_key_that_is_taken_is_a_conflict_and_a_broken_rule_is_not(installation, tenants, bots):
    with pytest.raises(RaceLostError):
        async with installation.works.open(tenants.ours) as work:
            work.session.add(
                BotVersion(workspace_id=tenants.ours.workspace_id, bot_id=bots[0], version=1, config={}, author_id="x")
            )
