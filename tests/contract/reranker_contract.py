"""What every reranker must do."""

from privexbot_app.integrations.rerankers.base import Proposal, Reranker

QUESTION = "What does a berth for one night cost?"
PROPOSALS = (
    Proposal("The crane is closed on Sundays.", 0.5),
    Proposal("A berth for one night costs 24 euros.", 0.5),
    Proposal("Fuel is sold at the quay by night.", 0.5),
)


class RerankerContract:
    """Subclasses give a `reranker` fixture."""

    async def test_the_passage_that_answers_comes_first(self, reranker: Reranker) -> None:
        scores = await reranker.rerank(QUESTION, PROPOSALS)
        assert len(scores) == len(PROPOSALS)
        assert max(range(3), key=lambda at: scores[at]) == 1

    async def test_no_passages_have_no_scores(self, reranker: Reranker) -> None:
        assert await reranker.rerank(QUESTION, []) == []

    async def test_passages_without_words_do_no_harm(self, reranker: Reranker) -> None:
        assert len(await reranker.rerank("?!", [Proposal("…", 0.5), Proposal(" ", 0.4)])) == 2
