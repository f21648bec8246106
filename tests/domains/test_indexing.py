"""Indexing survives what workers, stores and people do to it."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from privexbot_app.domains.knowledge import indexing
from privexbot_app.domains.knowledge.jobs import revive_documents
from privexbot_app.domains.knowledge.models import Chunk, Document, KnowledgeBase
from privexbot_app.domains.knowledge.repository import DocumentRepository
from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.integrations.vector_stores.base import VectorStoreUnavailableError
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.database import SystemScope
from privexbot_app.kit.scope import Scope
from tests.api.test_story import make_base
from tests.fakes import InMemoryVectorStore
from tests.installation import ON_BOTH_DATABASES, Installation, Person

pytestmark = ON_BOTH_DATABASES
DOWN = VectorStoreUnavailableError("The vector store does not answer.")


class Desk:
    """One knowledge base with one queued document, and a worker's hands."""

    def __init__(self, installation: Installation, ann: Person, base_id: str, document_id: str) -> None:
        self.installation, self.works, self.ann = installation, installation.works, ann
        self.base_id, self.document_id = UUID(base_id), UUID(document_id)
        self.scope: Scope = scope_of_job(UUID(ann.organization_id), UUID(ann.workspace_id), job="test")
        self.path = f"/api/v1/kb/{base_id}/documents/{document_id}"

    @property
    def store(self) -> InMemoryVectorStore:
        return self.works.plugins.vector_stores.get("memory")  # type: ignore[return-value]

    @property
    def space(self):
        return space_of(self.scope, self.base_id, generation=1)

    async def run(self) -> None:
        await indexing.index_document(self.works, self.scope, self.document_id)

    async def document(self) -> Document:
        async with self.works.open(self.scope, read_only=True) as work:
            return (await work.session.execute(select(Document).where(Document.id == self.document_id))).scalar_one()

    async def change(self, **values: object) -> None:
        async with self.works.open(self.scope) as work:
            await work.session.execute(update(Document).where(Document.id == self.document_id).values(**values))

    async def count_chunks(self) -> int:
        async with self.works.open(self.scope, read_only=True) as work:
            return (await work.session.execute(select(func.count(Chunk.id)))).scalar_one()

    async def pass_time(self) -> None:
        """Let every lease be over."""
        await self.change(lease_until=utc_now() - timedelta(seconds=1))


@pytest.fixture
async def desk(installation: Installation, ann: Person) -> Desk:
    installation.works.dispatcher.is_paused = True
    base_id = await make_base(installation, ann)
    page = (await installation.http.get(f"/api/v1/kb/{base_id}/documents", headers=ann.headers)).json()
    return Desk(installation, ann, base_id, page["items"][0]["document_id"])


async def test_indexing_twice_is_indexing_once(desk: Desk):
    await desk.run()
    first = await desk.document()
    held = await desk.store.list_chunk_ids(desk.space)
    await desk.run()
    assert (await desk.document()).attempt == first.attempt == 1
    assert first.status == "indexed"
    assert (first.lease_until, first.progress, first.chunk_count) == (None, 1.0, await desk.count_chunks())
    assert await desk.store.list_chunk_ids(desk.space) == held
    assert len(held) == first.chunk_count > 0


async def test_an_attempt_after_a_crash_overwrites_what_the_first_one_left(desk: Desk):
    desk.store.failures = [KeyboardInterrupt()]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        await desk.run()
    assert (await desk.document()).status == "embedding"
    await desk.run()
    assert (await desk.document()).attempt == 1  # the lease of the first still runs
    await desk.pass_time()
    desk.works.dispatcher.is_paused = False
    await revive_documents(desk.works)
    document = await desk.document()
    assert (document.status, document.attempt) == ("indexed", 2)
    assert await desk.store.count(desk.space) == await desk.count_chunks()


async def test_a_silent_worker_is_fenced_off_once_the_document_is_queued_again(desk: Desk):
    await desk.change(status="embedding", attempt=1, lease_until=utc_now() - timedelta(seconds=1))
    await revive_documents(desk.works)
    document = await desk.document()
    assert document.status == "queued"
    assert document.lease_until > utc_now()
    async with desk.works.open(desk.scope) as work:
        assert not await work.repository(DocumentRepository).advance(desk.document_id, 1, progress=0.9)


class Interfering(InMemoryVectorStore):
    """Does something in the middle of the first upsert, as another process would."""

    def __init__(self, deed) -> None:
        super().__init__()
        self.deed = deed

    async def upsert(self, space, records) -> None:
        deed, self.deed = self.deed, None
        if deed is not None:
            await deed()
        await super().upsert(space, records)


