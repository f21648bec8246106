"""Markers in answers, whole and streamed, and the exact places that they lead to."""

import json
import random
from pathlib import Path

import pytest

from privexbot_app.kit.text import Passage
from privexbot_app.rag.citations import (
    MAX_SNIPPET_CHARACTERS,
    CitationTracker,
    cite,
    clean_markers,
    find_markers,
    snippet,
)

XQUAD = Path(__file__).parents[3] / "shared" / "data" / "retrieval" / "xquad"
DOCUMENT = (
    "Returns\n\nCustomers may return unused items within 30 days. The refund goes to the original card. "
    "Sale items cannot be returned. Our office is in Lisbon.\n"
)


def passage(index: int = 1, text: str = DOCUMENT[9:], start: int = 9) -> Passage:
    return Passage(index, "Terms", text, start, start + len(text), page=2, url="https://example.com/terms")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a [1]", [(1,)]),
        ("a [1][2]", [(1,), (2,)]),
        ("a [1, 2]", [(1, 2)]),
        ("a [1;3] b", [(1, 3)]),
        ("a [2-4]", [(2, 3, 4)]),
        ("a 【1】 b ［2］", [(1,), (2,)]),
        ("a 【3†source】", [(3,)]),
        ("答案【1、2】", [(1, 2)]),
        ("a [^1]", [(1,)]),
        ("a [ 1 ]", [(1,)]),
        ("a [x] [] [0] [2024] [1.5] [1", []),
        ("code `a[1]` and ```\nb[2]\n``` then [3]", [(3,)]),
        ("a lone ` here [1]\nthen [2]", [(2,)]),
    ],
)
def test_markers_are_found_in_every_form(text: str, numbers: list[tuple[int, ...]]) -> None:
    assert [marker.numbers for marker in find_markers(text)] == numbers


def test_a_marker_knows_its_place() -> None:
    marker = find_markers("Yes [12].")[0]
    assert "Yes [12]."[marker.start : marker.end] == "[12]"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Ten days [1].", "Ten days [1]."),
        ("Ten days [9].", "Ten days."),
        ("Ten days [1, 9] or two【2】.", "Ten days [1] or two[2]."),
        ("Both [1-3].", "Both [1][2][3]."),
        ("A list: [x](https://example.com) - [ ] todo [", "A list: [x](https://example.com) - [ ] todo ["),
        ("Index `a[7]` stays", "Index `a[7]` stays"),
        ("```\na [7]\n```\nb [7]", "```\na [7]\n```\nb"),
        ("", ""),
    ],
)
def test_the_final_text_has_only_markers_that_lead_somewhere(text: str, clean: str) -> None:
    assert clean_markers(text, [1, 2, 3]) == clean


@pytest.mark.parametrize("seed", range(20))
def test_streaming_shows_the_same_text_and_never_takes_anything_back(seed: int) -> None:
    answer = "A [1] b[2, 9] c 【3】 d [ x ] `e[4]` f ```\ng [1]\n``` [44] h [1-2][ 3 ]. [7 not one, [5†s] end  [9]"
    expected = clean_markers(answer, range(1, 4))
    pick = random.Random(seed)
    tracker = CitationTracker(range(1, 4))
    shown = ""
    rest = answer
    while rest:
        size = pick.randint(1, 4)
        shown += tracker.feed(rest[:size]).text
        rest = rest[size:]
        assert expected.startswith(shown)
        assert not any(number in shown for number in ("[9", "[44", "[5"))
    shown += tracker.finish().text
    assert shown == expected
    assert tracker.cited == [1, 2, 3]


def test_a_citation_is_announced_once_when_its_marker_is_complete() -> None:
    tracker = CitationTracker([1, 2])
    news = [tracker.feed(piece).newly_cited for piece in ("Yes [", "1", "]", " and [1", ", 2]", " [2]")]
    assert news == [(), (), (1,), (), (2,), ()]


