"""Put what people have changed of a document's chunks back, after the document was cut anew. Pure.

A change is about a basis: the text of the source that the chunk had when it was changed. Where the new text still
holds the basis, the change is put there, whatever the chunker's cuts are now. Where it does not, the person's words
stay in use, beside what the source says now, until people decide: that is a conflict.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

from privexbot_app.domains.knowledge.cutting import Place, ids_at, keywords_of
from privexbot_app.domains.knowledge.models import Chunk
from privexbot_app.domains.knowledge.states import ChunkOrigin
from privexbot_app.kit.words import tokenize

LEAST_ALIKE = 0.3
"""Share of words that a passage must have in common with another to be taken for its later version."""
TokenCounter = Callable[[str], int]
KEPT = ("text", "context", "heading", "token_count", "keywords", "origin", "is_enabled", "edited_at", "basis")


def is_changed(row: Chunk) -> bool:
    """Whether people have changed the chunk: its words, or whether it is used."""
    return row.origin != ChunkOrigin.SOURCE or not row.is_enabled


def keep_changes(
    text: str, old: Sequence[Chunk], fresh: Sequence[Chunk], place: Place, count_tokens: TokenCounter
) -> list[Chunk]:
    """The rows of a document that was cut anew, with the changes of its earlier rows.

    text: the document's, as it is now. old: all rows of before, in order. fresh: rows as the chunker made them.
    Changed rows keep their ids within a generation; all others have those of their positions.
    """
    changed = [row for row in old if is_changed(row)]
    if not changed:
        return list(fresh)
    keeper = _Keeper(text, old, fresh, count_tokens)
    for row in changed:
        if row.origin != ChunkOrigin.ADDED:
            keeper.put_back(row)
    for row in changed:
        if row.origin == ChunkOrigin.ADDED:
            keeper.put_beside(row)
    return _numbered(keeper.rows, place)


class _Keeper:
    """The rows as they become. Changes are put into them one after the other."""

    def __init__(self, text: str, old: Sequence[Chunk], fresh: Sequence[Chunk], count_tokens: TokenCounter) -> None:
        self.rows = list(fresh)
        self._text, self._fresh, self._count_tokens = text, list(fresh), count_tokens
        self._old = [row for row in old if row.origin != ChunkOrigin.ADDED]
        self._places = {id(row): number for number, row in enumerate(self._old)}
        self._moves = _moves([_standing(row) for row in self._old], [row.text for row in fresh])
        self._taken: dict[int, Chunk] = {}

    def put_back(self, row: Chunk) -> None:
        """Put an edited or disabled chunk into the place of the source's text that it is about."""
        number = self._same_place(row)
        if number is not None and self._fresh[number].text == row.basis:
            self._replace(number, _copy(row, self._fresh[number], conflict=None))
        elif (start := _nearest(self._text, row.basis, row.start)) >= 0:
            self._put_at(row, start, start + len(row.basis))
        else:
            self._put_in_conflict(row, number if number is not None else self._likeliest(row))

    def put_beside(self, row: Chunk) -> None:
        """Put an added chunk behind the passage that it was added behind; in conflict if that has changed."""
        beside = [one for one in self.rows if row.basis and _basis(one) == row.basis]
        start = _nearest(self._text, row.basis, row.start - len(row.basis))
        offset = start + len(row.basis) if start >= 0 else row.start
        anchor = min(beside, key=lambda one: abs(one.end - row.start), default=None)
        anchor = anchor or next((one for one in reversed(self.rows) if one.start < offset), None)
        new = _copy(row, None, conflict="" if row.basis and not beside and start < 0 else None)
        new.start = new.end = anchor.end if anchor else 0
        new.page = anchor.page if anchor else None
        new.parent_start, new.parent_end = (anchor.parent_start, anchor.parent_end) if anchor else (None, None)
        number = self._index_of(anchor) + 1 if anchor else 0
        while number < len(self.rows) and self.rows[number].origin == ChunkOrigin.ADDED:
            number += 1
        self.rows.insert(number, new)

    def _same_place(self, row: Chunk) -> int | None:
        """The fresh chunk that stands where this one stood, with all around it unchanged."""
        number = self._moves.get(self._places[id(row)], [])
        return number[0] if len(number) == 1 and self._is_equal(row, number[0]) else None

    def _is_equal(self, row: Chunk, number: int) -> bool:
        return number not in self._taken and self._fresh[number].text == _standing(row)

    def _likeliest(self, row: Chunk) -> int | None:
        """The fresh chunk that is most like what this one was about, among those in its stead."""
        free = [number for number in self._moves.get(self._places[id(row)], []) if number not in self._taken]
        alike = {number: _likeness(row.basis, self._fresh[number].text) for number in free}
        best = max(free, key=lambda number: alike[number], default=None)
        return best if best is not None and alike[best] >= LEAST_ALIKE else None

    def _put_in_conflict(self, row: Chunk, number: int | None) -> None:
        if number is not None:
            source = self._fresh[number]
            new = _copy(row, source, conflict=source.text)
            if row.origin == ChunkOrigin.SOURCE:
                for name in ("text", "context", "heading", "token_count", "keywords"):
                    setattr(new, name, getattr(source, name))
            self._replace(number, new)
        elif row.origin == ChunkOrigin.EDITED:
            new = _copy(row, None, conflict="")
            new.start = new.end = min(row.start, len(self._text))
            new.parent_start = new.parent_end = None
            self._insert(new)

    def _replace(self, number: int, new: Chunk) -> None:
        self.rows[self._index_of(self._fresh[number])] = new
        self._taken[number] = new

    def _put_at(self, row: Chunk, start: int, end: int) -> None:
        """Put the chunk over a stretch of text, and take that stretch out of the chunks that the chunker made of it."""
        model = next((one for one in self._fresh if one.end > start), row)
        new = _copy(row, model, conflict=None)
        new.start, new.end = start, end
        rows: list[Chunk] = []
        for one in self.rows:
            is_untouched = not is_changed(one)
            rows += self._without(one, start, end) if is_untouched and one.start < end and one.end > start else [one]
        self.rows = rows
        for number, one in enumerate(self._fresh):
            if one.start < end and one.end > start:
                self._taken.setdefault(number, new)
        self._insert(new)

    def _without(self, row: Chunk, start: int, end: int) -> list[Chunk]:
        """What is left of a chunk on both sides of a stretch."""
        parts = [(row.start, min(row.end, start)), (max(row.start, end), row.end)]
        return [self._part(row, *part) for part in parts if self._text[slice(*part)].strip()]

    def _part(self, row: Chunk, start: int, end: int) -> Chunk:
        piece = self._text[start:end]
        start += len(piece) - len(piece.lstrip())
        part = _copy(row, row, conflict=None)
        part.text, part.start, part.end = piece.strip(), start, start + len(piece.strip())
        part.token_count = self._count_tokens("\n".join(filter(None, (part.context, part.text))))
        part.keywords = keywords_of(part.heading, part.context, part.text)
        return part

    def _insert(self, new: Chunk) -> None:
        number = next((at for at, one in enumerate(self.rows) if one.start > new.start), len(self.rows))
        self.rows.insert(number, new)

    def _index_of(self, row: Chunk) -> int:
        return next(number for number, one in enumerate(self.rows) if one is row)