def interfere(desk: Desk, deed) -> InMemoryVectorStore:
    store = Interfering(deed)
    desk.works.plugins.vector_stores._opened["memory"] = store
    return store


async def test_a_document_deleted_while_it_is_indexed_leaves_no_vectors_and_no_file(desk: Desk):
    folder = (await desk.document()).storage_path

    async def delete() -> None:
        desk.works.dispatcher.is_paused = False
        response = await desk.installation.http.delete(desk.path, headers=desk.ann.headers)
        assert response.status_code == 204

    store = interfere(desk, delete)
    await desk.run()
    assert await store.count(desk.space) == 0
    assert await desk.works.plugins.storage.list(folder) == []


async def test_a_knowledge_base_deleted_while_it_is_indexed_leaves_nothing(desk: Desk):
    async def delete() -> None:
        desk.works.dispatcher.is_paused = False
        path = f"/api/v1/kb/{desk.base_id}"
        assert (await desk.installation.http.delete(path, headers=desk.ann.headers)).status_code == 204

    store = interfere(desk, delete)
    await desk.run()
    assert await store.count(desk.space) == 0
    assert await desk.works.plugins.storage.list(desk.scope.storage_path()) == []
    async with desk.works.open(SystemScope("test"), read_only=True) as work:
        for model in (Chunk, Document, KnowledgeBase):
            assert (await work.session.execute(select(func.count(model.id)))).scalar_one() == 0


async def test_a_worker_that_was_taken_over_stops_without_a_word(desk: Desk):
    async def take_over() -> None:
        await desk.change(attempt=7)

    interfere(desk, take_over)
    await desk.run()
    document = await desk.document()
    assert (document.status, document.attempt) == ("embedding", 7)


async def test_a_closed_workspace_does_not_keep_others_documents_waiting(desk: Desk, bob: Person):
    base_id = await make_base(desk.installation, bob)
    page = (await desk.installation.http.get(f"/api/v1/kb/{base_id}/documents", headers=bob.headers)).json()
    other = Desk(desk.installation, bob, base_id, page["items"][0]["document_id"])
    for one in (desk, other):
        await one.change(status="embedding", attempt=1, lease_until=utc_now() - timedelta(seconds=1))
    spaces, headers = "/api/v1/workspaces", desk.ann.headers
    await desk.installation.http.post(spaces, json={"name": "Second"}, headers=headers)
    slug = (await desk.installation.http.get(spaces, headers=headers)).json()["items"][0]["slug"]
    closed = await desk.installation.http.delete(
        f"{spaces}/{desk.ann.workspace_id}", params={"confirm": slug}, headers=headers
    )
    assert closed.is_success, closed.text
    await revive_documents(desk.works)
    assert ((await desk.document()).status, (await other.document()).status) == ("embedding", "queued")


async def test_a_store_that_is_down_postpones_and_a_later_round_succeeds(desk: Desk):
    desk.store.failures = [DOWN, DOWN]
    desk.works.dispatcher.is_paused = False
    for attempt in (1, 2):
        await desk.pass_time()
        await revive_documents(desk.works)
        document = await desk.document()
        assert (document.status, document.attempt, document.error_code) == ("queued", attempt, None)
        assert document.lease_until > utc_now()
    await desk.pass_time()
    await revive_documents(desk.works)
    assert (await desk.document()).status == "indexed"


async def test_a_store_that_stays_down_ends_in_its_own_code(desk: Desk):
    desk.store.failures = [DOWN] * 20
    for _ in range(indexing.MOST_TRIES):
        await desk.run()
    document = await desk.document()
    assert (document.status, document.error_code) == ("failed", "vector_store_unavailable")
    assert document.error_message == DOWN.message


async def test_our_own_mistake_ends_after_three_attempts(desk: Desk):
    desk.store.failures = [ZeroDivisionError()] * 20
    for _ in range(indexing.MOST_CRASHES):
        await desk.run()
    document = await desk.document()
    assert (document.status, document.error_code, document.attempt) == ("failed", "internal", indexing.MOST_CRASHES)


async def test_a_document_that_kills_every_worker_is_given_up(desk: Desk):
    for _ in range(indexing.MOST_TRIES):
        desk.store.failures = [KeyboardInterrupt()]  # type: ignore[list-item]
        with pytest.raises(KeyboardInterrupt):
            await desk.run()
        await desk.pass_time()
    await desk.run()
    document = await desk.document()
    assert (document.status, document.error_code, document.lease_until) == ("failed", "worker_died", None)