def test_plain_words_are_not_held_back() -> None:
    tracker = CitationTracker([1])
    assert tracker.feed("Hello").text == "Hello"
    assert tracker.feed(" world [not").text == " world [not"


def test_a_citation_leads_to_the_sentence_that_supports_it() -> None:
    (citation,) = cite([passage()], "You have 30 days to return unused items [1].")
    assert DOCUMENT[citation.start : citation.end] == "Customers may return unused items within 30 days."
    assert (citation.index, citation.title, citation.page, citation.url) == (1, "Terms", 2, "https://example.com/terms")
    assert "within 30 days" in citation.snippet


def test_the_statement_may_stand_before_the_full_stop_or_after_it() -> None:
    for answer in (
        "It is in Lisbon [1]. Bye.",
        "It is in Lisbon. [1] Sale items too.",
        "Hi. The office is in Lisbon.[1]",
    ):
        (citation,) = cite([passage()], answer)
        assert DOCUMENT[citation.start : citation.end] == "Our office is in Lisbon."


def test_several_statements_from_one_passage_widen_the_span() -> None:
    (citation,) = cite([passage()], "Return unused items within 30 days [1]. The refund goes to the card [1].")
    assert DOCUMENT[citation.start : citation.end].startswith("Customers may")
    assert DOCUMENT[citation.start : citation.end].endswith("original card.")


def test_citations_keep_their_numbers_and_come_in_order_of_the_answer() -> None:
    found = [passage(1), passage(2, "Shops open at nine.", 500), passage(3, "Unused.", 900)]
    assert [one.index for one in cite(found, "Shops open at nine [2][7]. Return within 30 days [1].")] == [2, 1]
    assert cite(found, "Nothing cited.") == []
    assert cite([], "Yes [1].") == []


def test_an_answer_in_another_language_cites_the_whole_passage() -> None:
    (citation,) = cite([passage(text="Shops open at nine.", start=40)], "商店九点开门。[1]")
    assert (citation.start, citation.end) == (40, 59)


def test_a_repeated_table_header_does_not_shift_the_place() -> None:
    document = "| Plan | Price |\n|---|---|\n| A | 1 |\n| Team | 49 EUR |\n"
    start = document.index("| Team")
    text = "| Plan | Price |\n" + document[start:].strip()
    (citation,) = cite([Passage(1, "Prices", text, start, len(document) - 1)], "The Team plan is 49 EUR [1].")
    assert document[citation.start : citation.end] == "| Team | 49 EUR |"


@pytest.mark.parametrize("length", [0, 1, 40, 299, 300, 301, 5000])
def test_a_snippet_is_short_and_shows_the_span(length: int) -> None:
    text = ("before " * 100) + ("x" * length) + (" after" * 100)
    shown = snippet(text, 700, 700 + length)
    assert len(shown) <= MAX_SNIPPET_CHARACTERS
    assert "x" * min(length, 200) in shown
    assert snippet("Short.", 0, 6) == "Short."


@pytest.mark.skipif(not XQUAD.exists(), reason="needs the shared test data")
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_quoted_answer_leads_to_its_evidence(language: str) -> None:
    """The span of a citation holds the evidence when the statement is the question turned into words of the text."""
    rows = [json.loads(line) for line in (XQUAD / f"questions_{language}.jsonl").read_text("utf-8").splitlines()]
    hits = 0
    sample = rows[::5]
    for row in sample:
        evidence = row["evidence"][0]
        document = (XQUAD / f"docs_{language}" / evidence["doc"]).read_text("utf-8")
        start, end = row["paragraph"]
        found = [Passage(1, "", document[start:end], start, end)]
        (citation,) = cite(found, f"{row['question'].strip('¿?')}: {evidence['text']} [1]")
        hits += citation.start <= evidence["start"] and evidence["end"] <= citation.end
    assert hits / len(sample) >= 0.9
