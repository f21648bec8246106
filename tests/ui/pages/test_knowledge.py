import inspect
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from privexbot_app.domains.knowledge.browsing import window_starts
from privexbot_app.domains.knowledge.drafts import KnowledgeDraftService
from privexbot_app.domains.knowledge.schemas import ChunkView, KnowledgeDraftChange, QaSource, UrlSource
from privexbot_app.kit.errors import UnauthenticatedError
from privexbot_app.ui.knowledge.adding import parse_source
from privexbot_app.ui.knowledge.marking import cut_into_pieces, mark_words
from privexbot_app.ui.pages.knowledge import KnowledgeState
from privexbot_app.ui.pages.knowledge_base.search import SearchState
from privexbot_app.ui.pages.knowledge_base.state import BaseState
from privexbot_app.ui.pages.knowledge_base.tuning import TuningState
from privexbot_app.ui.pages.knowledge_document.changing import ChunkState
from privexbot_app.ui.pages.knowledge_document.state import DocumentState
from privexbot_app.ui.pages.knowledge_new.state import NewBaseState
from privexbot_app.ui.session import ScopedState
from tests.api.test_story import HANDBOOK, make_base, make_bot
from tests.installation import Installation, Person
from tests.ui.tab import Tab, fire, opened_tab

ADDING = ("show_adding", "show_connecting", "close_adding", "note_pasted", "add_pair", "remove_pair")
ONLY_SHOWS = {
    "search": (KnowledgeState,),
    "stop_asking": (KnowledgeState, BaseState),
    "show_upload": (BaseState,),
    "choose_tab": (BaseState,),
    "show_more_chunks": (NewBaseState,),
    "show_preview_of": (NewBaseState,),
    "ask_discard": (NewBaseState,),
    "choose_mode": (SearchState,),
    "choose_limit": (SearchState,),
    "begin": (SearchState,),
    "begin_adding": (ChunkState,),
    "close_chunk": (ChunkState,),
    "ask_reindex": (TuningState,),
    **dict.fromkeys(ADDING, (NewBaseState, BaseState)),
}
"""Handlers that only change what this tab shows."""


def handlers() -> Iterator[Any]:
    for state in (KnowledgeState, NewBaseState, BaseState, SearchState, TuningState, DocumentState, ChunkState):
        for name, handler in state.event_handlers.items():
            if name in vars(state) and name != "setvar" and state not in ONLY_SHOWS.get(name, ()):
                yield pytest.param(state, handler, id=f"{state.__name__}.{name}")


@pytest.mark.parametrize(("kind", "handler"), handlers())
async def test_a_stranger_is_refused(installation: Installation, kind: type[ScopedState], handler: Any):
    values = {"form": {}, "is_enabled": True, "part": 1}
    names = list(inspect.signature(handler.fn).parameters)[1:]
    with pytest.raises(UnauthenticatedError):
        await fire(Tab().state(kind), handler, *(values.get(name, "x") for name in names))


async def page_of(installation: Installation, person: Person, path: str, kind: Any) -> Any:
    """A page's state after it was loaded at an address."""
    tab = await opened_tab(installation, person)
    tab.visit(path)
    state = tab.state(kind)
    await fire(state, kind.load)
    return state


async def begun(installation: Installation, person: Person, name: str = "Handbook") -> NewBaseState:
    """The wizard with a draft that has a text in it."""
    state = await page_of(installation, person, "/knowledge/new", NewBaseState)
    await fire(state, NewBaseState.change_name, name)
    await fire(state, NewBaseState.add_text, {"title": "Handbook", "content": HANDBOOK})
    return state


# — the list —


async def test_the_list_shows_knowledge_bases_and_drafts(installation: Installation, ann: Person):
    await make_base(installation, ann)
    await begun(installation, ann, "In the making")
    state = await page_of(installation, ann, "/knowledge", KnowledgeState)
    assert [(row.name, row.status, row.documents) for row in state.bases] == [("Handbook", "Ready", "1 document")]
    assert [(row.name, row.sources) for row in state.drafts] == [("In the making", "1 source")]


