"""Sources of many items in the dashboard, from a website on this machine."""

import inspect
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from privexbot_app.domains.knowledge.pages import SourceBusyError
from privexbot_app.domains.knowledge.schemas import (
    KnowledgeSourceView,
    LoadNote,
    LoadReport,
    SourceView,
    SyncReport,
)
from privexbot_app.kit.clock import utc_now
from privexbot_app.kit.errors import NotFoundError, UnauthenticatedError
from privexbot_app.ui.knowledge.connecting import build_form, connector_choices, find_problems, read_form
from privexbot_app.ui.knowledge.sources import connected_row, left_out, source_row
from privexbot_app.ui.pages.knowledge_base.sources.state import SourcesState
from privexbot_app.ui.pages.knowledge_base.state import BaseState
from privexbot_app.ui.pages.knowledge_new.review.state import ReviewState
from privexbot_app.ui.pages.knowledge_new.state import NewBaseState
from privexbot_app.ui.session import ScopedState
from tests.api.test_story import make_base
from tests.installation import Installation, Person, installed
from tests.integrations.source_connectors.site import TrapSite, links, page, running
from tests.ui.pages.test_knowledge import page_of
from tests.ui.tab import Tab, fire

ONLY_SHOWS = {"keep_source"}


@pytest.fixture
async def installation(tmp_path, redis_url, database_url) -> AsyncIterator[Installation]:
    async with installed(tmp_path, redis_url, database_url, allowed_private_networks="127.0.0.1/32") as made:
        yield made


@pytest.fixture
async def site() -> AsyncIterator[TrapSite]:
    home = page(links("/fees", "/hours", "/gone"), title="Home")
    made = TrapSite({"/": home, "/fees": article("Fees", "24 euros."), "/hours": article("Hours", "8:30.")})
    async with running(made):
        yield made


def article(title: str, sentence: str) -> str:
    return page(f"<main><h1>{title}</h1><p>{sentence} {'More about it follows here. ' * 12}</p></main>", title=title)


def filled(site: TrapSite, **settings: str) -> dict[str, str]:
    """The form for a website, as the browser sends it."""
    named = {f"setting-{name}": value for name, value in settings.items()}
    return {"setting-url": f"{site.base}/", "setting-delay_seconds": "0", "schedule": "never", **named}


def handlers() -> Iterator[Any]:
    for state in (ReviewState, SourcesState):
        for name, handler in state.event_handlers.items():
            if name in vars(state) and name != "setvar" and name not in ONLY_SHOWS:
                yield pytest.param(state, handler, id=f"{state.__name__}.{name}")


@pytest.mark.parametrize(("kind", "handler"), handlers())
async def test_a_stranger_is_refused(installation: Installation, kind: type[ScopedState], handler: Any):
    names = list(inspect.signature(handler.fn).parameters)[1:]
    with pytest.raises(UnauthenticatedError):
        await fire(Tab().state(kind), handler, *({"form": {}, "number": 1}.get(name, "x") for name in names))


# — forms —


def test_the_menu_offers_every_source_of_many_items_once(installation: Installation):
    types = [choice.type for choice in connector_choices()]
    assert types[:5] == ["website", "feed", "github", "notion", "google_docs"]
    assert len(types) == len(set(types))
    assert not {"text", "qa", "url"} & set(types)


def test_credentials_are_fields_that_never_show_a_value(installation: Installation):
    form = build_form("google_docs")
    secrets = {field.setting: field.value for field in [*form.basic, *form.more] if field.kind == "secret"}
    assert secrets == {"access_token": "", "refresh_token": "", "client_secret": ""}


def test_what_does_not_fit_says_so_beside_its_field(installation: Installation):
    assert find_problems("website", {"url": "", "max_pages": "0"}) == {
        "url": "This is needed.",
        "max_pages": "A number from 1 to 5,000.",
    }
    assert find_problems("github", {"repository": "x"}) == {"repository": "Write it as owner/name."}
    assert find_problems("notion", {}) == {"token": "This is needed."}
    assert set(find_problems("google_docs", {"items": ["1aBcDeFgHiJkLmNoPqRsTuVwXyZ012345"]})) == {""}


def test_a_form_is_read_as_its_fields_mean_it(installation: Installation):
    form = {"setting-url": " https://example.com ", "setting-include": "/a/*\n\n /b/* ", "setting-uses_sitemap": "on"}
    assert read_form("website", form) == {
        "url": "https://example.com",
        "include": ["/a/*", "/b/*"],
        "is_whole_host": False,
        "is_rendered": False,
        "uses_sitemap": True,
    }


async def test_an_unknown_kind_opens_no_form(installation: Installation, ann: Person):
    state = await page_of(installation, ann, "/knowledge/new", NewBaseState)
    await fire(state, NewBaseState.show_connecting, "text")
    assert (state.adding, state.connecting) == ("", "")


# — the wizard —


