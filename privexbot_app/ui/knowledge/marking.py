"""Texts cut into stretches that are drawn differently: the words of a question, the chunks of a document. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from privexbot_app.domains.knowledge.schemas import ChunkView
from privexbot_app.rag.keywords import match_query, tokenize

_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass
class Stretch:
    """A piece of text. is_marked: it is a word of the question."""

    text: str
    is_marked: bool = False


@dataclass
class Piece:
    """A piece of a document. Neighbours differ in `look`: even, odd, both (in two chunks at once) or none.

    label, chunk: of a piece that begins a chunk, what is shown, and its number. anchor: its element's id, if any.
    is_cited: inside the range that somebody followed a link to.
    """

    text: str
    look: str
    label: str = ""
    chunk: str = ""
    anchor: str = ""
    is_cited: bool = False


def mark_words(text: str, question: str) -> list[Stretch]:
    """Cut a text so that words of the question, in any of their forms, stand out.

    >>> [(part.text, part.is_marked) for part in mark_words("Our refunds.", "What is the refund policy?")]
    [('Our ', False), ('refunds', True), ('.', False)]
    """
    wanted = set(match_query(question))
    parts: list[Stretch] = []
    position = 0
    for word in _WORD.finditer(text):
        if wanted.isdisjoint(tokenize(word.group())):
            continue
        if word.start() > position:
            parts.append(Stretch(text[position : word.start()]))
        parts.append(Stretch(word.group(), is_marked=True))
        position = word.end()
    if position < len(text):
        parts.append(Stretch(text[position:]))
    return parts


def cut_into_pieces(
    text: str, chunks: Sequence[ChunkView], *, offset: int, cited: tuple[int, int] = (0, 0)
) -> list[Piece]:
    """Cut a window of a document where chunks, or the cited range, begin or end.

    text: the window; its first character is the document's character `offset`.
    """
    end = offset + len(text)
    # An added chunk has no words in the text; it stands in the list of chunks alone.
    chunks = [chunk for chunk in chunks if chunk.end > chunk.start]
    bounds = {offset, end, *(point for chunk in chunks for point in (chunk.start, chunk.end)), *cited}
    points = sorted(point for point in bounds if offset <= point <= end)
    labelled = {max(chunk.start, offset): chunk for chunk in reversed(chunks)}
    first_cited = max(cited[0], offset)
    pieces = []
    for start, stop, covering in _covered(points, chunks):
        opener = labelled.get(start)
        is_cited = cited[0] < stop and start < cited[1]
        pieces.append(
            Piece(
                text=text[start - offset : stop - offset],
                look=_look(covering),
                label=label_of(opener) if opener else "",
                chunk=f"{opener.index}" if opener else "",
                anchor="cited" if is_cited and start == first_cited else "",
                is_cited=is_cited,
            )
        )
    return pieces


def label_of(chunk: ChunkView) -> str:
    """A chunk's number, counted from one, and its page."""
    return f"{chunk.index + 1}" if chunk.page is None else f"{chunk.index + 1} · p. {chunk.page}"


def _covered(points: Sequence[int], chunks: Sequence[ChunkView]) -> Iterator[tuple[int, int, list[ChunkView]]]:
    for start, stop in pairwise(points):
        yield start, stop, [chunk for chunk in chunks if chunk.start <= start and chunk.end >= stop]


def _look(covering: Sequence[ChunkView]) -> str:
    if not covering:
        return "none"
    if len(covering) > 1:
        return "both"
    return "odd" if covering[0].index % 2 else "even"
