"""The chunker for long running text without headings: it cuts where the subject changes.

Finds the valleys of lexical cohesion between neighbouring blocks of sentences; no model is asked, so previews stay live
and every language that `kit.words` knows works. Source: Hearst, TextTiling, Computational Linguistics 23(1), 1997.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from statistics import fmean, pstdev

from pydantic import Field

from privexbot_app.kit.text import StructuredText
from privexbot_app.kit.words import informative, tokenize
from privexbot_app.rag.chunkers.base import CHUNKERS, Chunk, TokenCounter, WindowConfig
from privexbot_app.rag.packing import Atom, Break, cut_into_atoms, pack

SENTENCES_COMPARED = 4
"""How many sentences on each side of a gap are compared with each other."""


class TopicConfig(WindowConfig):
    """Window sizes, and how willing the chunker is to see a new topic."""

    sensitivity: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Sensitivity",
        description="0 cuts only at the clearest changes of subject, 1 at every small one.",
    )


@CHUNKERS.register("topic")
class TopicChunker:
    """Cuts at changes of subject; what is longer than a chunk is cut between sentences."""

    Config = TopicConfig
    title = "Topics"
    description = "Cuts where the subject changes. Good for transcripts, speeches and articles without headings."

    def __init__(self, config: TopicConfig, *, count_tokens: TokenCounter) -> None:
        self.config = config
        self.count_tokens = count_tokens

    def chunk(self, document: StructuredText) -> list[Chunk]:
        """See `Chunker.chunk`."""
        size, overlap = self.config.size_tokens, self.config.overlap_tokens
        atoms = cut_into_atoms(document, size=size, count=self.count_tokens)
        words = [Counter(informative(tokenize(document.text[atom.start : atom.end]))) for atom in atoms]
        chunks: list[Chunk] = []
        for topic in _split(atoms, _changes(words, self.config.sensitivity)):
            inside = [*topic[:-1], replace(topic[-1], after=Break.SECTION)]
            chunks += pack(
                document, inside, size=size, overlap=overlap, count=self.count_tokens, first_index=len(chunks)
            )
        return chunks


def _split(atoms: Sequence[Atom], changes: set[int]) -> list[list[Atom]]:
    topics: list[list[Atom]] = []
    for position, atom in enumerate(atoms):
        if position == 0 or position in changes:
            topics.append([])
        topics[-1].append(atom)
    return topics


def _changes(words: Sequence[Counter[str]], sensitivity: float) -> set[int]:
    """Positions of the sentences with which a new topic begins."""
    gaps = range(1, len(words))
    cohesion = [
        _cosine(_sum(words[max(0, gap - SENTENCES_COMPARED) : gap]), _sum(words[gap : gap + SENTENCES_COMPARED]))
        for gap in gaps
    ]
    depths = [_depth(cohesion, place) for place in range(len(cohesion))]
    if not depths:
        return set()
    # Hearst cuts half a deviation below the mean; sensitivity moves between one above and one below.
    threshold = fmean(depths) + (1 - 2 * sensitivity) * pstdev(depths)
    return {
        gap
        for gap, depth in zip(gaps, depths, strict=True)
        if depth > max(threshold, 0) and depth == max(depths[max(0, gap - 2) : gap + 1])
    }


def _depth(cohesion: Sequence[float], place: int) -> float:
    """How deep a valley is: the climb to the nearest peak on the left plus that on the right."""
    return _climb(cohesion[place::-1]) + _climb(cohesion[place:])


def _climb(values: Sequence[float]) -> float:
    highest = values[0]
    for value in values[1:]:
        if value < highest:
            break
        highest = value
    return highest - values[0]


def _sum(counters: Sequence[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return total


def _cosine(one: Counter[str], other: Counter[str]) -> float:
    shared = sum(count * other[word] for word, count in one.items())
    length = sqrt(sum(count * count for count in one.values()) * sum(count * count for count in other.values()))
    return shared / length if length else 0.0
