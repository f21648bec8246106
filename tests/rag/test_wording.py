"""Words weighed among a question's candidates."""

import pytest

from privexbot_app.rag.wording import CandidateWords

FILLER = [["quay", "boat", "rope"]] * 60


def test_a_word_that_nobody_holds_is_found_by_its_first_letters() -> None:
    scores = CandidateWords([["constitucional", "norma"], ["puerto"], *FILLER]).score({"constitution": 1.0})
    assert scores[0] > 0
    assert not scores[1:].any()


def test_the_word_itself_counts_more_than_one_that_begins_alike() -> None:
    scores = CandidateWords([["constitution"], ["constitucional"], *FILLER]).score({"constitution": 1.0})
    assert scores[0] > scores[1] > 0


def test_a_word_that_many_hold_is_not_looked_for_by_its_first_letters() -> None:
    texts = [["harbour"]] * 5 + [["harbourmaster"]]
    assert CandidateWords(texts).score({"harbour": 1.0})[5] == 0


def test_a_weight_multiplies_a_words_score() -> None:
    words = CandidateWords([["fee"], *FILLER])
    assert words.score({"fee": 0.5})[0] == pytest.approx(words.score({"fee": 1.0})[0] / 2)


def test_candidates_that_say_the_same_are_alike() -> None:
    words = CandidateWords([["fee", "berth"], ["fee", "berth", "night"], ["crane"], []])
    likeness = words.likeness([0], [1.0])
    assert likeness[0] >= likeness[1] > likeness[2]
    assert likeness[3] == 0


def test_texts_without_words_have_no_scores() -> None:
    words = CandidateWords([[], []])
    assert words.score({"fee": 1.0}).tolist() == [0, 0]
    assert words.likeness([0], [1.0]).tolist() == [0, 0]
