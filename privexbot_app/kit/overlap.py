"""How much of a question's words a piece of text holds, rare words counting more. Pure, without any index.

Used to pick sentences, to place citations and to tell whether anything supports an answer. Tokens come from
`kit.words.tokenize`. Ranking whole collections is the vector stores' work.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

# Words that share this many first letters count as related: inflections that light stemming leaves apart.
_RELATED_PREFIX = 5
_RELATED_SHARE = 0.5


class Piece:
    """A tokenised piece of text, ready to be asked for words.

    >>> Piece(["refund", "within", "30", "day"]).share_of("refundable")
    0.5
    """

    __slots__ = ("_prefixes", "tokens")

    def __init__(self, tokens: Iterable[str]) -> None:
        self.tokens = frozenset(tokens)
        self._prefixes = frozenset(token[:_RELATED_PREFIX] for token in self.tokens if len(token) >= _RELATED_PREFIX)

    def share_of(self, word: str) -> float:
        """1 where the word is here, 0.5 where only a related one is, else 0."""
        if word in self.tokens:
            return 1.0
        return _RELATED_SHARE if word[:_RELATED_PREFIX] in self._prefixes and len(word) >= _RELATED_PREFIX else 0.0


class WordWeights:
    """Weights of words by how few of the given pieces hold them; a word that none holds weighs most.

    >>> weights = WordWeights([Piece(["shop", "refund"]), Piece(["shop", "hours"])])
    >>> weights.weight("refund") > weights.weight("shop")
    True
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._count = len(pieces)
        self._holders = Counter(token for piece in pieces for token in piece.tokens)

    def weight(self, word: str) -> float:
        """Positive; grows as fewer pieces hold the word."""
        return math.log(1 + (self._count + 1) / (self._holders[word] + 0.5))

    def coverage(
        self, words: Collection[str], piece: Piece, context: Piece | None = None, *, share: float = 0.0
    ) -> float:
        """The weighted share, 0 to 1, of `words` that the piece holds.

        context: text around the piece; a word found only there counts `share` of its weight.
        """
        total = sum(self.weight(word) for word in words)
        if not total:
            return 0.0
        found = 0.0
        for word in words:
            own = piece.share_of(word)
            around = share * context.share_of(word) if context is not None else 0.0
            found += self.weight(word) * max(own, around)
        return found / total
