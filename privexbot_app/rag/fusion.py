"""Merge rankings of several retrievers, and thin out what says the same twice. Pure; knows ids and vectors only."""

from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np

Id = TypeVar("Id", bound=Hashable)


def reciprocal_rank_fusion(
    rankings: Sequence[Sequence[Id]], *, damping: float = 60, weights: Sequence[float] | None = None
) -> list[Id]:
    """Merge rankings by reciprocal rank.

    rankings: k lists of ids, best first, each up to n long; an id counts once per list, at its best rank.
    damping: how slowly the worth of a rank falls; small values trust the first ranks more.
    weights: one per ranking, not negative; all equal when absent.
    Returns at most k·n ids, best first, without scores, as scores of different retrievers do not compare. Ties keep
    the order in which the ids were first seen. Raises ValueError if damping ≤ 0 or the weights do not fit.
    Source: Cormack, Clarke, Büttcher, SIGIR 2009.

    >>> reciprocal_rank_fusion([["a", "b", "c"], ["b", "d"]])
    ['b', 'a', 'd', 'c']
    """
    if damping <= 0:
        raise ValueError("damping must be positive")
    shares = [1.0] * len(rankings) if weights is None else list(weights)
    if len(shares) != len(rankings) or any(share < 0 for share in shares):
        raise ValueError("there must be one weight, not negative, for each ranking")
    worth: dict[Id, float] = {}
    for ranking, share in zip(rankings, shares, strict=True):
        for rank, id in enumerate(dict.fromkeys(ranking), start=1):
            worth[id] = worth.get(id, 0.0) + share / (damping + rank)
    return sorted(worth, key=lambda id: -worth[id])


def maximal_marginal_relevance(
    query_vector: Sequence[float],
    vectors: Sequence[Sequence[float]],
    *,
    limit: int,
    relevance_share: float = 0.7,
    relevance: Sequence[float] | None = None,
) -> list[int]:
    """Choose candidates that are near the query and far from each other.

    query_vector: d numbers. vectors: n candidates of d numbers; they need not have unit length, zero vectors are
    unlike everything.
    limit: how many to choose at most.
    relevance: how near each candidate is to the query, where that is known better than by the vectors alone; on the
    scale of cosines.
    relevance_share: λ between 0 (only unlike) and 1 (only near).
    Returns positions in `vectors`, in order of choice; the first is always the nearest. Raises ValueError for a share
    outside 0..1, or vectors of another length than the query. Source: Carbonell, Goldstein, SIGIR 1998.

    >>> maximal_marginal_relevance([1, 0], [[1, 0], [1, 0.01], [0.7, 0.7]], limit=2, relevance_share=0.4)
    [0, 2]
    """
    if not 0 <= relevance_share <= 1:
        raise ValueError("relevance_share must be between 0 and 1")
    if not len(vectors) or limit <= 0:
        return []
    candidates = _unit_rows(np.asarray(vectors, dtype=np.float64))
    query = _unit_rows(np.asarray([query_vector], dtype=np.float64))[0]
    if candidates.ndim != 2 or candidates.shape[1] != query.shape[0]:
        raise ValueError("vectors and query must have the same length")
    nearness = candidates @ query if relevance is None else np.asarray(relevance, dtype=np.float64)
    chosen = [int(np.argmax(nearness))]
    nearest_chosen = candidates @ candidates[chosen[0]]
    while len(chosen) < min(limit, len(candidates)):
        gain = relevance_share * nearness - (1 - relevance_share) * nearest_chosen
        gain[chosen] = -np.inf
        best = int(np.argmax(gain))
        chosen.append(best)
        nearest_chosen = np.maximum(nearest_chosen, candidates @ candidates[best])
    return chosen


def _unit_rows(rows: np.ndarray) -> np.ndarray:
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
