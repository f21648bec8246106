"""Put texts of one meaning together, by their vectors. Pure.

Average linkage: two groups become one while their members are on average near enough, so that no chain of small steps
ties things together that have nothing in common.
"""

from collections.abc import Sequence

import numpy as np

MOST_TEXTS = 600
"""More would take seconds: the way there is cubic."""


def group_by_meaning(vectors: Sequence[Sequence[float]], *, least_cosine: float) -> list[list[int]]:
    """The positions of vectors, in groups, largest first; within a group and among equals in their own order.

    vectors: n of one length, not zero, n ≤ MOST_TEXTS. least_cosine: of the average pair of two groups that become one.
    Raises ValueError for more vectors.

    >>> group_by_meaning([(1, 0), (0, 1), (0.99, 0.1)], least_cosine=0.8)
    [[0, 2], [1]]
    """
    if len(vectors) > MOST_TEXTS:
        raise ValueError(f"{len(vectors)} texts are more than {MOST_TEXTS}")
    if not vectors:
        return []
    matrix = np.asarray(vectors, dtype=np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    near = (matrix @ matrix.T).astype(np.float64)
    np.fill_diagonal(near, -np.inf)
    groups = [[at] for at in range(len(vectors))]
    while True:
        first, second = np.unravel_index(int(near.argmax()), near.shape)
        if near[first, second] < least_cosine:
            break
        kept, gone = int(min(first, second)), int(max(first, second))
        ours, theirs = len(groups[kept]), len(groups[gone])
        merged = (near[kept] * ours + near[gone] * theirs) / (ours + theirs)
        groups[kept] += groups[gone]
        groups[gone] = []
        near[kept], near[:, kept] = merged, merged
        near[gone], near[:, gone] = -np.inf, -np.inf
        near[kept, kept] = -np.inf
    return sorted((sorted(group) for group in groups if group), key=lambda group: (-len(group), group[0]))