async def test_a_plug_in_that_is_not_set_up_is_named_in_the_failure(desk: Desk):
    async with desk.works.open(desk.scope) as work:
        base = (await work.session.execute(select(KnowledgeBase))).scalar_one()
        base.settings = {**base.settings, "embedding": "gone"}
    await desk.run()
    assert (await desk.document()).error_code == "unknown_embedding"


async def test_trying_again_gives_the_document_all_its_tries(desk: Desk):
    desk.store.failures = [DOWN] * indexing.MOST_TRIES
    for _ in range(indexing.MOST_TRIES):
        await desk.run()
    busy = await desk.installation.http.post(f"{desk.path}/retry", headers=desk.ann.headers)
    assert busy.status_code == 202
    again = await desk.installation.http.post(f"{desk.path}/retry", headers=desk.ann.headers)
    assert (again.status_code, again.json()["code"]) == (409, "document_busy")
    await desk.run()
    assert (await desk.document()).status == "indexed"


async def test_an_indexed_document_can_be_indexed_again_as_often_as_people_like(desk: Desk):
    desk.works.dispatcher.is_paused = False
    await desk.run()
    for _ in range(indexing.MOST_TRIES + 1):
        response = await desk.installation.http.post(f"{desk.path}/retry", headers=desk.ann.headers)
        assert response.status_code == 202
        assert (await desk.document()).status == "indexed"
    assert await desk.store.count(desk.space) == await desk.count_chunks()


async def test_a_disabled_document_is_found_by_no_search(desk: Desk):
    await desk.run()

    async def found(mode: str) -> int:
        path = f"/api/v1/kb/{desk.base_id}/search"
        body = {"query": "berth one night", "mode": mode}
        response = await desk.installation.http.post(path, json=body, headers=desk.ann.headers)
        return len(response.json()["results"])

    for is_enabled in (False, True):
        response = await desk.installation.http.patch(
            desk.path, json={"is_enabled": is_enabled}, headers=desk.ann.headers
        )
        assert response.json()["is_enabled"] is is_enabled
        for mode in ("hybrid", "dense", "keyword"):
            assert bool(await found(mode)) is is_enabled


async def test_a_job_for_a_document_that_is_gone_does_nothing(desk: Desk):
    await indexing.index_document(desk.works, desk.scope, uuid4())
    other = Scope(uuid4(), uuid4(), desk.scope.actor)
    await indexing.index_document(desk.works, other, desk.document_id)
    assert (await desk.document()).status == "queued"


async def test_a_text_with_nul_is_indexed_with_its_offsets(desk: Desk):
    desk.works.dispatcher.is_paused = False
    body = {"type": "text", "title": "Odd", "content": "The mole\x00 is 400 metres long."}
    response = await desk.installation.http.post(
        f"/api/v1/kb/{desk.base_id}/documents", json=body, headers=desk.ann.headers
    )
    document_id = response.json()["documents"][0]["document_id"]
    path = f"/api/v1/kb/{desk.base_id}/documents/{document_id}"
    document = (await desk.installation.http.get(path, headers=desk.ann.headers)).json()
    assert document["status"] == "indexed", document
    text = (await desk.installation.http.get(f"{path}/text", headers=desk.ann.headers)).json()["text"]
    assert (text[:8], text[9:30]) == ("The mole", " is 400 metres long.")
    assert "\x00" not in text


async def test_a_worker_goes_on_with_what_waits_beside_its_document(desk: Desk):
    await desk.run()
    for number in range(3):
        body = {"type": "text", "title": f"Notice {number}", "content": f"Notice {number} is about the tides."}
        await desk.installation.http.post(f"/api/v1/kb/{desk.base_id}/documents", json=body, headers=desk.ann.headers)

    await indexing.index_waiting(desk.works, desk.scope, desk.document_id)

    page = await desk.installation.http.get(f"/api/v1/kb/{desk.base_id}/documents", headers=desk.ann.headers)
    assert [document["status"] for document in page.json()["items"]] == ["indexed"] * 4


async def test_a_postponed_document_is_not_begun_again_at_once(desk: Desk):
    desk.store.failures = [DOWN] * 100
    await indexing.index_waiting(desk.works, desk.scope, desk.document_id)
    document = await desk.document()
    assert (document.status, document.tries) == ("queued", 1)
    desk.store.failures = []


async def test_a_deleted_document_has_nothing_beside_it(desk: Desk):
    await indexing.index_waiting(desk.works, desk.scope, uuid4())
    assert (await desk.document()).status == "queued"
