"""The chunker for questions with their answers: a pair is one chunk and is never mixed with another.

Reads what `Q:` and `A:` mark, as the source for pairs writes it, and questions that stand as headings over their
answers. A pair that is longer than a chunk is cut, and its question goes along with every part.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from pydantic import Field

from privexbot_app.kit.text import BlockKind, StructuredText
from privexbot_app.rag.chunkers.base import CHUNKERS, Chunk, TokenCounter, WindowConfig
from privexbot_app.rag.packing import Atom, cut_into_atoms, pack

QUESTION = re.compile(r"\s*(?:Q|F|P|Question|Frage|Pregunta|问|س)\s*\d*\s*[:.：]\s*\S", re.IGNORECASE)


class PairsConfig(WindowConfig):
    """Window sizes; pairs do not overlap, only the parts of one long pair do."""

    overlap_tokens: int = Field(
        0, ge=0, le=4096, title="Overlap", description="How many tokens the parts of one long answer share."
    )


@CHUNKERS.register("pairs")
class PairsChunker:
    """Makes one chunk of each question with its answer."""

    Config = PairsConfig
    title = "Questions and answers"
    description = "One chunk for each question with its answer. Best for FAQs and lists of pairs."

    def __init__(self, config: PairsConfig, *, count_tokens: TokenCounter) -> None:
        self.config = config
        self.count_tokens = count_tokens

    def chunk(self, document: StructuredText) -> list[Chunk]:
        """See `Chunker.chunk`. Text before the first question is cut like any other."""
        atoms = cut_into_atoms(document, size=self.config.size_tokens, count=self.count_tokens)
        chunks: list[Chunk] = []
        for pair in _pairs(document, atoms):
            chunks += self._cut(document, pair, len(chunks))
        return chunks

    def _cut(self, document: StructuredText, pair: list[Atom], first_index: int) -> list[Chunk]:
        size, overlap = self.config.size_tokens, self.config.overlap_tokens
        question = document.text[pair[0].start : pair[0].end].strip()
        question_tokens = self.count_tokens(f"{question}\n")
        is_long = sum(atom.tokens for atom in pair) > size
        if is_long and question_tokens <= size // 3:
            rest = [
                replace(atom, context=question, context_tokens=question_tokens) if not atom.context else atom
                for atom in pair[1:]
                if atom.tokens + question_tokens <= size
            ]
            # Only when every part has room for the question; else the pair is cut as it stands.
            if len(rest) == len(pair) - 1:
                pair = [pair[0], *rest]
        return pack(document, pair, size=size, overlap=overlap, count=self.count_tokens, first_index=first_index)


def _pairs(document: StructuredText, atoms: list[Atom]) -> Iterator[list[Atom]]:
    """Cut before every question; atoms of one block stay together."""
    current: list[Atom] = []
    for atom in atoms:
        if current and _is_question(document, atom, current[-1]):
            yield current
            current = []
        current.append(atom)
    if current:
        yield current


def _is_question(document: StructuredText, atom: Atom, before: Atom) -> bool:
    text = document.text[atom.start : atom.end]
    if QUESTION.match(text):
        return True
    is_question_heading = atom.block.kind is BlockKind.HEADING and text.rstrip().endswith(("?", "？", "؟"))
    return is_question_heading and atom.block != before.block