def _standing(row: Chunk) -> str:
    """What the source said where the chunk stands, when it was cut last."""
    return row.conflicting_text or _basis(row)


def _basis(row: Chunk) -> str:
    if row.origin == ChunkOrigin.ADDED:
        return ""
    return row.basis or row.text


def _moves(old: list[str], new: list[str]) -> dict[int, list[int]]:
    """For each old passage, the new ones that stand in its stead: itself, or all that a stretch was replaced by."""
    moves: dict[int, list[int]] = {}
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for number in range(i1, i2):
            moves[number] = [j1 + number - i1] if kind == "equal" else list(range(j1, j2))
    return moves


def _nearest(text: str, part: str, offset: int) -> int:
    """Where `part` stands nearest to an offset; -1 if nowhere."""
    if not part:
        return -1
    after = text.find(part, max(0, offset))
    before = text.rfind(part, 0, max(0, offset) + len(part))
    found = [start for start in (before, after) if start >= 0]
    return min(found, key=lambda start: abs(start - offset), default=-1)


def _likeness(old: str, new: str) -> float:
    """Share of words in common: 0 to 1."""
    ours, theirs = Counter(tokenize(old)), Counter(tokenize(new))
    return 2 * (ours & theirs).total() / max(1, ours.total() + theirs.total())


def _copy(row: Chunk, model: Chunk | None, *, conflict: str | None) -> Chunk:
    """A new row with a person's change, in the place of `model`, or in its own."""
    at = model or row
    return Chunk(
        id=row.id,
        workspace_id=row.workspace_id,
        knowledge_base_id=row.knowledge_base_id,
        document_id=row.document_id,
        generation=row.generation,
        index=at.index,
        start=at.start,
        end=at.end,
        parent_start=at.parent_start,
        parent_end=at.parent_end,
        page=at.page,
        conflicting_text=conflict,
        **{name: getattr(row, name) for name in KEPT},
    )


def _numbered(rows: list[Chunk], place: Place) -> list[Chunk]:
    kept = {row.id for row in rows if _keeps_id(row, place)}
    for index, row in enumerate(rows):
        row.index = index
        if not _keeps_id(row, place):
            row.id = next(id for id in ids_at(place, index) if id not in kept)
    for row in rows:
        row.generation = place.generation
    return rows


def _keeps_id(row: Chunk, place: Place) -> bool:
    # The rows of an earlier generation are still there, with their ids.
    return is_changed(row) and row.generation == place.generation
