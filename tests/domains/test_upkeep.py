"""What crashes, lost jobs and abandoned drafts leave behind is found, and what is in use is left alone."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select

from privexbot_app.domains.knowledge import upkeep
from privexbot_app.domains.knowledge.jobs import remove_loose_files, repair_vectors
from privexbot_app.domains.knowledge.models import Chunk, Document, KnowledgeBase
from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.integrations.vector_stores.base import VectorRecord
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.schedules import SCHEDULES
from privexbot_app.kit.scope import Scope
from tests.api.test_story import make_base
from tests.installation import ON_BOTH_DATABASES, Installation, Person

pytestmark = ON_BOTH_DATABASES


@pytest.fixture
def scope(ann: Person) -> Scope:
    return scope_of_job(UUID(ann.organization_id), UUID(ann.workspace_id), job="test")


@pytest.fixture
def every_source_is_old(monkeypatch) -> None:
    monkeypatch.setattr(upkeep, "OLDEST_LOOSE_SOURCE", timedelta(seconds=-1))


async def folders(installation: Installation, scope: Scope) -> set[str]:
    paths = await installation.works.plugins.storage.list(scope.storage_path("sources"))
    return {path.rsplit("/", 1)[0] for path in paths}


async def make_draft(installation: Installation, ann: Person) -> str:
    draft = (await installation.http.post("/api/v1/kb/draft", json={"name": "x"}, headers=ann.headers)).json()
    body = {"type": "text", "title": "x", "content": "Something."}
    path = f"/api/v1/kb/draft/{draft['draft_id']}/sources"
    assert (await installation.http.put(path, json=body, headers=ann.headers)).status_code == 200
    return draft["draft_id"]


async def test_files_of_documents_and_living_drafts_stay(installation, ann, bob, scope, every_source_is_old):
    await make_base(installation, ann)
    await make_draft(installation, ann)
    await make_base(installation, bob)
    before = await folders(installation, scope)
    await remove_loose_files(installation.works)
    assert await folders(installation, scope) == before
    assert len(before) == 2


async def test_files_of_an_abandoned_draft_go(installation, ann, scope, every_source_is_old):
    await make_base(installation, ann)
    draft_id = await make_draft(installation, ann)
    kept = await folders(installation, scope)
    await installation.works.redis.delete(scope.key("draft", "kb", draft_id))
    assert await upkeep.remove_abandoned_sources(installation.works) == 1
    left = await folders(installation, scope)
    assert left < kept
    assert len(left) == 1


async def test_young_files_stay_whatever_names_them(installation, ann, scope):
    storage = installation.works.plugins.storage
    await storage.write(f"{scope.storage_path('sources', new_id().hex)}/original", b"x")
    assert await upkeep.remove_abandoned_sources(installation.works) == 0


async def test_files_of_a_workspace_that_is_gone_go(installation, ann, scope, every_source_is_old):
    gone = Scope(uuid4(), uuid4(), scope.actor)
    await installation.works.plugins.storage.write(f"{gone.storage_path('sources', new_id().hex)}/original", b"x")
    assert await upkeep.remove_abandoned_sources(installation.works) == 1


async def test_a_vector_without_a_chunk_is_removed(installation, ann, scope):
    base_id = UUID(await make_base(installation, ann))
    store, space = installation.works.plugins.vector_stores.get("memory"), space_of(scope, base_id, generation=1)
    before = await store.list_chunk_ids(space)
    await store.upsert(space, [VectorRecord(uuid4(), uuid4(), [1.0] + [0.0] * 63)])
    await repair_vectors(installation.works)
    assert await store.list_chunk_ids(space) == before


async def test_chunks_without_vectors_are_indexed_again(installation, ann, scope):
    base_id = UUID(await make_base(installation, ann))
    store, space = installation.works.plugins.vector_stores.get("memory"), space_of(scope, base_id, generation=1)
    before = await store.list_chunk_ids(space)
    await store.delete_chunks(space, list(before)[:1])
    await repair_vectors(installation.works)
    assert await store.list_chunk_ids(space) == before
    async with installation.works.open(scope, read_only=True) as work:
        assert (await work.session.execute(select(Document.status, Document.attempt))).one() == ("indexed", 2)


async def test_a_document_on_its_way_is_left_alone(installation, ann, scope):
    installation.works.dispatcher.is_paused = True
    await make_base(installation, ann)
    await repair_vectors(installation.works)
    async with installation.works.open(scope, read_only=True) as work:
        assert (await work.session.execute(select(Document.status))).scalar_one() == "queued"


async def test_a_base_whose_store_is_away_does_not_stop_the_others(installation, ann, bob, scope):
    await make_base(installation, ann)
    async with installation.works.open(scope) as work:
        base = (await work.session.execute(select(KnowledgeBase))).scalar_one()
        base.settings = {**base.settings, "vector_store": "gone"}
    other = scope_of_job(UUID(bob.organization_id), UUID(bob.workspace_id), job="test")
    base_id = UUID(await make_base(installation, bob))
    async with installation.works.open(other) as work:
        await work.session.execute(delete(Chunk))
    await repair_vectors(installation.works)
    store = installation.works.plugins.vector_stores.get("memory")
    assert await store.count(space_of(other, base_id, generation=1)) == 0


async def test_upkeep_runs_every_hour(installation):
    for name in ("knowledge.remove_abandoned_sources", "knowledge.compare_vectors"):
        assert SCHEDULES[name].every_seconds == 3600
