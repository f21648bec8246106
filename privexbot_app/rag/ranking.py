"""Order the candidates of several retrievers by what is known of all of them: meaning, words, the document's name.

Pure. Ranks alone throw away how clearly a retriever prefers one passage to the next; here every candidate gets both
scores, each measured in standard deviations of this question's candidates, so that the two compare. Words are weighed
among the candidates, not in the whole index: the same on every database, and no other tenant's texts have a say.
"""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from privexbot_app.rag.fusion import reciprocal_rank_fusion

# Measured on all sets of `bench.retrieval` together, not for each: the mean of all figures is flat around these values.
MEANING_SHARE = 0.6
# A vector holds all of a short text, and in a text of a few words each word counts only once.
MEANING_SHARE_OF_SHORT_TEXTS = 0.75
SHORT_TEXT_WORDS = 40
# A model that never learned a language still places its names and loanwords.
MEANING_SHARE_OF_FOREIGN_LANGUAGE = 0.3
TERM_SATURATION = 1.2
LENGTH_NORMALISATION = 0.5
NAME_WEIGHT = 3.0
# A document with one good passage is on the subject, which speaks for its other passages too.
DOCUMENT_SHARE = 0.1


@dataclass(frozen=True)
class Candidate:
    """A passage that a retriever proposed.

    words: its tokens, as the keyword index has them. name_words: those of its document's name.
    cosine_similarity: to the question; None where there is no vector.
    model: whose vectors it was compared with; cosines of two models do not compare.
    document: which document it is part of.
    """

    words: Sequence[str]
    name_words: Sequence[str] = ()
    cosine_similarity: float | None = None
    model: str = ""
    document: Hashable = None


def meaning_share(candidates: Sequence[Candidate], *, is_language_known: bool) -> float:
    """How much the vectors count, 0 to 1; the rest is the words'.

    is_language_known: whether the embedding model has learned the question's language.
    """
    if not is_language_known:
        return MEANING_SHARE_OF_FOREIGN_LANGUAGE
    words = sum(len(candidate.words) for candidate in candidates)
    is_short = words < SHORT_TEXT_WORDS * len(candidates)
    return MEANING_SHARE_OF_SHORT_TEXTS if is_short else MEANING_SHARE


def score_candidates(
    question_words: Sequence[str], candidates: Sequence[Candidate], *, meaning_share: float
) -> list[float]:
    """One score per candidate, 0 to 1, higher is better; comparable within one question only.

    question_words: the tokens worth asking for, see `keywords.match_query`.
    meaning_share: 1 ranks by vectors alone, 0 by words alone; in between, a document's best passage lifts its others.

    >>> near = Candidate(["ship"], cosine_similarity=0.8)
    >>> worded = Candidate(["refund", "paid"], cosine_similarity=0.7)
    >>> far = Candidate(["boat"], cosine_similarity=0.1)
    >>> scores = score_candidates(["refund"], [near, worded, far], meaning_share=0.5)
    >>> max(range(3), key=lambda at: scores[at])
    1
    """
    if not candidates:
        return []
    blend = np.zeros(len(candidates))
    if meaning_share > 0:
        blend += meaning_share * _standard_cosines(candidates)
    if meaning_share < 1:
        blend += (1 - meaning_share) * _standard(np.asarray(word_scores(question_words, candidates)))
    if 0 < meaning_share < 1:
        blend += DOCUMENT_SHARE * _best_of_document(candidates, blend)
    return [1 / (1 + math.exp(-value)) for value in blend]


def score_by_ranks(question_words: Sequence[str], candidates: Sequence[Candidate]) -> list[float]:
    """One score per candidate, 0 to 1, by reciprocal-rank fusion of the vectors' ranking and the words'.

    What has no vector, or none of the words, has no rank there.
    """
    cosines = [candidate.cosine_similarity for candidate in candidates]
    worded = word_scores(question_words, candidates)
    near = sorted(
        (at for at, cosine in enumerate(cosines) if cosine is not None), key=lambda at: cosines[at] or 0.0, reverse=True
    )
    named = sorted((at for at, score in enumerate(worded) if score > 0), key=lambda at: worded[at], reverse=True)
    fused = reciprocal_rank_fusion([near, named])
    scores = [0.0] * len(candidates)
    for rank, at in enumerate(fused, start=1):
        scores[at] = 1 / rank
    return scores


def _best_of_document(candidates: Sequence[Candidate], scores: np.ndarray) -> np.ndarray:
    best: dict[Hashable, float] = {}
    for candidate, score in zip(candidates, scores.tolist(), strict=True):
        best[candidate.document] = max(best.get(candidate.document, score), score)
    return np.asarray([best[candidate.document] for candidate in candidates])


def word_scores(question_words: Sequence[str], candidates: Sequence[Candidate]) -> list[float]:
    """BM25 of each candidate among these candidates; a word in the document's name counts on its own.

    Not negative; 0 for a candidate without any of the words. Source: Robertson, Zaragoza, 2009.
    """
    counts = [Counter(candidate.words) for candidate in candidates]
    lengths = np.asarray([len(candidate.words) for candidate in candidates], dtype=np.float64)
    damping = 1 - LENGTH_NORMALISATION + LENGTH_NORMALISATION * lengths / max(1.0, lengths.mean() if counts else 1.0)
    scores = np.zeros(len(candidates))
    names = [frozenset(candidate.name_words) for candidate in candidates]
    for word in dict.fromkeys(question_words):
        found = np.asarray([count[word] for count in counts], dtype=np.float64)
        saturated = found * (TERM_SATURATION + 1) / (found + TERM_SATURATION * damping)
        scores += _rarity(found > 0) * saturated
        named = np.asarray([word in name for name in names])
        scores += NAME_WEIGHT * _rarity(named) * named
    return scores.tolist()


def _rarity(is_holding: np.ndarray) -> float:
    holding = int(is_holding.sum())
    return math.log(1 + (len(is_holding) - holding + 0.5) / (holding + 0.5))


def _standard_cosines(candidates: Sequence[Candidate]) -> np.ndarray:
    """Cosines in standard deviations, each model's on its own; a candidate without one stands with the farthest."""
    values = np.zeros(len(candidates))
    known = [candidate.cosine_similarity for candidate in candidates]
    for model in {candidate.model for candidate in candidates}:
        rows = [at for at, candidate in enumerate(candidates) if candidate.model == model]
        present = [cosine for at in rows if (cosine := known[at]) is not None]
        farthest = min(present, default=0.0)
        cosines = [cosine if (cosine := known[at]) is not None else farthest for at in rows]
        values[rows] = _standard(np.asarray(cosines))
    return values


def _standard(values: np.ndarray) -> np.ndarray:
    spread = values.std()
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)
