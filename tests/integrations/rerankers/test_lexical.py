"""The reranker that needs nothing."""

import pytest

from privexbot_app.integrations.rerankers.base import Proposal, Reranker
from privexbot_app.integrations.rerankers.lexical import LexicalReranker
from tests.contract.reranker_contract import RerankerContract


@pytest.fixture
def reranker() -> Reranker:
    return LexicalReranker(LexicalReranker.Config())


class TestLexical(RerankerContract):
    pass


async def test_words_that_stand_together_beat_scattered_ones(reranker: Reranker) -> None:
    filler = "boats and ropes and sails " * 30
    scattered = Proposal(f"late {filler} arrival {filler} fee", 0.5)
    together = Proposal(f"late arrival fee {filler} {filler}", 0.5)
    scores = await reranker.rerank("late arrival fee", [scattered, together])
    assert scores[1] > scores[0]


async def test_the_search_keeps_most_of_the_say(reranker: Reranker) -> None:
    scores = await reranker.rerank("late arrival fee", [Proposal("late arrival fee", 0.1), Proposal("berths", 0.9)])
    assert scores[1] > scores[0]