async def read_site(installation: Installation, person: Person, site: TrapSite) -> ReviewState:
    """The wizard with a website that was read, and the review of its pages open."""
    review = await page_of(installation, person, "/knowledge/new", ReviewState)
    await fire(review, NewBaseState.change_name, "Harbour")
    await fire(review, NewBaseState.show_connecting, "website")
    await fire(review, NewBaseState.add_connected, filled(site))
    assert review.problems == {}
    await fire(review, NewBaseState.reload_sources)
    await fire(review, ReviewState.open_review, review.sources[0].id)
    return review


async def test_a_website_is_read_and_says_what_it_left_out(installation: Installation, ann: Person, site: TrapSite):
    state = await read_site(installation, ann, site)
    [row] = state.sources
    assert (row.has_pages, row.is_pending, row.left_out) == (True, False, "1 skipped")
    assert [(group.reason, group.places) for group in row.reasons] == [
        ("The page does not exist any more.", [f"{site.base}/gone"])
    ]
    assert state.can_finish


async def test_a_website_that_is_still_being_read_holds_the_wizard_back(
    installation: Installation, ann: Person, site: TrapSite
):
    installation.works.dispatcher.is_paused = True
    state = await page_of(installation, ann, "/knowledge/new", NewBaseState)
    await fire(state, NewBaseState.change_name, "Harbour")
    await fire(state, NewBaseState.add_text, {"title": "Fees", "content": "A berth costs 24 euros."})
    await fire(state, NewBaseState.show_connecting, "website")
    await fire(state, NewBaseState.add_connected, filled(site))
    assert (state.is_reading, state.can_finish, state.readiness) == (True, False, "Still reading 1 source.")
    waiting = next(row for row in state.sources if row.is_pending)
    assert waiting.details == "Waiting to begin"
    await fire(state, NewBaseState.remove_source, waiting.id)
    assert (state.is_reading, state.can_finish) == (False, True)


async def test_pages_are_searched_and_taken_out_together(installation: Installation, ann: Person, site: TrapSite):
    state = await read_site(installation, ann, site)
    assert ([row.name for row in state.pages], state.page_words) == (
        ["Home", "Fees", "Hours"],
        "3 of 3 pages will be taken in",
    )
    await fire(state, ReviewState.find_page, "FEES")
    await fire(state, ReviewState.include_matches, False)
    assert [(row.name, row.is_included) for row in state.pages] == [("Fees", False)]
    await fire(state, ReviewState.find_page, "")
    assert state.page_words == "2 of 3 pages will be taken in"
    await fire(state, ReviewState.include_page, 2, False)
    events = await fire(state, NewBaseState.finish)
    base = await page_of(installation, ann, str(events[0].args[0][1]._var_value), BaseState)
    assert [row.name for row in base.documents] == ["Home"]


async def test_a_page_is_edited_before_it_becomes_a_document(installation: Installation, ann: Person, site: TrapSite):
    state = await read_site(installation, ann, site)
    await fire(state, ReviewState.open_one, 1)
    assert "24 euros" in state.open_text
    await fire(state, ReviewState.save_page, {"name": "", "text": state.open_text})
    assert state.open_problem != ""
    await fire(state, ReviewState.save_page, {"name": "Prices", "text": state.open_text.replace("24", "25")})
    assert (state.open_number, state.pages[1].name, state.pages[1].is_edited) == (-1, "Prices", True)
    await fire(state, ReviewState.open_one, 1)
    assert "25 euros" in state.open_text


async def test_pages_of_a_source_that_is_being_read_cannot_be_changed(
    installation: Installation, ann: Person, site: TrapSite
):
    installation.works.dispatcher.is_paused = True
    state = await read_site(installation, ann, site)
    assert state.pages == []
    with pytest.raises(SourceBusyError):
        await fire(state, ReviewState.include_matches, False)


async def test_a_source_of_somebody_else_has_no_pages_here(
    installation: Installation, ann: Person, bob: Person, site: TrapSite
):
    state = await read_site(installation, ann, site)
    other = await page_of(installation, bob, "/knowledge/new", ReviewState)
    with pytest.raises(NotFoundError):
        await fire(other, ReviewState.open_review, state.reviewed)
    other.draft_id, other.reviewed = state.draft_id, state.reviewed
    with pytest.raises(NotFoundError):
        await fire(other, ReviewState.open_one, 0)


@pytest.mark.parametrize("number", ["1", None, True, 99, -1])
async def test_a_page_that_is_not_there_is_not_found(
    installation: Installation, ann: Person, site: TrapSite, number: Any
):
    state = await read_site(installation, ann, site)
    with pytest.raises(NotFoundError):
        await fire(state, ReviewState.open_one, number)


async def test_retrieval_settings_are_checked_and_kept(installation: Installation, ann: Person):
    state = await page_of(installation, ann, "/knowledge/new", NewBaseState)
    await fire(state, NewBaseState.change_name, "Harbour")
    await fire(state, NewBaseState.choose_reranker, "lexical")
    await fire(state, NewBaseState.change_number, "diversity", "20")
    await fire(state, NewBaseState.change_number, "expand_neighbours", "9")
    assert state.retrieval_problems == {"expand_neighbours": "A number from 0 to 5."}
    again = await page_of(installation, ann, f"/knowledge/new?draft={state.draft_id}", NewBaseState)
    assert (again.reranker, again.diversity, again.expand_neighbours) == ("lexical", "20", "0")


