"""Order the candidates of several retrievers by what is known of all of them: meaning, words, the document's name.

Pure. Ranks alone throw away how clearly a retriever prefers one passage to the next; here every candidate gets both
scores, each measured in standard deviations of this question's candidates, so that the two compare. What the best few
of them say in common speaks for others that say it too. Weighing words is the business of `wording`.
"""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from privexbot_app.rag.fusion import reciprocal_rank_fusion
from privexbot_app.rag.wording import CandidateWords, rarity

# Measured on all sets of `bench.retrieval` together, not for each: the mean of all figures is flat around these values.
MEANING_SHARE = 0.6
# A vector holds all of a short text, and in a text of a few words each word counts only once.
MEANING_SHARE_OF_SHORT_TEXTS = 0.75
SHORT_TEXT_WORDS = 40
# A model that never learned a language still places its names and loanwords.
MEANING_SHARE_OF_FOREIGN_LANGUAGE = 0.3
NAME_WEIGHT = 3.0
FEEDBACK_PASSAGES = 4
FEEDBACK_SHARE = 0.3
# In the scores' own measure, before it is bent to 0 to 1. Of the right passages hardly any stands farther behind the
# best one, and most of the wrong ones do.
FARTHEST_BEHIND = 7.0
# A document with one good passage is on the subject, which speaks for its other passages too.
DOCUMENT_SHARE = 0.1
# The same document's second and third passage stand this far behind, so that a short reading hears several documents.
# What has a fourth is what the question is about. Where the texts hold few of its words, ranks are too coarse for it.
REPEATED_DOCUMENT_COST = 0.6
REPEATED_PASSAGES = (1, 2)
KNOWN_WORDS_SHARE = 0.5


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
    return MEANING_SHARE_OF_SHORT_TEXTS if _are_short(candidates) else MEANING_SHARE


def _are_short(candidates: Sequence[Candidate]) -> bool:
    return sum(len(candidate.words) for candidate in candidates) < SHORT_TEXT_WORDS * len(candidates)


def score_candidates(
    question: Mapping[str, float], candidates: Sequence[Candidate], *, meaning_share: float
) -> list[float]:
    """One score per candidate, 0 to 1, higher is better; comparable within one question only.

    question: the words worth asking for with their weights, see `keywords.weigh_query`.
    meaning_share: 1 ranks by vectors alone, 0 by words alone; in between, passages like the best ones gain, and a
    document's best passage lifts its others.

    >>> near = Candidate(["ship"], cosine_similarity=0.8)
    >>> worded = Candidate(["refund", "paid"], cosine_similarity=0.7)
    >>> far = Candidate(["boat"], cosine_similarity=0.1)
    >>> scores = score_candidates({"refund": 1.0}, [near, worded, far], meaning_share=0.5)
    >>> max(range(3), key=lambda at: scores[at])
    1
    """
    if not candidates:
        return []
    blend = np.zeros(len(candidates))
    if meaning_share > 0:
        blend += meaning_share * _standard_cosines(candidates)
    if meaning_share < 1:
        words = CandidateWords([candidate.words for candidate in candidates])
        blend += (1 - meaning_share) * _standard(words.score(question) + _name_scores(question, candidates))
        if meaning_share > 0:
            blend += FEEDBACK_SHARE * _standard(_like_the_best(words, blend))
            blend += DOCUMENT_SHARE * _best_of_document(candidates, blend)
    return [1 / (1 + math.exp(-value)) for value in blend.tolist()]


def are_within_reach(scores: Sequence[float], candidates: Sequence[Candidate]) -> list[bool]:
    """Which candidates stand near enough to the best one to be worth reading.

    scores: of `score_candidates`, for a share between 0 and 1. Short texts cost little, so all of them are.

    >>> long = [Candidate(["word"] * 100)] * 3
    >>> are_within_reach([0.999, 0.9, 0.001], long)
    [True, True, False]
    """
    if not candidates or _are_short(candidates):
        return [True] * len(candidates)
    heights = _heights(scores)
    lowest = max(heights) - FARTHEST_BEHIND
    return [height >= lowest for height in heights]


