"""Sources of many items, from a website on this machine: draft, review, finalize, and later loads."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from aiohttp import web
from sqlalchemy import select, update

from privexbot_app.domains.knowledge import loading, pages, syncing, upkeep
from privexbot_app.domains.knowledge.indexing import index_document
from privexbot_app.domains.knowledge.jobs import sync_due_sources
from privexbot_app.domains.knowledge.loading import attended, load_draft_source
from privexbot_app.domains.knowledge.models import Document, Source
from privexbot_app.domains.knowledge.pages import LoadState, write_state
from privexbot_app.domains.knowledge.secrets import open_connector, seal
from privexbot_app.domains.tenancy.service import scope_of_job
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import InternalError
from privexbot_app.kit.ids import new_id
from privexbot_app.kit.scope import Scope
from tests.installation import ON_BOTH_DATABASES, Installation, Person, installed
from tests.integrations.source_connectors.site import TrapSite, links, page, running
from tests.integrations.source_connectors.test_github import routes as github_routes
from tests.servers import serving

KB = "/api/v1/kb"


@pytest.fixture
async def installation(tmp_path, redis_url, database_url) -> AsyncIterator[Installation]:
    async with installed(tmp_path, redis_url, database_url, allowed_private_networks="127.0.0.1/32") as made:
        yield made


@pytest.fixture
async def site() -> AsyncIterator[TrapSite]:
    home = page(links("/fees", "/hours", "/gone"), title="Home")
    made = TrapSite(
        {"/": home, "/fees": article("Fees", "A berth costs 24 euros."), "/hours": article("Hours", "8:30.")}
    )
    async with running(made):
        yield made


def article(title: str, sentence: str) -> str:
    return page(f"<main><h1>{title}</h1><p>{sentence} {'More about it follows here. ' * 12}</p></main>", title=title)


class Desk:
    """Ann, her installation, and a website."""

    def __init__(self, installation: Installation, ann: Person, site: TrapSite) -> None:
        self.installation, self.ann, self.site = installation, ann, site
        self.scope: Scope = scope_of_job(UUID(ann.organization_id), UUID(ann.workspace_id), job="test")

    async def send(self, method: str, path: str, *, status: int = 200, **options):
        response = await self.installation.http.request(method, KB + path, headers=self.ann.headers, **options)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    def website(self, **settings) -> dict:
        return {"type": "website", "url": f"{self.site.base}/", "delay_seconds": 0, **settings}

    async def draft(self) -> str:
        return (await self.send("POST", "/draft", status=201, json={"name": "Harbour"}))["draft_id"]

    async def draft_with_site(self, **settings) -> tuple[str, dict]:
        draft_id = await self.draft()
        taken = await self.send("PUT", f"/draft/{draft_id}/sources", json=self.website(**settings))
        return draft_id, taken["sources"][0]

    async def base(self, **settings) -> tuple[str, str]:
        draft_id, source = await self.draft_with_site(**settings)
        base = await self.send("POST", f"/draft/{draft_id}/finalize", status=202)
        return base["kb_id"], source["source_id"]

    async def documents(self) -> dict[str, Document]:
        async with self.installation.works.open(self.scope, read_only=True) as work:
            rows = (await work.session.execute(select(Document))).scalars().all()
        return {row.source_key.removeprefix(self.site.base): row for row in rows}

    async def sync(self, base_id: str, source_id: str) -> dict:
        await self.send("POST", f"/{base_id}/sources/{source_id}/sync", status=202)
        return (await self.send("GET", f"/{base_id}/sources/{source_id}"))["last_report"]

    async def search(self, base_id: str, query: str) -> list[dict]:
        return (await self.send("POST", f"/{base_id}/search", json={"query": query}))["results"]

    async def folders(self) -> set[str]:
        paths = await self.installation.works.plugins.storage.list(self.scope.storage_path("sources"))
        return {path.rsplit("/", 1)[0] for path in paths}


@pytest.fixture
def desk(installation: Installation, ann: Person, site: TrapSite) -> Desk:
    return Desk(installation, ann, site)


async def test_a_website_becomes_a_document_for_each_page(desk: Desk):
    draft_id, source = await desk.draft_with_site()
    assert (source["status"], source["has_pages"]) == ("pending", True)
    path = f"/draft/{draft_id}/sources/{source['source_id']}"
    loaded = await desk.send("GET", path)
    assert (loaded["status"], loaded["pages"], loaded["report"]["skipped"]) == ("ready", 3, {"gone": 1})
    assert (await desk.send("GET", f"/draft/{draft_id}"))["sources"][0]["status"] == "ready"
    listed = (await desk.send("GET", f"{path}/pages"))["items"]
    assert [(one["number"], one["name"], one["is_included"]) for one in listed] == [
        (0, "Home", True),
        (1, "Fees", True),
        (2, "Hours", True),
    ]
    fees = await desk.send("GET", f"{path}/pages/1")
    assert "A berth costs 24 euros." in fees["text"]
    assert (fees["language"], fees["url"]) == ("en", f"{desk.site.base}/fees")
    chunks = await desk.send("GET", f"/draft/{draft_id}/preview-chunks?source_id={source['source_id']}&page=1")
    assert "24 euros" in chunks["chunks"][0]["text"]

    base = await desk.send("POST", f"/draft/{draft_id}/finalize", status=202)

    assert len(base["documents"]) == 3
    found = await desk.search(base["kb_id"], "What does a berth cost?")
    assert f"{desk.site.base}/fees" in [one["url"] for one in found if "24 euros" in one["text"]]
    [row] = (await desk.send("GET", f"/{base['kb_id']}/sources"))["items"]
    assert (row["type"], row["documents"], row["can_sync"], row["has_secrets"]) == ("website", 3, True, False)
    assert row["config"]["url"] == f"{desk.site.base}/"
    assert not [folder for folder in await desk.folders() if folder.endswith(source["source_id"].replace("-", ""))]


async def test_pages_are_edited_and_left_out_before_they_count(desk: Desk):
    draft_id, source = await desk.draft_with_site()
    path = f"/draft/{draft_id}/sources/{source['source_id']}/pages"
    text = (await desk.send("GET", f"{path}/1"))["text"]
    change = {"text": text.replace("24", "25") + "\n\nNew: boats.", "name": "Prices"}
    changed = await desk.send("PATCH", f"{path}/1", json=change)
    assert (changed["name"], changed["is_edited"]) == ("Prices", True)
    assert not (await desk.send("PATCH", f"{path}/2", json={"is_included": False}))["is_included"]
    base_id = (await desk.send("POST", f"/draft/{draft_id}/finalize", status=202))["kb_id"]

    documents = await desk.documents()

    assert {key: row.name for key, row in documents.items()} == {"/": "Home", "/fees": "Prices"}
    found = next(one for one in await desk.search(base_id, "berth euros") if "25 euros" in one["text"])
    assert found["heading"] == "Fees"
    assert len(await desk.folders()) == 2
    # A later load brings back neither what was left out nor the text before the edit.
    report = await desk.sync(base_id, source["source_id"])
    assert (report["added"], report["unchanged"], report["kept_edited"], report["removed"]) == (0, 1, 1, 0)
    assert (await desk.documents()).keys() == {"/", "/fees"}


async def test_a_draft_waits_for_its_website(desk: Desk):
    desk.installation.works.dispatcher.is_paused = True
    draft_id, source = await desk.draft_with_site()
    refused = await desk.send("POST", f"/draft/{draft_id}/finalize", status=422)
    assert refused["code"] == "draft_incomplete"
    path = f"/draft/{draft_id}/sources/{source['source_id']}"
    assert (await desk.send("GET", f"{path}/pages"))["items"] == []
    busy = await desk.send("PATCH", f"{path}/pages/0", status=409, json={"is_included": False})
    assert busy["code"] == "source_busy"
    chunks = await desk.send("GET", f"/draft/{draft_id}/preview-chunks")
    assert chunks["total"] == 0


async def test_loading_does_not_disturb_whoever_is_saving_the_draft(desk: Desk):
    draft_id, _ = await desk.draft_with_site()
    version = (await desk.send("GET", f"/draft/{draft_id}"))["version"]
    await desk.send("PUT", f"/draft/{draft_id}", json={"name": "Port", "version": version})


async def test_a_site_that_cannot_be_read_says_why(desk: Desk):
    desk.site.pages = {"/robots.txt": ("text/plain", b"User-agent: *\nDisallow: /")}
    draft_id, source = await desk.draft_with_site()
    loaded = await desk.send("GET", f"/draft/{draft_id}/sources/{source['source_id']}")
    assert (loaded["status"], loaded["error"]["code"]) == ("failed", "robots_forbid")
    refused = await desk.send("POST", f"/draft/{draft_id}/finalize", status=422)
    assert refused["code"] == "draft_incomplete"


async def test_a_site_without_anything_says_so(desk: Desk):
    desk.site.pages = {"/": page("", head='<meta name="robots" content="noindex">')}
    draft_id, source = await desk.draft_with_site()
    loaded = await desk.send("GET", f"/draft/{draft_id}/sources/{source['source_id']}")
    assert loaded["error"]["code"] == "nothing_loaded"
    assert "asks not to be indexed" in loaded["error"]["message"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"url": "http://10.0.0.1/"}, "url_not_allowed"),
        ({"url": "file:///etc/passwd"}, "url_not_allowed"),
        ({"url": ""}, "validation_failed"),
        ({"max_pages": 0}, "validation_failed"),
        ({"sync_minutes": 1}, "validation_failed"),
        ({"type": "carrier pigeon"}, "validation_failed"),
        ({"type": ""}, "validation_failed"),
    ],
)
async def test_settings_that_are_wrong_are_refused(desk: Desk, settings, code):
    draft_id = await desk.draft()
    refused = await desk.send("PUT", f"/draft/{draft_id}/sources", status=422, json=desk.website(**settings))
    assert refused["code"] == code


async def test_a_page_that_does_not_exist_is_not_found(desk: Desk):
    draft_id, source = await desk.draft_with_site()
    path = f"/draft/{draft_id}/sources/{source['source_id']}/pages/99"
    assert (await desk.send("GET", path, status=404))["code"] == "page_not_found"
    assert (await desk.send("PATCH", path, status=404, json={"is_included": True}))["code"] == "page_not_found"


async def test_a_page_without_text_cannot_be_taken_in(desk: Desk):
    desk.site.pages["/fees"] = ("application/pdf", b"%PDF-1.4 broken")
    draft_id, source = await desk.draft_with_site()
    path = f"/draft/{draft_id}/sources/{source['source_id']}/pages/1"
    broken = await desk.send("GET", path)
    assert (broken["status"], broken["is_included"], broken["text"]) == ("failed", False, "")
    refused = await desk.send("PATCH", path, status=422, json={"is_included": True})
    assert refused["code"] == "page_unreadable"


async def test_a_source_removed_while_it_is_loaded_leaves_nothing(desk: Desk, monkeypatch):
    monkeypatch.setattr(loading, "BEAT_SECONDS", 0.01)
    desk.installation.works.dispatcher.is_paused = True
    draft_id, source = await desk.draft_with_site(delay_seconds=0.2)
    load = asyncio.create_task(
        load_draft_source(desk.installation.works, desk.scope, UUID(draft_id), UUID(source["source_id"]))
    )
    while not desk.site.asked:
        await asyncio.sleep(0.01)
    await desk.send("DELETE", f"/draft/{draft_id}/sources/{source['source_id']}", status=204)
    await load
    assert await desk.folders() == set()


async def test_a_draft_finalized_the_moment_its_load_ends_keeps_its_content(desk: Desk, monkeypatch):
    works = desk.installation.works
    works.dispatcher.is_paused = True
    draft_id, source = await desk.draft_with_site(max_pages=1)
    run = loading._DraftLoad.run

    async def run_and_finalize(load) -> None:
        await run(load)
        await desk.send("POST", f"/draft/{draft_id}/finalize", status=202)

    monkeypatch.setattr(loading._DraftLoad, "run", run_and_finalize)
    await load_draft_source(works, desk.scope, UUID(draft_id), UUID(source["source_id"]))
    assert await desk.folders() == {row.storage_path for row in (await desk.documents()).values()}


async def test_a_load_that_has_gone_silent_is_called_failed(desk: Desk, monkeypatch):
    desk.installation.works.dispatcher.is_paused = True
    draft_id, source = await desk.draft_with_site()
    monkeypatch.setattr(pages, "LONGEST_SILENCE", timedelta(seconds=-1))
    folder = desk.scope.storage_path("sources", UUID(source["source_id"]).hex)
    state = LoadState(status="running", updated_at=utc_now())
    await write_state(desk.installation.works.plugins.storage, folder, state)
    seen = await desk.send("GET", f"/draft/{draft_id}/sources/{source['source_id']}")
    assert (seen["status"], seen["error"]["code"]) == ("failed", "load_died")


async def test_pages_can_be_looked_at_while_further_ones_arrive(desk: Desk, monkeypatch):
    monkeypatch.setattr(loading, "BEAT_SECONDS", 0.01)
    works = desk.installation.works
    works.dispatcher.is_paused = True
    arrived = asyncio.Event()

    async def last(request):
        await arrived.wait()
        return web.Response(text=article("Hours", "8:30."), content_type="text/html")

    desk.site.pages |= {
        "/": page("<p>Home. It is good to be here.</p>" + links("/hours"), title="Home"),
        "/hours": last,
    }
    draft_id, source = await desk.draft_with_site()
    path = f"/draft/{draft_id}/sources/{source['source_id']}"
    load = asyncio.create_task(load_draft_source(works, desk.scope, UUID(draft_id), UUID(source["source_id"])))
    listed: list[dict] = []
    while not listed:
        listed = (await desk.send("GET", f"{path}/pages"))["items"]
        await asyncio.sleep(0.01)
    assert (await desk.send("GET", path))["status"] == "pending"
    assert "Home." in (await desk.send("GET", f"{path}/pages/0"))["text"]
    arrived.set()
    await load
    assert len((await desk.send("GET", f"{path}/pages"))["items"]) == 2


async def test_loading_twice_is_loading_once(desk: Desk):
    draft_id, source = await desk.draft_with_site()
    asked = len(desk.site.asked)
    await load_draft_source(desk.installation.works, desk.scope, UUID(draft_id), UUID(source["source_id"]))
    assert len(desk.site.asked) == asked


async def test_a_second_delivery_waits_for_the_first_and_begins_again_if_that_has_died(desk: Desk, monkeypatch):
    monkeypatch.setattr(loading, "BEAT_SECONDS", 0.01)
    works = desk.installation.works
    works.dispatcher.is_paused = True
    draft_id, source = await desk.draft_with_site(max_pages=1)
    ids = (UUID(draft_id), UUID(source["source_id"]))
    folder = desk.scope.storage_path("sources", ids[1].hex)
    await write_state(works.plugins.storage, folder, LoadState(status="running", updated_at=utc_now()))
    second = asyncio.create_task(load_draft_source(works, desk.scope, *ids))
    await asyncio.sleep(0.05)
    assert desk.site.asked == []
    long_ago = utc_now() - timedelta(minutes=1)
    await write_state(works.plugins.storage, folder, LoadState(status="running", updated_at=long_ago))
    await second
    assert (await desk.send("GET", f"/draft/{draft_id}/sources/{source['source_id']}"))["status"] == "ready"


@ON_BOTH_DATABASES
async def test_a_later_load_brings_documents_in_step(desk: Desk):
    base_id, source_id = await desk.base()
    before = await desk.documents()
    desk.site.pages |= {
        "/": page(links("/fees", "/hours", "/new"), title="Home"),
        "/fees": article("Fees", "A berth costs 30 euros."),
        "/new": article("New", "Kayaks are here."),
    }
    del desk.site.pages["/hours"]

    report = await desk.sync(base_id, source_id)

    counts = {name: report[name] for name in ("added", "changed", "removed", "unchanged", "error")}
    assert counts == {"added": 1, "changed": 2, "removed": 1, "unchanged": 0, "error": None}
    after = await desk.documents()
    assert after.keys() == {"/", "/fees", "/new"}
    assert after["/fees"].id == before["/fees"].id
    assert after["/fees"].storage_path != before["/fees"].storage_path
    assert {row.status for row in after.values()} == {"indexed"}
    assert any("30 euros" in one["text"] for one in await desk.search(base_id, "berth euros"))
    assert not any("24 euros" in one["text"] for one in await desk.search(base_id, "berth euros"))
    assert await desk.folders() == {row.storage_path for row in after.values()}
    again = await desk.sync(base_id, source_id)
    assert (again["unchanged"], again["changed"], again["removed"]) == (3, 0, 0)
    assert (await desk.documents())["/fees"].attempt == after["/fees"].attempt


async def test_a_changed_page_answers_from_its_old_text_until_the_new_one_is_there(desk: Desk):
    base_id, source_id = await desk.base()
    desk.site.pages["/fees"] = article("Fees", "A berth costs 30 euros.")
    works = desk.installation.works
    works.dispatcher.is_paused = True
    await syncing.sync_source(works, desk.scope, UUID(source_id))
    fees = (await desk.documents())["/fees"]
    assert fees.status == "queued"
    assert any("24 euros" in one["text"] for one in await desk.search(base_id, "berth euros"))
    await index_document(works, desk.scope, fees.id)
    texts = [one["text"] for one in await desk.search(base_id, "berth euros")]
    assert any("30 euros" in text for text in texts)
    assert not any("24 euros" in text for text in texts)


async def test_a_document_that_is_being_indexed_when_its_text_changes_ends_with_the_new_text(desk: Desk):
    base_id, source_id = await desk.base(max_pages=1)
    async with desk.installation.works.open(desk.scope) as work:
        values = {"status": "embedding", "attempt": 1, "lease_until": utc_now() + timedelta(minutes=1)}
        await work.session.execute(update(Document).values(**values))
    desk.site.pages["/"] = article("Home", "Quite another text.")
    assert (await desk.sync(base_id, source_id))["changed"] == 1
    [document] = (await desk.documents()).values()
    assert (document.status, document.attempt) == ("indexed", 2)
    assert any("another text" in one["text"] for one in await desk.search(base_id, "another text"))


async def test_what_a_troubled_load_did_not_meet_stays(desk: Desk):
    base_id, source_id = await desk.base()

    async def broken(request):
        raise RuntimeError

    desk.site.pages["/"] = page(links("/hours", "/broken"), title="Home")
    desk.site.pages["/broken"] = broken
    report = await desk.sync(base_id, source_id)
    assert (report["removed"], report["failed"]) == (0, {"source_unavailable": 1})
    assert "/fees" in await desk.documents()


async def test_a_site_that_is_away_loses_nothing(desk: Desk):
    base_id, source_id = await desk.base()
    desk.site.pages = {}
    report = await desk.sync(base_id, source_id)
    assert (report["error"]["code"], report["removed"]) == ("source_unavailable", 0)
    assert len(await desk.documents()) == 3


async def test_a_second_load_at_the_same_time_is_refused(desk: Desk):
    base_id, source_id = await desk.base()
    async with desk.installation.works.open(desk.scope) as work:
        await work.session.execute(update(Source).values(syncing_until=utc_now() + timedelta(minutes=1)))
    asked = len(desk.site.asked)
    refused = await desk.send("POST", f"/{base_id}/sources/{source_id}/sync", status=409)
    assert refused["code"] == "source_busy"
    await syncing.sync_source(desk.installation.works, desk.scope, UUID(source_id))
    assert len(desk.site.asked) == asked
    assert (await desk.send("GET", f"/{base_id}/sources/{source_id}"))["is_syncing"]


@ON_BOTH_DATABASES
async def test_a_source_is_loaded_again_when_it_is_due(desk: Desk):
    base_id, source_id = await desk.base(sync_minutes=60)
    path = f"/{base_id}/sources/{source_id}"
    assert (await desk.send("GET", path))["sync_minutes"] == 60
    asked = len(desk.site.asked)
    await sync_due_sources(desk.installation.works)
    assert len(desk.site.asked) == asked
    async with desk.installation.works.open(desk.scope) as work:
        await work.session.execute(update(Source).values(next_sync_at=utc_now() - timedelta(minutes=1)))
    await sync_due_sources(desk.installation.works)
    assert len(desk.site.asked) > asked
    seen = await desk.send("GET", path)
    assert seen["next_sync_at"] > seen["last_synced_at"]
    assert (await desk.send("PATCH", path, json={"sync_minutes": None}))["next_sync_at"] is None


async def test_a_website_can_be_added_to_a_finished_knowledge_base(desk: Desk):
    base_id, _ = await desk.base(max_pages=1)
    added = await desk.send("POST", f"/{base_id}/documents", status=202, json=desk.website())
    assert added["documents"] == []
    report = (await desk.send("GET", f"/{base_id}/sources/{added['source']['source_id']}"))["last_report"]
    assert report["added"] == 3


async def test_a_source_goes_with_its_documents(desk: Desk):
    base_id, source_id = await desk.base()
    await desk.send("DELETE", f"/{base_id}/sources/{source_id}", status=204)
    assert await desk.documents() == {}
    assert await desk.folders() == set()
    assert (await desk.send("GET", f"/{base_id}/sources/{source_id}", status=404))["code"] == "source_not_found"


async def test_what_was_typed_cannot_be_loaded_again(desk: Desk):
    base_id, _ = await desk.base(max_pages=1)
    text = {"type": "text", "title": "Note", "content": "Closed on Sunday."}
    await desk.send("POST", f"/{base_id}/documents", status=202, json=text)
    [typed] = [one for one in (await desk.send("GET", f"/{base_id}/sources"))["items"] if one["type"] == "text"]
    path = f"/{base_id}/sources/{typed['source_id']}"
    assert not typed["can_sync"]
    assert (await desk.send("POST", f"{path}/sync", status=422))["code"] == "source_not_syncable"
    refused = await desk.send("PATCH", path, status=422, json={"sync_minutes": 60})
    assert refused["code"] == "source_not_syncable"


async def test_a_single_page_is_loaded_again_too(desk: Desk):
    base_id, _ = await desk.base(max_pages=1)
    body = {"type": "url", "url": f"{desk.site.base}/fees"}
    await desk.send("POST", f"/{base_id}/documents", status=202, json=body)
    [single] = [one for one in (await desk.send("GET", f"/{base_id}/sources"))["items"] if one["type"] == "url"]
    assert (await desk.sync(base_id, single["source_id"]))["unchanged"] == 1
    desk.site.pages["/fees"] = article("Fees", "Free of charge.")
    assert (await desk.sync(base_id, single["source_id"]))["changed"] == 1


async def test_a_credential_goes_in_and_never_comes_out(desk: Desk):
    works = desk.installation.works
    async with serving(github_routes(seen=(seen := []))) as base:
        body = {
            "type": "github",
            "repository": "harbour/docs",
            "folder": "docs",
            "api_url": base,
            "token": "t0ken-0f-ann",
        }
        draft_id = await desk.draft()
        answers = [await desk.send("PUT", f"/draft/{draft_id}/sources", json=body)]
        source_id = answers[0]["sources"][0]["source_id"]
        stored = await works.drafts.get(desk.scope, "kb", UUID(draft_id))
        answers += [await desk.send("GET", f"/draft/{draft_id}"), stored.payload]
        assert stored.payload["sources"][0]["sealed"]
        base_id = (await desk.send("POST", f"/draft/{draft_id}/finalize", status=202))["kb_id"]
        report = await desk.sync(base_id, source_id)
        answers += [await desk.send("GET", f"/{base_id}/sources"), report]
    assert (report["unchanged"], report["error"]) == (3, None)
    assert {request.headers["Authorization"] for request in seen} == {"Bearer t0ken-0f-ann"}
    assert answers[3]["items"][0]["has_secrets"]
    assert "t0ken" not in str(answers)


async def test_a_credential_opens_for_its_own_source_only(desk: Desk):
    works, other = desk.installation.works, uuid4()
    sealed = seal(works.plugins, desk.scope, uuid4(), {"token": "x"})
    with pytest.raises(InternalError):
        await open_connector(works, desk.scope, other, type="notion", config={}, sealed=sealed)


async def test_a_credential_that_is_wrong_is_not_repeated_in_the_refusal(desk: Desk):
    draft_id = await desk.draft()
    body = {"type": "notion", "token": "s3cret", "roots": ["no id"]}
    refused = await desk.send("PUT", f"/draft/{draft_id}/sources", status=422, json=body)
    assert "s3cret" not in str(refused)


async def test_upkeep_leaves_pages_of_drafts_and_documents_alone(desk: Desk, monkeypatch):
    monkeypatch.setattr(upkeep, "OLDEST_LOOSE_SOURCE", timedelta(seconds=-1))
    await desk.base(max_pages=2)
    await desk.draft_with_site(max_pages=2)
    before = await desk.folders()
    await upkeep.remove_abandoned_sources(desk.installation.works)
    assert await desk.folders() == before
    loose = f"{desk.scope.storage_path('sources')}/{new_id().hex}/{new_id().hex}"
    await desk.installation.works.plugins.storage.write(f"{loose}/original", b"x")
    await upkeep.remove_abandoned_sources(desk.installation.works)
    assert await desk.folders() == before


async def test_work_whose_watcher_gives_up_is_stopped():
    stopped = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.append(True)

    async def beat() -> None:
        raise loading.SourceGoneError

    with pytest.raises(loading.SourceGoneError):
        await attended(work(), beat, every_seconds=0.01)
    assert stopped == [True]
