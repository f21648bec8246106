"""Overlap of words: rare words count more, related ones half, context a share."""

import pytest

from privexbot_app.kit.overlap import Piece, WordWeights


def test_rare_words_count_more() -> None:
    pieces = [Piece(["shop", "refund"]), Piece(["shop", "hour"]), Piece(["shop"])]
    weights = WordWeights(pieces)
    asked = ["shop", "refund"]
    assert weights.coverage(asked, pieces[0]) == 1.0
    assert weights.coverage(asked, Piece(["refund"])) > weights.coverage(asked, Piece(["shop"])) > 0


def test_inflections_count_half_and_short_words_do_not() -> None:
    assert Piece(["surrendered"]).share_of("surrenders") == 0.5
    assert Piece(["form"]).share_of("fork") == 0.0


def test_context_counts_the_given_share() -> None:
    weights = WordWeights([])
    assert weights.coverage(["refund"], Piece([]), Piece(["refund"]), share=0.25) == pytest.approx(0.25)
    assert weights.coverage(["refund"], Piece([])) == 0.0


def test_no_words_are_not_covered() -> None:
    assert WordWeights([]).coverage([], Piece(["a"])) == 0.0