async def test_another_organization_sees_an_empty_list(installation: Installation, ann: Person, bob: Person):
    await make_base(installation, ann)
    state = await page_of(installation, bob, "/knowledge", KnowledgeState)
    assert (state.is_listed, state.bases, state.drafts) == (True, [], [])


async def test_deleting_names_what_is_lost_and_who_will_miss_it(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    await make_bot(installation, ann, base_id)
    state = await page_of(installation, ann, "/knowledge", KnowledgeState)
    await fire(state, KnowledgeState.ask_delete, base_id)
    assert "1 document" in state.deleting_loss
    assert "Harbour bot" in state.deleting_loss
    await fire(state, KnowledgeState.delete)
    assert state.bases == []


# — the wizard —


async def test_the_first_name_begins_the_draft(installation: Installation, ann: Person):
    state = await page_of(installation, ann, "/knowledge/new", NewBaseState)
    assert state.draft_id == ""
    events = await fire(state, NewBaseState.change_name, "Handbook")
    assert f"draft={state.draft_id}" in str(events)


async def test_a_reload_resumes_the_draft(installation: Installation, ann: Person):
    state = await begun(installation, ann)
    await fire(state, NewBaseState.choose_strategy, "sentence")
    await fire(state, NewBaseState.change_option, "size_tokens", "64")
    again = await page_of(installation, ann, f"/knowledge/new?draft={state.draft_id}", NewBaseState)
    assert (again.name, again.strategy, len(again.sources)) == ("Handbook", "sentence", 1)
    assert {option.name: option.value for option in again.options}["size_tokens"] == 64


async def test_the_preview_follows_the_settings(installation: Installation, ann: Person):
    state = await begun(installation, ann)
    await fire(state, NewBaseState.preview)
    before = state.chunk_total
    for name, value in (("smallest_section_tokens", 0), ("overlap_tokens", 0), ("size_tokens", 16)):
        await fire(state, NewBaseState.change_option, name, value)
    await fire(state, NewBaseState.preview)
    assert 0 < before < state.chunk_total
    assert state.chunks[0].number == "1"


async def test_a_number_out_of_bounds_says_so_and_is_not_saved(installation: Installation, ann: Person):
    state = await begun(installation, ann)
    version = state.version
    await fire(state, NewBaseState.change_option, "size_tokens", "3")
    assert [option.problem for option in state.options if option.problem] == ["A number from 16 to 8,192."]
    assert state.version == version


async def test_an_overlap_over_half_of_the_size_says_so(installation: Installation, ann: Person):
    state = await begun(installation, ann)
    await fire(state, NewBaseState.change_option, "overlap_tokens", 200)
    assert state.settings_problem == "The overlap can be at most half of the chunk size."
    await fire(state, NewBaseState.change_name, "Renamed all the same")
    assert state.saving == "saved"


async def test_sources_added_meanwhile_are_no_conflict(installation: Installation, ann: Person):
    state = await begun(installation, ann)
    files = {"files": ("fees.txt", b"A berth costs 24 euros.")}
    url = f"/api/v1/kb/draft/{state.draft_id}/sources"
    assert (await installation.http.put(url, files=files, headers=ann.headers)).status_code == 200
    await fire(state, NewBaseState.change_name, "Handbook 2")
    assert state.saving == "saved"


async def test_a_change_elsewhere_waits_for_a_decision(installation: Installation, ann: Person):
    state = await begun(installation, ann)
    service = KnowledgeDraftService(state.works, await state.scope())
    await service.change(UUID(state.draft_id), KnowledgeDraftChange(name="Elsewhere"))
    await fire(state, NewBaseState.change_name, "Here")
    assert state.saving == "conflict"
    assert (await service.get(UUID(state.draft_id))).name == "Elsewhere"
    await fire(state, NewBaseState.keep_mine)
    assert (await service.get(UUID(state.draft_id))).name == "Here"


async def test_a_refused_address_stays_in_the_dialog(installation: Installation, ann: Person):
    state = await begun(installation, ann)
    await fire(state, NewBaseState.show_adding, "url")
    await fire(state, NewBaseState.add_url, {"url": "http://127.0.0.1/secret"})
    assert state.adding == "url"
    assert state.problems[""]
    assert state.is_adding is False


async def test_finishing_leads_to_the_knowledge_base(installation: Installation, ann: Person):
    state = await begun(installation, ann)
    events = await fire(state, NewBaseState.finish)
    base = await page_of(installation, ann, "/knowledge", KnowledgeState)
    assert base.bases[0].href in str(events)
    assert base.drafts == []


async def test_a_draft_of_another_organization_is_gone(installation: Installation, ann: Person, bob: Person):
    state = await begun(installation, ann)
    other = await page_of(installation, bob, f"/knowledge/new?draft={state.draft_id}", NewBaseState)
    assert (other.is_missing, other.name) == (True, "")


def test_a_form_becomes_a_source_or_a_sentence_for_each_field():
    assert isinstance(parse_source({"type": "url", "url": "https://example.com"}), UrlSource)
    assert isinstance(parse_source({"type": "qa", "pairs": [{"question": "Why?", "answer": "So."}]}), QaSource)
    assert set(parse_source({"type": "text", "title": " ", "content": ""})) == {"title", "content"}  # type: ignore[arg-type]


# — one knowledge base —


async def test_documents_are_found_by_name_and_status(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    state = await page_of(installation, ann, f"/knowledge/{base_id}", BaseState)
    await fire(state, BaseState.add_text, {"title": "100% fees_", "content": "A berth costs 24 euros."})
    await fire(state, BaseState.filter_name, "100% F")
    assert [row.name for row in state.documents] == ["100% fees_"]
    await fire(state, BaseState.filter_status, "failed")
    assert state.documents == []


async def test_a_failed_document_says_why_and_can_be_tried_again(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    files = {"files": ("broken.pdf", b"%PDF-1.7 nothing else")}
    await installation.http.post(f"/api/v1/kb/{base_id}/documents", files=files, headers=ann.headers)
    state = await page_of(installation, ann, f"/knowledge/{base_id}", BaseState)
    [broken] = [row for row in state.documents if row.is_failed]
    assert (broken.name, state.failed, bool(broken.problem)) == ("broken.pdf", 1, True)
    await fire(state, BaseState.retry, broken.id)
    await fire(state, BaseState.refresh)
    assert state.failed == 1


async def test_long_lists_come_in_pages(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    state = await page_of(installation, ann, f"/knowledge/{base_id}", BaseState)
    files = [("files", (f"note-{number}.txt", b"A berth costs 24 euros.")) for number in range(60)]
    await installation.http.post(f"/api/v1/kb/{base_id}/documents", files=files, headers=ann.headers)
    await fire(state, BaseState.files_taken)
    newest = [row.id for row in state.documents]
    await fire(state, BaseState.show_older)
    assert (len(newest), len(state.documents), state.next_cursor) == (50, 11, "")
    assert not set(newest) & {row.id for row in state.documents}
    await fire(state, BaseState.show_newer)
    assert [row.id for row in state.documents] == newest


async def test_a_search_marks_the_words_and_leads_to_the_passage(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    state = await page_of(installation, ann, f"/knowledge/{base_id}", SearchState)
    await fire(state, SearchState.search, {"question": "What does a berth cost?"})
    best = state.found[0]
    assert "berth" in [part.text for part in best.parts if part.is_marked]
    document = await page_of(installation, ann, best.href, DocumentState)
    cited = "".join(piece.text for piece in document.pieces if piece.is_cited)
    assert "24 euros" in cited
    assert [piece.anchor for piece in document.pieces].count("cited") == 1


async def test_renaming_and_disabling_are_kept(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    state = await page_of(installation, ann, f"/knowledge/{base_id}", BaseState)
    await fire(state, BaseState.rename, {"name": "Harbour", "description": "All about it"})
    await fire(state, BaseState.set_enabled, state.documents[0].id, False)
    again = await page_of(installation, ann, f"/knowledge/{base_id}", BaseState)
    assert (again.name, again.description, again.documents[0].is_enabled) == ("Harbour", "All about it", False)


async def test_a_knowledge_base_of_another_organization_is_not_here(
    installation: Installation, ann: Person, bob: Person
):
    base_id = await make_base(installation, ann)
    state = await page_of(installation, bob, f"/knowledge/{base_id}", BaseState)
    assert (state.is_missing, state.name) == (True, "")


# — one document —


async def test_a_long_document_comes_in_parts(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    base = await page_of(installation, ann, f"/knowledge/{base_id}", BaseState)
    await fire(base, BaseState.add_text, {"title": "Long", "content": "A berth costs 24 euros.\n" * 2000})
    state = await page_of(installation, ann, base.documents[0].href, DocumentState)
    texts = []
    for part in range(1, state.parts + 1):
        await fire(state, DocumentState.turn_to, part)
        texts.append("".join(piece.text for piece in state.pieces))
    assert len(texts) == 3
    assert max(map(len, texts)) <= 20_000
    assert "".join(texts).strip() == ("A berth costs 24 euros.\n" * 2000).strip()


async def opened_document(installation: Installation, ann: Person, **more: Any) -> ChunkState:
    """The page of a document, with what changes its chunks."""
    base_id = await make_base(installation, ann, **more)
    base = await page_of(installation, ann, f"/knowledge/{base_id}", BaseState)
    return await page_of(installation, ann, base.documents[0].href, ChunkState)


async def test_a_chunk_is_edited_switched_off_and_put_back(installation: Installation, ann: Person):
    state = await opened_document(installation, ann)
    await fire(state, ChunkState.open_chunk, state.chunks[0].id)
    before = state.chunk_text
    await fire(state, ChunkState.save_chunk, {"text": " "})
    assert (state.dialog, bool(state.chunk_problem)) == ("change", True)
    await fire(state, ChunkState.save_chunk, {"text": "Ask at the office."})
    assert (state.dialog, state.chunks[0].mark, state.chunks[0].opening) == ("", "Edited", "Ask at the office.")
    await fire(state, ChunkState.open_chunk, state.chunks[0].id)
    assert (state.is_edited, state.source_text) == (True, before)
    await fire(state, ChunkState.use_chunk, False)
    assert (state.dialog, state.is_used, state.chunks[0].mark) == ("change", False, "Off")
    await fire(state, ChunkState.keep, "source")
    assert (state.dialog, state.chunks[0].mark, state.chunks[0].is_enabled) == ("", "", True)
    await fire(state, ChunkState.keep, "source")
    assert state.chunk_problem


async def test_a_chunk_is_added_and_deleted(installation: Installation, ann: Person):
    state = await opened_document(installation, ann)
    shown = "".join(piece.text for piece in state.pieces)
    await fire(state, ChunkState.open_chunk, state.chunks[-1].id)
    await fire(state, ChunkState.begin_adding)
    await fire(state, ChunkState.add_chunk, {"text": ""})
    assert (state.dialog, bool(state.chunk_problem)) == ("add", True)
    await fire(state, ChunkState.add_chunk, {"text": "Sailors sing."})
    assert (state.chunks[-1].mark, "".join(piece.text for piece in state.pieces)) == ("Added", shown)
    await fire(state, ChunkState.begin_adding_first)
    await fire(state, ChunkState.add_chunk, {"text": "Read this first."})
    assert state.chunks[0].opening == "Read this first."
    await fire(state, ChunkState.open_chunk, state.chunks[0].id)
    await fire(state, ChunkState.delete_chunk)
    assert state.chunks[0].opening != "Read this first."
    await fire(state, ChunkState.open_chunk, state.chunks[0].id)
    await fire(state, ChunkState.delete_chunk)
    assert state.chunk_problem.startswith("This chunk comes from the document.")


async def test_settings_of_a_finished_base_are_changed_and_index_it_again(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    state = await page_of(installation, ann, f"/knowledge/{base_id}", TuningState)
    await fire(state, TuningState.begin)
    assert (state.strategy, state.embedding, state.mode) == ("heading", "hash", "hybrid")
    await fire(state, TuningState.choose_mode, "keyword")
    await fire(state, TuningState.choose_strategy, "sentence")
    await fire(state, TuningState.choose_embedding, "nothing")
    await fire(state, TuningState.change_option, "overlap_tokens", 200)
    await fire(state, TuningState.reindex)
    assert state.settings_problem == "The overlap can be at most half of the chunk size."
    await fire(state, TuningState.change_option, "overlap_tokens", 0)
    await fire(state, TuningState.reindex)
    again = await page_of(installation, ann, f"/knowledge/{base_id}", TuningState)
    await fire(again, TuningState.begin)
    assert (again.strategy, again.mode, again.is_reindexing, again.reindex_problem) == (
        "sentence",
        "keyword",
        False,
        "",
    )


async def test_a_reindex_that_fails_says_why_until_somebody_has_read_it(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann, content="One word after another. " * 80)
    state = await page_of(installation, ann, f"/knowledge/{base_id}", TuningState)
    await fire(state, TuningState.begin)
    await fire(state, TuningState.choose_strategy, "whole")
    await fire(state, TuningState.change_option, "size_tokens", 16)
    await fire(state, TuningState.reindex)
    await fire(state, BaseState.refresh)
    assert "handbook.md" in state.reindex_problem
    await fire(state, BaseState.stop_reindex)
    assert state.reindex_problem == ""


async def test_documents_on_their_way_are_cancelled_and_tried_again(installation: Installation, ann: Person):
    base_id = await make_base(installation, ann)
    installation.works.dispatcher.is_paused = True
    state = await page_of(installation, ann, f"/knowledge/{base_id}", BaseState)
    for title in ("Tides", "Winds"):
        await fire(state, BaseState.add_text, {"title": title, "content": "Twice a day."})
    await fire(state, BaseState.cancel, state.documents[0].id)
    assert (state.documents[0].is_cancelled, state.cancelled, state.processing) == (True, 1, 1)
    await fire(state, BaseState.cancel_all)
    assert (state.cancelled, state.processing, state.is_busy) == (2, 0, False)
    installation.works.dispatcher.is_paused = False
    await fire(state, BaseState.retry_failed)
    assert (state.indexed, state.cancelled) == (3, 0)


def test_a_window_begins_after_a_line_or_a_word():
    text = "one two\nthree four five"
    assert [text[start:] for start in window_starts(text, size=10)] == [text, "three four five", "four five"]


def chunk(index: int, start: int, end: int) -> ChunkView:
    return ChunkView(
        id=UUID(int=index), index=index, text="", context="", start=start, end=end, page=None, heading="", token_count=1
    )


def test_pieces_tell_chunks_their_overlap_and_the_cited_range_apart():
    pieces = cut_into_pieces("abcdefgh", [chunk(0, 10, 14), chunk(1, 13, 17)], offset=10, cited=(14, 16))
    assert [(piece.text, piece.look, piece.label, piece.is_cited) for piece in pieces] == [
        ("abc", "even", "1", False),
        ("d", "both", "2", False),
        ("ef", "odd", "", True),
        ("g", "odd", "", False),
        ("h", "none", "", False),
    ]


@pytest.mark.parametrize("text", ["", "Refunds take 14 days.", "退款政策", "שעות הפתיחה", "a_b-c d"])
def test_marking_never_changes_the_text(text: str):
    assert "".join(part.text for part in mark_words(text, "refund 退款 days")) == text
