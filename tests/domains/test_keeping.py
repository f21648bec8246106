"""What people have changed of a document's chunks, after the document was cut anew."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from privexbot_app.domains.knowledge.cutting import Place, build_rows
from privexbot_app.domains.knowledge.keeping import keep_changes
from privexbot_app.domains.knowledge.models import Chunk as Row
from privexbot_app.kit.text import StructuredText
from privexbot_app.rag.chunkers.base import approximate_tokens
from privexbot_app.rag.chunkers.recursive import RecursiveChunker

PLACE = Place(UUID(int=1), UUID(int=2), UUID(int=3), 1)
FEES = "A berth for one night costs 24 euros, and water is not included."
HOURS = "The office is open from half past eight to five o'clock on weekdays."
DOGS = "Dogs are welcome on the pier as long as they are kept on a lead."
TEXT = "\n\n".join((FEES, HOURS, DOGS))
NEW_FEES = "A berth for one night costs 26 euros, and water is not included."


def cut(text: str, size: int = 22, place: Place = PLACE) -> list[Row]:
    chunker = RecursiveChunker(
        RecursiveChunker.Config(size_tokens=size, overlap_tokens=0), count_tokens=approximate_tokens
    )
    return build_rows(place, chunker.chunk(StructuredText(text)))


def edited(rows: list[Row], number: int, text: str) -> list[Row]:
    row = rows[number]
    row.basis, row.origin, row.text = row.text, "edited", text
    return rows


def disabled(rows: list[Row], number: int) -> list[Row]:
    rows[number].basis, rows[number].is_enabled = rows[number].text, False
    return rows


def added(rows: list[Row], number: int, text: str) -> list[Row]:
    """A chunk behind that one."""
    before = rows[number]
    row = Row(
        id=UUID(int=99),
        workspace_id=PLACE.workspace_id,
        knowledge_base_id=PLACE.base_id,
        document_id=PLACE.document_id,
        index=number + 1,
        text=text,
        start=before.end,
        end=before.end,
        keywords="",
        origin="added",
        basis=before.basis or before.text,
    )
    return [*rows[: number + 1], row, *rows[number + 1 :]]


def keep(old: Sequence[Row], text: str, size: int = 22, place: Place = PLACE) -> list[Row]:
    return keep_changes(text, old, cut(text, size, place), place, approximate_tokens)


def texts(rows: Sequence[Row]) -> list[str]:
    return [row.text for row in rows]


def test_the_document_is_cut_as_these_tests_expect():
    assert texts(cut(TEXT)) == [FEES, HOURS, DOGS]


def test_an_edited_chunk_stays_where_nothing_has_changed():
    old = edited(cut(TEXT), 0, "Ask at the office what a berth costs.")
    ids = [row.id for row in old]
    kept = keep(old, TEXT)
    assert texts(kept) == ["Ask at the office what a berth costs.", HOURS, DOGS]
    assert [row.id for row in kept] == ids
    assert (kept[0].start, kept[0].end, kept[0].conflicting_text) == (0, len(FEES), None)


def test_a_change_moves_with_its_passage():
    old = disabled(edited(cut(TEXT), 2, "No dogs."), 1)
    kept = keep(old, f"Welcome to the harbour of the old town, dear guests.\n\n{TEXT}")
    assert texts(kept)[-2:] == [HOURS, "No dogs."]
    assert [row.is_enabled for row in kept] == [True, True, False, True]
    text = f"Welcome to the harbour of the old town, dear guests.\n\n{TEXT}"
    assert text[kept[-1].start : kept[-1].end] == DOGS
    assert len({row.id for row in kept}) == 4


def test_other_sizes_leave_an_edited_passage_alone_and_say_it_once():
    old = edited(cut(TEXT), 1, "The office is closed.")
    kept = keep(old, TEXT, size=100)
    assert texts(kept) == [FEES, "The office is closed.", DOGS]
    assert TEXT[kept[1].start : kept[1].end] == HOURS
    assert [row.index for row in kept] == [0, 1, 2]
    small = keep(old, TEXT, size=16)
    assert "The office is closed." in texts(small)
    assert not any("weekdays" in text for text in texts(small))


def test_what_the_source_says_otherwise_now_is_a_conflict_and_the_persons_words_stay():
    old = edited(cut(TEXT), 0, "Ask at the office what a berth costs.")
    kept = keep(old, TEXT.replace(FEES, NEW_FEES))
    assert texts(kept) == ["Ask at the office what a berth costs.", HOURS, DOGS]
    assert (kept[0].conflicting_text, kept[0].basis) == (NEW_FEES, FEES)


def test_a_conflict_stays_one_until_somebody_decides_and_ends_when_the_source_takes_it_back():
    old = edited(cut(TEXT), 0, "Ask at the office what a berth costs.")
    once = keep(old, TEXT.replace(FEES, NEW_FEES))
    twice = keep(once, TEXT.replace(FEES, NEW_FEES))
    assert (twice[0].text, twice[0].conflicting_text) == ("Ask at the office what a berth costs.", NEW_FEES)
    back = keep(twice, TEXT)
    assert (back[0].text, back[0].conflicting_text) == ("Ask at the office what a berth costs.", None)


def test_a_passage_that_is_gone_leaves_the_persons_words_in_conflict_with_nothing():
    old = edited(cut(TEXT), 1, "The office is closed.")
    kept = keep(old, f"{FEES}\n\n{DOGS}")
    assert sorted(texts(kept)) == sorted([FEES, DOGS, "The office is closed."])
    [row] = [row for row in kept if row.origin == "edited"]
    assert (row.conflicting_text, row.start == row.end) == ("", True)


def test_a_disabled_passage_that_says_something_else_stays_off_and_asks():
    kept = keep(disabled(cut(TEXT), 0), TEXT.replace(FEES, NEW_FEES))
    assert (kept[0].text, kept[0].is_enabled, kept[0].conflicting_text) == (NEW_FEES, False, NEW_FEES)


def test_a_disabled_passage_that_is_gone_is_gone():
    assert texts(keep(disabled(cut(TEXT), 1), f"{FEES}\n\n{DOGS}")) == [FEES, DOGS]


def test_an_added_chunk_follows_its_passage():
    old = added(cut(TEXT), 1, "On Sundays, ring the bell.")
    text = f"Welcome to the harbour of the old town, dear guests.\n\n{TEXT}"
    kept = keep(old, text)
    assert texts(kept)[2:4] == [HOURS, "On Sundays, ring the bell."]
    assert kept[3].start == kept[3].end == kept[2].end
    assert kept[3].conflicting_text is None
    wide = keep(old, TEXT, size=100)
    assert texts(wide) == [TEXT, "On Sundays, ring the bell."]
    assert wide[1].conflicting_text is None


def test_an_added_chunk_is_in_conflict_when_its_passage_has_changed():
    kept = keep(added(cut(TEXT), 0, "Children stay for free."), TEXT.replace(FEES, NEW_FEES))
    assert texts(kept) == [NEW_FEES, "Children stay for free.", HOURS, DOGS]
    assert kept[1].conflicting_text == ""


def test_a_chunk_at_the_top_stays_there_whatever_happens_below():
    row = added(cut(TEXT), 0, "Read this first.")[1]
    row.basis, row.start, row.end = "", 0, 0
    kept = keep([row, *cut(TEXT)], "Something else altogether.")
    assert texts(kept) == ["Read this first.", "Something else altogether."]
    assert kept[0].conflicting_text is None


def test_the_next_generation_has_ids_of_its_own():
    old = edited(cut(TEXT), 0, "Ask.")
    kept = keep(old, TEXT, place=Place(PLACE.workspace_id, PLACE.base_id, PLACE.document_id, 2))
    assert not {row.id for row in old} & {row.id for row in kept}
    assert {row.generation for row in kept} == {2}


def test_two_passages_that_say_the_same_are_told_apart_by_their_places():
    text = f"{FEES}\n\n{HOURS}\n\n{FEES}"
    kept = keep(edited(cut(text), 2, "The same as above."), text)
    assert texts(kept) == [FEES, HOURS, "The same as above."]


@pytest.mark.parametrize("text", ["", "   ", "x"])
def test_a_document_that_has_become_empty_keeps_what_people_wrote(text: str):
    old = added(edited(cut(TEXT), 0, "Ask at the office."), 0, "Children stay for free.")
    kept = keep(old, text)
    assert {"Ask at the office.", "Children stay for free."} <= set(texts(kept))
    assert [row.index for row in kept] == list(range(len(kept)))
