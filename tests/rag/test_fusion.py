"""Fusing rankings and thinning them out."""

import numpy as np
import pytest

from privexbot_app.rag.fusion import maximal_marginal_relevance, reciprocal_rank_fusion


def test_what_several_retrievers_find_comes_first() -> None:
    assert reciprocal_rank_fusion([["x", "both"], ["y", "both"]])[0] == "both"


def test_weights_decide_between_single_finds() -> None:
    assert reciprocal_rank_fusion([["a"], ["b"]], weights=[1, 2]) == ["b", "a"]


def test_ties_keep_the_order_of_first_sight() -> None:
    assert reciprocal_rank_fusion([["a"], ["b"]]) == ["a", "b"]


def test_an_id_repeated_in_one_ranking_counts_once() -> None:
    assert reciprocal_rank_fusion([["a", "b", "b", "b"]]) == ["a", "b"]


def test_no_rankings_give_no_ids() -> None:
    assert reciprocal_rank_fusion([]) == []
    assert reciprocal_rank_fusion([[], []]) == []


@pytest.mark.parametrize("arguments", [{"damping": 0}, {"weights": [1]}, {"weights": [1, -1]}])
def test_settings_without_meaning_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        reciprocal_rank_fusion([["a"], ["b"]], **arguments)  # type: ignore[arg-type]


def test_mmr_skips_a_near_copy() -> None:
    vectors = [[1.0, 0.0, 0.1], [1.0, 0.0, 0.1001], [0.8, 0.6, 0.0]]
    assert maximal_marginal_relevance([1, 0, 0], vectors, limit=2, relevance_share=0.5) == [0, 2]
    assert maximal_marginal_relevance([1, 0, 0], vectors, limit=2, relevance_share=1.0) == [0, 1]


def test_mmr_chooses_each_candidate_once_and_survives_zero_vectors() -> None:
    vectors = np.vstack([np.zeros(4), np.eye(4)]).tolist()
    assert sorted(maximal_marginal_relevance([0, 0, 0, 1], vectors, limit=9)) == [0, 1, 2, 3, 4]
    assert maximal_marginal_relevance([1, 0], [], limit=3) == []
    assert maximal_marginal_relevance([1, 0], [[1, 0]], limit=0) == []


def test_mmr_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError):
        maximal_marginal_relevance([1, 0], [[1, 0]], limit=1, relevance_share=1.1)
    with pytest.raises(ValueError):
        maximal_marginal_relevance([1, 0, 0], [[1, 0]], limit=1)
