"""Cut text into atoms that should stay whole and pack atoms into chunks of a limited size. Used by the chunkers.

An atom is a sentence, a table row or a line of code; one that is longer than a chunk is cut into words, and a word
that is, into parts. Packing is greedy and prefers to end a chunk where the text itself makes a break.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from privexbot_app.kit.sentences import split_sentences
from privexbot_app.kit.text import Block, BlockKind, StructuredText
from privexbot_app.rag.chunkers.base import Chunk, TokenCounter, heading_path, join_headings

_WORD = re.compile(r"\S+")
_LINE = re.compile(r"[^\n]*\S[^\n]*")


class Break(IntEnum):
    """How good it is to end a chunk after an atom."""

    HEADING = 0
    WORD = 1
    SENTENCE = 2
    PARAGRAPH = 3
    SECTION = 4


@dataclass(frozen=True)
class Atom:
    """A span that is not cut further. context: what must precede it when a chunk begins with it."""

    start: int
    end: int
    tokens: int
    after: Break
    block: Block
    context: str = ""
    context_tokens: int = 0


def regions(document: StructuredText) -> list[Block]:
    """Return blocks that hold all text: the document's own, and paragraphs for what lies between them."""
    found: list[Block] = []
    position, last = 0, Block(0, 0)
    for block in (*document.blocks, Block(len(document.text), len(document.text))):
        if document.text[position : block.start].strip():
            found.append(replace(last, start=position, end=block.start, kind=BlockKind.PARAGRAPH, level=0, header=None))
        if block.end > block.start:
            found.append(block)
            last, position = block, block.end
    return found


def cut_into_atoms(document: StructuredText, *, size: int, count: TokenCounter) -> list[Atom]:
    """Return the atoms of the whole document in reading order, none longer than `size` tokens."""
    size, count = _without_frame(size, count)
    atoms: list[Atom] = []
    blocks = regions(document)
    for place, block in enumerate(blocks):
        following = blocks[place + 1] if place + 1 < len(blocks) else None
        inside = list(_table_atoms(document.text, block, size, count) or _text_atoms(document.text, block, size, count))
        if inside:
            inside[-1] = replace(inside[-1], after=_break_between(block, following))
            atoms.extend(inside)
    return atoms


def _without_frame(size: int, count: TokenCounter) -> tuple[int, TokenCounter]:
    """Leave out the tokens that a model puts around every text: atoms are counted alone and embedded together."""
    frame = count("")
    return max(1, size - frame), lambda text: count(text) - frame


def _break_between(block: Block, following: Block | None) -> Break:
    if following is None:
        return Break.SECTION
    if block.kind is BlockKind.HEADING:
        return Break.HEADING
    if following.kind is BlockKind.HEADING:
        return Break.SECTION
    is_same_list = block.kind is BlockKind.LIST_ITEM and following.kind is BlockKind.LIST_ITEM
    return Break.SENTENCE if is_same_list else Break.PARAGRAPH


def _table_atoms(text: str, block: Block, size: int, count: TokenCounter) -> list[Atom]:
    """Return a table's rows, each with the header as context; nothing for other blocks."""
    if block.kind is not BlockKind.TABLE:
        return []
    header = block.header or ""
    header_tokens = count(header + "\n") if header else 0
    if header_tokens > size // 2:
        # A header that would fill the chunks is not worth repeating.
        header, header_tokens = "", 0
    atoms: list[Atom] = []
    for start, end in _spans(_LINE, text, block.start, block.end):
        is_header_itself = not atoms
        room = size if is_header_itself else size - header_tokens
        for atom in _fitting(text, (start, end), block, room, count):
            context = "" if is_header_itself else header
            atoms.append(replace(atom, context=context, context_tokens=header_tokens if context else 0))
    return atoms


def _text_atoms(text: str, block: Block, size: int, count: TokenCounter) -> Iterator[Atom]:
    if block.kind is BlockKind.CODE:
        spans = _spans(_LINE, text, block.start, block.end)
    else:
        inside = split_sentences(text[block.start : block.end])
        spans = [(block.start + start, block.start + end) for start, end in inside]
    for span in spans:
        yield from _fitting(text, span, block, size, count)


def _fitting(text: str, span: tuple[int, int], block: Block, size: int, count: TokenCounter) -> Iterator[Atom]:
    """Yield the span as one atom, or as its words when it is too long."""
    tokens = count(text[slice(*span)])
    if tokens <= size:
        yield Atom(*span, tokens, Break.SENTENCE, block)
        return
    words = [atom for word in _spans(_WORD, text, *span) for atom in _word_parts(text, word, block, size, count)]
    yield from words[:-1]
    yield replace(words[-1], after=Break.SENTENCE)


