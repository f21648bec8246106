"""Ordering candidates by meaning, words and names together."""

from privexbot_app.rag.ranking import (
    MEANING_SHARE_OF_FOREIGN_LANGUAGE,
    Candidate,
    are_within_reach,
    meaning_share,
    score_by_ranks,
    score_candidates,
    spread_over_documents,
    word_scores,
)

FILLER = ["the", "quay", "is", "open", "all", "day", "for", "boats"] * 8


def order(scores: list[float]) -> list[int]:
    return sorted(range(len(scores)), key=lambda at: -scores[at])


def test_a_clear_lead_in_meaning_beats_a_small_lead_in_words() -> None:
    near = Candidate(["fee", "boat"], cosine_similarity=0.9)
    worded = Candidate(["fee", "fee", "boat"], cosine_similarity=0.2)
    far = Candidate(["crane"], cosine_similarity=0.1)
    assert order(score_candidates({"fee": 1.0}, [far, worded, near], meaning_share=0.6))[0] == 2


def test_shares_of_one_and_nought_rank_by_one_kind_of_evidence_alone() -> None:
    near, worded = Candidate(["boat"], cosine_similarity=0.9), Candidate(["fee"], cosine_similarity=0.1)
    assert order(score_candidates({"fee": 1.0}, [near, worded], meaning_share=1)) == [0, 1]
    assert order(score_candidates({"fee": 1.0}, [near, worded], meaning_share=0)) == [1, 0]


def test_scores_lie_between_nought_and_one() -> None:
    found = [Candidate(["fee"], cosine_similarity=cosine / 10) for cosine in range(-9, 10)]
    assert all(0 < score < 1 for score in score_candidates({"fee": 1.0}, found, meaning_share=0.6))


def test_no_candidates_have_no_scores() -> None:
    assert score_candidates({"fee": 1.0}, [], meaning_share=0.6) == []
    assert word_scores({"fee": 1.0}, []) == []
    assert score_by_ranks({"fee": 1.0}, []) == []


def test_candidates_without_any_evidence_are_all_alike() -> None:
    assert score_candidates({}, [Candidate([]), Candidate([])], meaning_share=0.6) == [0.5, 0.5]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    common = [Candidate(["berth"]) for _ in range(8)]
    scores = word_scores({"berth": 1.0, "crane": 1.0}, [*common, Candidate(["crane"])])
    assert order(scores)[0] == 8


def test_the_name_of_a_document_counts() -> None:
    text = ["total", "net", "sale"]
    scores = word_scores({"sale": 1.0, "2023": 1.0}, [Candidate(text, ["2022"]), Candidate(text, ["2023"])])
    assert scores[1] > scores[0] > 0


def test_a_good_passage_lifts_the_others_of_its_document() -> None:
    best = Candidate(["fee", "berth"], cosine_similarity=0.9, document="a")
    same = Candidate(["quay"], cosine_similarity=0.3, document="a")
    other = Candidate(["quay"], cosine_similarity=0.3, document="b")
    scores = score_candidates({"fee": 1.0}, [best, other, same], meaning_share=0.6)
    assert scores[0] > scores[2] > scores[1]


def test_cosines_of_two_models_are_not_compared() -> None:
    """One model places everything above 0.8; its worst must not beat the other's best."""
    tight = [Candidate([], cosine_similarity=cosine, model="tight") for cosine in (0.82, 0.9)]
    wide = [Candidate([], cosine_similarity=cosine, model="wide") for cosine in (0.1, 0.7)]
    scores = score_candidates({}, [*tight, *wide], meaning_share=1)
    assert scores[0] < scores[3]


def test_a_candidate_without_a_vector_stands_with_the_farthest() -> None:
    scores = score_candidates(
        {}, [Candidate([], cosine_similarity=0.8), Candidate([], cosine_similarity=0.1), Candidate([])], meaning_share=1
    )
    assert scores[1] == scores[2] < scores[0]


def test_words_count_more_where_the_model_does_not_know_the_language() -> None:
    found = [Candidate(FILLER)]
    assert meaning_share(found, is_language_known=False) == MEANING_SHARE_OF_FOREIGN_LANGUAGE
    assert meaning_share(found, is_language_known=True) > MEANING_SHARE_OF_FOREIGN_LANGUAGE


def test_vectors_count_more_for_short_texts() -> None:
    short = meaning_share([Candidate(["what", "is", "it"])], is_language_known=True)
    assert short > meaning_share([Candidate(FILLER)], is_language_known=True)


def test_fusion_by_ranks_prefers_what_both_found() -> None:
    both = Candidate(["fee"], cosine_similarity=0.5)
    near, worded = Candidate(["boat"], cosine_similarity=0.9), Candidate(["fee", "fee"])
    assert order(score_by_ranks({"fee": 1.0}, [near, worded, both]))[0] == 2


def test_a_passage_like_the_best_ones_stands_before_one_that_is_not() -> None:
    best = Candidate(["fee", "berth", "night"], cosine_similarity=0.9, document="a")
    like = Candidate(["berth", "night", "pay"], cosine_similarity=0.3, document="b")
    unlike = Candidate(["crane", "rope", "pay"], cosine_similarity=0.3, document="c")
    others = [Candidate(["quay", "boat", "pay"], cosine_similarity=0.4 - at / 100) for at in range(8)]
    scores = score_candidates({"fee": 1.0}, [best, unlike, like, *others], meaning_share=0.6)
    assert scores[2] > scores[1]


def test_what_stands_far_behind_the_best_is_out_of_reach_unless_texts_are_short() -> None:
    scores = [0.9999, 0.99, 0.0001]
    assert are_within_reach(scores, [Candidate(FILLER)] * 3) == [True, True, False]
    assert are_within_reach(scores, [Candidate(["fee"])] * 3) == [True, True, True]
    assert are_within_reach([], []) == []


def test_certainty_is_no_arithmetic_error() -> None:
    assert are_within_reach([1.0, 0.0], [Candidate(FILLER)] * 2) == [True, False]


def test_a_short_reading_hears_several_documents() -> None:
    here, there = Candidate([*FILLER, "fee"], document="here"), Candidate([*FILLER, "fee"], document="there")
    assert order(spread_over_documents({"fee": 1.0}, [0.9, 0.8, 0.7], [here, here, there])) == [0, 2, 1]
    assert order(spread_over_documents({"fee": 1.0}, [0.9, 0.8, 0.3], [here, here, there])) == [0, 1, 2]


def test_spreading_keeps_the_order_within_a_document() -> None:
    passages = [Candidate([*FILLER, "fee"], document="here")] * 6
    assert order(spread_over_documents({"fee": 1.0}, [0.9, 0.8, 0.79, 0.78, 0.77, 0.76], passages)) == [
        0,
        1,
        2,
        3,
        4,
        5,
    ]


def test_short_texts_and_those_in_another_language_are_not_spread() -> None:
    scores = [0.9, 0.8, 0.7]
    short = [Candidate(["fee"], document=document) for document in "aab"]
    foreign = [Candidate(FILLER, document=document) for document in "aab"]
    assert spread_over_documents({"fee": 1.0}, scores, short) == scores
    assert spread_over_documents({"gebühr": 1.0, "hafen": 1.0}, scores, foreign) == scores
    assert spread_over_documents({"fee": 1.0}, [], []) == []