# — one knowledge base —


async def connected(installation: Installation, person: Person, site: TrapSite) -> SourcesState:
    """A knowledge base to which a website was added, with its sources shown."""
    base_id = await make_base(installation, person)
    state = await page_of(installation, person, f"/knowledge/{base_id}", SourcesState)
    await fire(state, BaseState.show_connecting, "website")
    await fire(state, BaseState.add_connected, filled(site))
    assert (state.problems, state.tab) == ({}, "sources")
    await fire(state, SourcesState.open_sources)
    return state


async def test_a_website_is_added_and_loaded_again(installation: Installation, ann: Person, site: TrapSite):
    state = await connected(installation, ann, site)
    row = state.connected[0]
    assert (row.type, row.documents, row.changes, row.left_out) == ("Website", "3 documents", "3 added", "1 skipped")
    del site.pages["/hours"]
    site.pages["/fees"] = article("Fees", "26 euros.")
    await fire(state, SourcesState.sync_now, row.id)
    [again, uploaded] = state.connected
    assert (again.changes, again.is_syncing) == ("1 changed, 1 removed, 1 unchanged", False)
    assert (uploaded.type, uploaded.can_sync) == ("File", False)


async def test_a_load_that_waits_for_a_worker_counts_as_running(
    installation: Installation, ann: Person, site: TrapSite
):
    state = await connected(installation, ann, site)
    installation.works.dispatcher.is_paused = True
    await fire(state, SourcesState.sync_now, state.connected[0].id)
    assert (state.connected[0].is_syncing, state.is_any_syncing) == (True, True)
    assert await fire(state, SourcesState.watch_sources) == []


async def test_the_schedule_is_kept_and_only_ours_are_taken(installation: Installation, ann: Person, site: TrapSite):
    state = await connected(installation, ann, site)
    await fire(state, SourcesState.choose_schedule, state.connected[0].id, "1440")
    assert (state.connected[0].schedule, state.connected[0].next_sync) == ("1440", "Next: in 24 hours")
    await fire(state, SourcesState.choose_schedule, state.connected[0].id, "1")
    assert state.connected[0].schedule == "1440"
    await fire(state, SourcesState.choose_schedule, state.connected[0].id, "never")
    assert (state.connected[0].schedule, state.connected[0].next_sync) == ("never", "")


async def test_a_source_is_deleted_with_its_documents(installation: Installation, ann: Person, site: TrapSite):
    state = await connected(installation, ann, site)
    await fire(state, SourcesState.ask_remove, state.connected[0].id)
    assert state.removing_loss.startswith("3 documents")
    await fire(state, SourcesState.remove_source)
    assert [row.type for row in state.connected] == ["File"]
    await fire(state, BaseState.files_taken)
    assert [row.name for row in state.documents] == ["handbook.md"]


# — words —


def test_items_left_out_are_grouped_by_reason_and_the_unnamed_are_counted():
    notes = [LoadNote(where="/a", code="timeout", message="It took too long.")]
    groups = left_out(LoadReport(skipped={"robots": 1}, failed={"timeout": 3}, notes=notes))
    assert [(group.count, group.reason, group.places, group.more) for group in groups] == [
        ("3", "It took too long.", ["/a"], "and 2 more"),
        ("1", "The site's robots.txt does not allow this page to be read.", [], "and 1 more"),
    ]


def test_a_source_without_a_name_is_called_after_its_kind():
    view = SourceView(source_id=UUID(int=1), type="notion", name="notion", status="pending", has_pages=True, pages=2)
    assert (source_row(view).name, source_row(view).details) == ("Notion", "2 pages of 2 read")


def test_a_load_that_failed_says_why_and_not_what_it_changed():
    error = {"code": "source_unavailable", "message": "The feed answered with status 500."}
    now = utc_now()
    view = KnowledgeSourceView(
        source_id=UUID(int=1),
        type="feed",
        name="https://example.com/feed",
        config={},
        has_secrets=False,
        documents=1,
        can_sync=True,
        sync_minutes=90,
        is_syncing=False,
        next_sync_at=now + timedelta(minutes=90),
        last_synced_at=now,
        last_report=SyncReport.model_validate({"error": error}),
        created_at=now,
    )
    row = connected_row(view)
    assert (row.problem, row.changes) == ("The feed answered with status 500.", "")
    assert row.schedules[-1] == {"value": "90", "text": "Every 90 minutes"}


@pytest.mark.parametrize(("minutes", "is_syncing"), [(1, True), (11, False)])
def test_a_first_load_that_left_no_trace_may_be_asked_for_again(minutes: int, is_syncing: bool):
    view = KnowledgeSourceView(
        source_id=UUID(int=1),
        type="website",
        name="https://example.com",
        config={},
        has_secrets=False,
        documents=0,
        can_sync=True,
        sync_minutes=None,
        is_syncing=False,
        next_sync_at=None,
        last_synced_at=None,
        last_report=None,
        created_at=utc_now() - timedelta(minutes=minutes),
    )
    assert connected_row(view).is_syncing is is_syncing