def cut_into_words(document: StructuredText, *, size: int, count: TokenCounter) -> list[Atom]:
    """Return the words of the document as atoms, whatever its structure."""
    size, count = _without_frame(size, count)
    return [
        atom
        for block in regions(document)
        for word in _spans(_WORD, document.text, block.start, block.end)
        for atom in _word_parts(document.text, word, block, size, count)
    ]


def _word_parts(text: str, span: tuple[int, int], block: Block, size: int, count: TokenCounter) -> Iterator[Atom]:
    """Halve a word until its parts fit; a single character always counts as fitting."""
    waiting = [span]
    while waiting:
        start, end = waiting.pop()
        tokens = count(text[start:end])
        if tokens <= size or end - start == 1:
            yield Atom(start, end, tokens, Break.WORD, block)
        else:
            middle = (start + end) // 2
            waiting += [(middle, end), (start, middle)]


def _spans(pattern: re.Pattern[str], text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the spans of the matches, without white space around them."""
    found = ((match.start(), match.end()) for match in pattern.finditer(text, start, end))
    spans = []
    for first, last in found:
        piece = text[first:last]
        left = len(piece) - len(piece.lstrip())
        spans.append((first + left, first + len(piece.rstrip())))
    return spans


def pack(
    document: StructuredText, atoms: list[Atom], *, size: int, overlap: int, count: TokenCounter, first_index: int = 0
) -> list[Chunk]:
    """Return chunks of at most `size` tokens. overlap: tokens of a chunk's end to repeat in the next, in whole atoms.

    Nothing is repeated across a table or into a new section.
    """
    room, _ = _without_frame(size, count)
    chunks: list[Chunk] = []
    first = done = 0
    while done < len(atoms):
        last = _last_that_fits(atoms, first, room)
        if last < len(atoms):
            last = _best_break(atoms, first, last, room)
        chunk = _chunk_of(document, atoms[first:last], first_index + len(chunks), count)
        while chunk.token_count > size and last - first > 1:
            # A counter need not be additive: trust the count of the whole.
            last -= 1
            chunk = _chunk_of(document, atoms[first:last], first_index + len(chunks), count)
        if last <= done:
            # The overlap left no room for anything new.
            first = done
            continue
        chunks.append(chunk)
        first, done = _overlap_start(atoms, first, last, room, overlap), last
    return chunks


def _last_that_fits(atoms: list[Atom], first: int, size: int) -> int:
    tokens = atoms[first].context_tokens + atoms[first].tokens
    last = first + 1
    while last < len(atoms) and tokens + atoms[last].tokens <= size:
        tokens += atoms[last].tokens
        last += 1
    return last


def _best_break(atoms: list[Atom], first: int, last: int, size: int) -> int:
    """Return the latest of the best breaks in the second half of what fits."""
    best, tokens = last, 0
    for position in range(first, last):
        tokens += atoms[position].tokens
        is_half_full = tokens * 2 >= size
        if is_half_full and (best == last or atoms[position].after >= atoms[best - 1].after):
            best = position + 1
    return best if atoms[best - 1].after >= atoms[last - 1].after else last


def _overlap_start(atoms: list[Atom], first: int, last: int, size: int, overlap: int) -> int:
    if last == len(atoms) or atoms[last - 1].after is Break.SECTION:
        return last
    start, tokens = last, 0
    while start - 1 > first and _may_repeat(atoms[start - 1], is_last=start == last):
        tokens += atoms[start - 1].tokens
        if tokens > overlap or tokens + atoms[last].tokens > size:
            break
        start -= 1
    return start


def _may_repeat(atom: Atom, *, is_last: bool) -> bool:
    is_section_end = atom.after is Break.SECTION and not is_last
    return atom.block.kind is not BlockKind.TABLE and not is_section_end


def _chunk_of(document: StructuredText, atoms: list[Atom], index: int, count: TokenCounter) -> Chunk:
    start, end, context = atoms[0].start, atoms[-1].end, atoms[0].context
    text = document.text[start:end]
    return Chunk(
        index=index,
        text=text,
        start=start,
        end=end,
        token_count=count(f"{context}\n{text}" if context else text),
        page=atoms[0].block.page,
        heading=join_headings(heading_path(document, atoms[0].block)),
        context=context,
    )
