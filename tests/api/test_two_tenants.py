"""Two organizations with the same names, files and questions share every engine, and neither reaches the other."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from privexbot_app.domains.knowledge.service import space_of
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.integrations.embeddings.base import Purpose
from privexbot_app.kit.scope import Scope
from tests.api.test_story import make_base, make_bot
from tests.chroma_server import running_chroma
from tests.installation import Installation, Person, installed


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory):
    with running_chroma(tmp_path_factory.mktemp("chroma")) as url:
        yield url


@pytest.fixture(params=["sqlite, memory", pytest.param("postgresql, chroma", marks=pytest.mark.pg)])
async def installation(request, tmp_path, redis_url) -> AsyncIterator[Installation]:
    """The light installation, and the one for production."""
    if request.param == "sqlite, memory":
        async with installed(tmp_path, redis_url) as made:
            yield made
        return
    url = request.getfixturevalue("chroma_url")
    changes = {"default_vector_store": "chroma", "vector_stores": {"chroma": {"url": url}}}
    async with installed(tmp_path, redis_url, request.getfixturevalue("postgres_url"), **changes) as made:
        yield made


def scope_of(person: Person) -> Scope:
    return scope_of_job(UUID(person.organization_id), UUID(person.workspace_id), job="test")


async def test_neither_reaches_the_other_through_any_engine(installation: Installation, ann: Person, bob: Person):
    http, works = installation.http, installation.works
    bases = {person.email: await make_base(installation, person) for person in (ann, bob)}
    bots = {person.email: await make_bot(installation, person, bases[person.email]) for person in (ann, bob)}
    for mine, theirs in ((ann, bob), (bob, ann)):
        # the API: lists hold one's own, foreign ids are missing
        listed = (await http.get("/api/v1/kb", headers=mine.headers)).json()["items"]
        assert [base["id"] for base in listed] == [bases[mine.email]]
        for path in (f"/api/v1/kb/{bases[theirs.email]}", f"/api/v1/chatbots/{bots[theirs.email]['bot_id']}"):
            for method in ("GET", "DELETE"):
                assert (await http.request(method, path, headers=mine.headers)).status_code == 404
        search = await http.post(
            f"/api/v1/kb/{bases[theirs.email]}/search", json={"query": "fee"}, headers=mine.headers
        )
        assert search.status_code == 404
        # answers cite one's own documents only
        path = f"/api/v1/bots/{bots[mine.email]['bot_id']}/chat"
        answer = (await http.post(path, json={"message": "What does a berth for one night cost?"})).json()
        documents = (await http.get(f"/api/v1/kb/{bases[mine.email]}/documents", headers=mine.headers)).json()["items"]
        assert {citation["document_id"] for citation in answer["citations"]} == {documents[0]["document_id"]}
        # vectors: another workspace's scope names another corner, even for the same knowledge base
        store = works.plugins.vector_stores.get(works.plugins.defaults.vector_store)
        [vector] = await works.plugins.embedders.get("hash").embed(["berth"], purpose=Purpose.QUERY)
        own = space_of(scope_of(mine), UUID(bases[mine.email]), generation=1)
        foreign = space_of(scope_of(mine), UUID(bases[theirs.email]), generation=1)
        assert await store.query(own, vector, limit=5)
        assert await store.query(foreign, vector, limit=5) == []
        assert await store.list_chunk_ids(foreign) == set()
        # files lie below one's own workspace
        files = await works.plugins.storage.list(scope_of(mine).storage_path())
        assert files
        assert not set(files) & set(await works.plugins.storage.list(scope_of(theirs).storage_path()))


async def test_deleting_ones_own_leaves_the_others(installation: Installation, ann: Person, bob: Person):
    bases = {person.email: await make_base(installation, person) for person in (ann, bob)}
    await installation.http.delete(f"/api/v1/kb/{bases[ann.email]}", headers=ann.headers)
    store = installation.works.plugins.vector_stores.get(installation.works.plugins.defaults.vector_store)
    assert await store.count(space_of(scope_of(ann), UUID(bases[ann.email]), generation=1)) == 0
    assert await installation.works.plugins.storage.list(scope_of(ann).storage_path()) == []
    found = await installation.http.post(
        f"/api/v1/kb/{bases[bob.email]}/search", json={"query": "berth for one night"}, headers=bob.headers
    )
    assert "24 euros" in found.json()["results"][0]["text"]