def _heights(scores: Sequence[float]) -> list[float]:
    """Scores in their own measure, before they were bent to 0 to 1."""
    return [math.log(score / (1 - score)) for score in np.clip(scores, 1e-12, 1 - 1e-12).tolist()]


def spread_over_documents(
    question: Mapping[str, float], scores: Sequence[float], candidates: Sequence[Candidate]
) -> list[float]:
    """The scores with a document's second and third passage behind equally good first ones of other documents.

    question, scores: as in `score_candidates`, for a share between 0 and 1. Short texts stay as they are, and so does
    all where the texts hold few of the question's words: they are in another language, then.

    >>> words = ["refund"] * 100
    >>> here, there = Candidate(words, document="here"), Candidate(words, document="there")
    >>> spread = spread_over_documents({"refund": 1.0}, [0.9, 0.8, 0.75], [here, here, there])
    >>> sorted(range(3), key=lambda at: -spread[at])
    [0, 2, 1]
    """
    if not candidates or _are_short(candidates) or not _are_known(question, candidates):
        return list(scores)
    heights = _heights(scores)
    lowest: dict[Hashable, float] = {}
    taken: Counter[Hashable] = Counter()
    for at in sorted(range(len(heights)), key=lambda at: -heights[at]):
        document = candidates[at].document
        cost = REPEATED_DOCUMENT_COST if taken[document] in REPEATED_PASSAGES else 0.0
        # None overtakes a better one of its own document.
        heights[at] = lowest[document] = min(heights[at] - cost, lowest.get(document, math.inf))
        taken[document] += 1
    return [1 / (1 + math.exp(-height)) for height in heights]


def _are_known(question: Mapping[str, float], candidates: Sequence[Candidate]) -> bool:
    known = set(question).intersection(chain.from_iterable(candidate.words for candidate in candidates))
    return len(known) >= KNOWN_WORDS_SHARE * len(question)


def score_by_ranks(question: Mapping[str, float], candidates: Sequence[Candidate]) -> list[float]:
    """One score per candidate, 0 to 1, by reciprocal-rank fusion of the vectors' ranking and the words'.

    What has no vector, or none of the words, has no rank there.
    """
    cosines = [candidate.cosine_similarity for candidate in candidates]
    worded = word_scores(question, candidates)
    near = sorted(
        (at for at, cosine in enumerate(cosines) if cosine is not None), key=lambda at: cosines[at] or 0.0, reverse=True
    )
    named = sorted((at for at, score in enumerate(worded) if score > 0), key=lambda at: worded[at], reverse=True)
    fused = reciprocal_rank_fusion([near, named])
    scores = [0.0] * len(candidates)
    for rank, at in enumerate(fused, start=1):
        scores[at] = 1 / rank
    return scores


def word_scores(question: Mapping[str, float], candidates: Sequence[Candidate]) -> list[float]:
    """BM25 of each candidate among these candidates; a word in the document's name counts on its own.

    Not negative; 0 for a candidate with none of the words, nor one that begins alike.
    """
    words = CandidateWords([candidate.words for candidate in candidates])
    return (words.score(question) + _name_scores(question, candidates)).tolist()


def _name_scores(question: Mapping[str, float], candidates: Sequence[Candidate]) -> np.ndarray:
    scores = np.zeros(len(candidates))
    names = [frozenset(candidate.name_words) for candidate in candidates]
    known = frozenset().union(*names)
    # In the question's order, so that sums are the same in every process.
    for word in (word for word in question if word in known):
        named = np.asarray([word in name for name in names])
        scores += NAME_WEIGHT * rarity(int(named.sum()), len(names)) * named
    return scores


def _like_the_best(words: CandidateWords, scores: np.ndarray) -> np.ndarray:
    best = np.argsort(-scores, kind="stable")[:FEEDBACK_PASSAGES]
    return words.likeness(best.tolist(), np.exp(scores[best] - scores[best[0]]).tolist())


def _best_of_document(candidates: Sequence[Candidate], scores: np.ndarray) -> np.ndarray:
    best: dict[Hashable, float] = {}
    for candidate, score in zip(candidates, scores.tolist(), strict=True):
        best[candidate.document] = max(best.get(candidate.document, score), score)
    return np.asarray([best[candidate.document] for candidate in candidates])


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
