"""Words that stand together, on this machine. No key, no model, no download.

What BM25 cannot see: whether the question's words stand near each other and in its order, or are scattered over the
passage. Adds that to the search's own score.
"""

from collections.abc import Sequence
from itertools import pairwise

from pydantic import BaseModel, Field

from privexbot_app.integrations.rerankers.base import RERANKERS, Proposal
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.overlap import Piece, WordWeights
from privexbot_app.kit.words import informative, tokenize


@RERANKERS.register("lexical")
class LexicalReranker:
    """Prefers passages in which one stretch holds most of the question, and which repeat its phrases."""

    class Config(BaseModel):
        """How much the words' nearness counts."""

        share: float = Field(
            0.15, ge=0, le=1, description="Weight of the words' nearness; the rest is the search's own score."
        )
        window_words: int = Field(40, ge=5, le=500, description="Length of the stretch that is looked at, in words.")

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config

    async def rerank(self, question: str, proposals: Sequence[Proposal]) -> list[float]:
        """See `Reranker.rerank`."""
        asked = tokenize(question)
        words = informative(asked)
        texts = [tokenize(proposal.text) for proposal in proposals]
        weights = WordWeights([Piece(text) for text in texts])
        phrases = {pair for pair in pairwise(asked) if set(pair) & set(words)}
        share = self.config.share
        return [
            (1 - share) * proposal.score + share * self._nearness(words, phrases, text, weights)
            for proposal, text in zip(proposals, texts, strict=True)
        ]

    async def close(self) -> None:
        """See `Reranker.close`; there is nothing to free."""

    def _nearness(
        self, words: Sequence[str], phrases: set[tuple[str, str]], text: Sequence[str], weights: WordWeights
    ) -> float:
        """0 to 1: half for the best stretch, half for the question's pairs of neighbouring words."""
        step = max(1, self.config.window_words // 2)
        starts = range(0, max(1, len(text) - step), step)
        stretches = [Piece(text[start : start + self.config.window_words]) for start in starts]
        best = max(weights.coverage(words, stretch) for stretch in stretches)
        repeated = phrases & set(pairwise(text))
        return (best + len(repeated) / len(phrases)) / 2 if phrases else best
