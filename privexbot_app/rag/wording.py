"""The words of a few candidates, weighed among these alone: BM25, words that are nearly the same, likeness. Pure.

Weighed here and not in the whole index: the same on every database, and no other tenant's texts have a say.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

TERM_SATURATION = 1.2
LENGTH_NORMALISATION = 0.5
# Where hardly a candidate holds a word, its inflections and its cousins in related languages begin as it does.
STEM_LETTERS = 5
STEM_WORTH = 0.6
SELDOM_SHARE = 0.02


class CandidateWords:
    """Which candidate holds which word how often. Built in one pass, for a few hundred texts."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        """texts: the tokens of each candidate, as the keyword index has them."""
        self.count = len(texts)
        numbers: defaultdict[str, int] = defaultdict()
        numbers.default_factory = numbers.__len__
        lengths = np.asarray([len(text) for text in texts], dtype=np.int64)
        tokens = np.asarray([numbers[word] for text in texts for word in text], dtype=np.int64)
        self._numbers = dict(numbers)
        keys = np.repeat(np.arange(self.count), lengths) + self.count * tokens
        # Sorted by word, then by row: the holders of a word lie side by side.
        pairs, times = np.unique(keys, return_counts=True)
        self._words, self._rows = np.divmod(pairs, max(1, self.count))
        self._times = times.astype(np.float64)
        self._ends = np.cumsum(np.bincount(self._words, minlength=len(numbers)))
        mean = max(1.0, float(lengths.mean())) if self.count else 1.0
        self._damping = TERM_SATURATION * (1 - LENGTH_NORMALISATION + LENGTH_NORMALISATION * lengths / mean)

    def score(self, question: Mapping[str, float]) -> np.ndarray:
        """BM25 of each candidate, not negative. question: words with their weights.

        A word that hardly any candidate holds is also looked for by its first letters, for less.
        Source: Robertson, Zaragoza, 2009.
        """
        scores = np.zeros(self.count)
        for word, weight in question.items():
            rows, times = self._holders(word)
            scores[rows] += weight * rarity(len(rows), self.count) * self._saturated(rows, times)
            if len(word) >= STEM_LETTERS and len(rows) <= SELDOM_SHARE * self.count:
                rows, times = self._holders_of_stem(word[:STEM_LETTERS])
                scores[rows] += STEM_WORTH * weight * rarity(len(rows), self.count) * self._saturated(rows, times)
        return scores

    def likeness(self, rows: Sequence[int], worth: Sequence[float]) -> np.ndarray:
        """How much each candidate says what these say together: not negative, at most the length of their mean.

        rows: candidates that are taken for right. worth: how much each of them counts.
        Source: relevance feedback after Rocchio, 1971.
        """
        holding = np.bincount(self._words, minlength=len(self._ends))
        entries = rarity(holding, self.count)[self._words] * self._saturated(self._rows, self._times)
        shares = np.zeros(self.count)
        shares[list(rows)] = np.asarray(worth) / sum(worth)
        centre = np.bincount(self._words, weights=entries * shares[self._rows], minlength=len(self._ends))
        near = np.bincount(self._rows, weights=entries * centre[self._words], minlength=self.count)
        lengths = np.sqrt(np.bincount(self._rows, weights=entries**2, minlength=self.count))
        return np.divide(near, lengths, out=np.zeros(self.count), where=lengths > 0)

    def _holders(self, word: str) -> tuple[np.ndarray, np.ndarray]:
        number = self._numbers.get(word)
        if number is None:
            return self._rows[:0], self._times[:0]
        held = slice(self._ends[number - 1] if number else 0, self._ends[number])
        return self._rows[held], self._times[held]

    def _holders_of_stem(self, stem: str) -> tuple[np.ndarray, np.ndarray]:
        numbers = [number for word, number in self._numbers.items() if word.startswith(stem)]
        held = np.isin(self._words, numbers)
        times = np.bincount(self._rows[held], weights=self._times[held], minlength=self.count)
        rows = np.flatnonzero(times)
        return rows, times[rows]

    def _saturated(self, rows: np.ndarray, times: np.ndarray) -> np.ndarray:
        return times * (TERM_SATURATION + 1) / (times + self._damping[rows])


def rarity(holding: "int | np.ndarray", count: int) -> np.ndarray:
    """What a word is worth that `holding` of `count` texts hold; the logarithm of BM25, not negative."""
    return np.log(1 + (count - holding + 0.5) / (np.asarray(holding) + 0.5))
