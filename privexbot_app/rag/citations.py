"""From [1] in an answer to the exact place in a document. Pure.

Owns the reading of markers, whole or while the answer streams, and the choice of the sentence that a citation shows.
Markers that point at no passage are taken out and never shown. Writing them is the model's work (see `rag.prompt`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from privexbot_app.kit.overlap import Piece, WordWeights
from privexbot_app.kit.sentences import split_sentences
from privexbot_app.kit.text import Passage
from privexbot_app.kit.words import informative, tokenize

MAX_SNIPPET_CHARACTERS = 300
_MAX_SPAN_CHARACTERS = 600
_LONGEST_RANGE = 20
_SEPARATOR = r"\s*[,;、，،–-]"
_LIST = rf"\d{{1,3}}(?:{_SEPARATOR}\s*\d{{1,3}})*"
_LABEL = r"†[^\]】］\n]{0,60}"  # 【3†source】, as some models write it
_MARKER = re.compile(rf"[\[【［]\s*\^?({_LIST})(?:{_LABEL})?\s*[\]】］]")
_NUMBERS = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")
# What may still become a marker, with the blanks before it, at the end of what has arrived.
_UNDECIDED = re.compile(rf"[ \t]*(?:[\[【［]\s*(?:\^?(?:{_LIST}(?:{_SEPARATOR})?\s*(?:{_LABEL})?)?)?)?$")
# Most tokens hold none of these, and pass at once.
_TELLING = re.compile(r"[\[【［`\n]|[ \t]$")
_CODE_OR_MARKER = re.compile(rf"`+|\n|[ \t]*{_MARKER.pattern}")


@dataclass(frozen=True)
class Marker:
    """One citation marker: text[start:end] cites these passages."""

    start: int
    end: int
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Citation:
    """What supports a statement of an answer.

    index: the passage's number, as in the answer. snippet: at most MAX_SNIPPET_CHARACTERS for people.
    start, end: character offsets of the supporting span into the document's extracted text.
    """

    index: int
    title: str
    snippet: str
    start: int
    end: int
    page: int | None = None
    url: str | None = None


@dataclass(frozen=True)
class TrackedText:
    """What may be shown now, and the passages that it cites for the first time."""

    text: str
    newly_cited: tuple[int, ...] = ()


def find_markers(text: str) -> list[Marker]:
    """Return the markers in order: [1], [1, 2], [1-3] and 【1】 alike. Code in backticks has none.

    >>> [marker.numbers for marker in find_markers("Yes [1][2]. No 【3】, [4, 5], [x], `a[6]`.")]
    [(1,), (2,), (3,), (4, 5)]
    """
    markers: list[Marker] = []
    fence = ""
    for match in _CODE_OR_MARKER.finditer(text):
        fence, numbers = _step(fence, match)
        if numbers:
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            markers.append(Marker(start, match.end(), numbers))
    return markers


class CitationTracker:
    """Follows an answer while it streams. Feed every piece, then finish; show only what comes back.

    valid: the numbers of the passages that were given to the model. Markers come back as [n], one for each number.

    >>> tracker = CitationTracker([1, 2])
    >>> [tracker.feed(piece).text for piece in ("Ten days [", "1, 7", "]. Or two", " [9].")], tracker.finish().text
    (['Ten days', '', ' [1]. Or two', '.'], '')
    >>> tracker.cited
    [1]
    """

    def __init__(self, valid: Iterable[int]) -> None:
        self._valid = frozenset(valid)
        self._held = ""
        self._fence = ""
        self.cited: list[int] = []

    def feed(self, piece: str) -> TrackedText:
        """Take the next piece; an unfinished marker is kept back until it is decided."""
        if not self._held and piece and not _TELLING.search(piece):
            return TrackedText(piece)
        text = self._held + piece
        undecided = _UNDECIDED.search(text)
        at = undecided.start() if undecided and not self._is_code_at(text, undecided.start()) else len(text)
        at -= len(text[:at]) - len(text[:at].rstrip("`"))  # how long a run of backticks is, its end must tell
        self._held = text[at:]
        return self._decided(text[:at])

    def finish(self) -> TrackedText:
        """What was kept back, once nothing more will come."""
        text, self._held = self._held, ""
        return self._decided(text)

    def _is_code_at(self, text: str, offset: int) -> bool:
        fence = self._fence
        for match in _CODE_OR_MARKER.finditer(text, 0, offset):
            fence, _ = _step(fence, match)
        return bool(fence)

    def _decided(self, text: str) -> TrackedText:
        parts: list[str] = []
        newly_cited: list[int] = []
        shown_to = 0
        for match in _CODE_OR_MARKER.finditer(text):
            self._fence, numbers = _step(self._fence, match)
            if not numbers:
                continue
            kept = [number for number in numbers if number in self._valid]
            blanks = match[0][: len(match[0]) - len(match[0].lstrip(" \t"))] if kept else ""
            parts += [text[shown_to : match.start()], blanks, *(f"[{number}]" for number in kept)]
            shown_to = match.end()
            newly_cited += [number for number in kept if number not in self.cited + newly_cited]
        parts.append(text[shown_to:])
        self.cited += newly_cited
        return TrackedText("".join(parts), tuple(newly_cited))


def clean_markers(text: str, valid: Iterable[int]) -> str:
    """Return a whole answer with its markers as [n], without those that point at no passage."""
    tracker = CitationTracker(valid)
    return tracker.feed(text).text + tracker.finish().text


def cite(passages: Sequence[Passage], text: str) -> list[Citation]:
    """Return one citation per passage that the answer cites, in the order of the first markers.

    The span is the sentence of the passage that shares most with the statement before the marker; neighbouring
    sentences that support further statements join it. Where nothing is shared (an answer in another language), it is
    the whole passage.
    """
    known = {passage.index: passage for passage in passages}
    statements: dict[int, list[str]] = {}
    for numbers, statement in _statements(text):
        for number in numbers:
            if number in known:
                statements.setdefault(number, []).append(statement)
    return [_citation(known[number], said) for number, said in statements.items()]


def _step(fence: str, match: re.Match[str]) -> tuple[str, tuple[int, ...]]:
    """Follow the text past one match: (the backticks that are open, the numbers cited here)."""
    found = match[0]
    if found.startswith("`"):
        if not fence:
            return found, ()
        return ("" if found == fence else fence), ()
    if found == "\n":
        return (fence if len(fence) >= 3 else ""), ()  # a lone backtick is not code for the rest of the answer
    return fence, () if fence else _numbers(match[1])


def _numbers(listed: str) -> tuple[int, ...]:
    numbers: list[int] = []
    for match in _NUMBERS.finditer(listed):
        first, last = int(match[1]), int(match[2] or match[1])
        if first <= last < first + _LONGEST_RANGE:
            numbers.extend(range(first, last + 1))
    return tuple(dict.fromkeys(number for number in numbers if number > 0))


def _statements(text: str) -> list[tuple[tuple[int, ...], str]]:
    """For each marker, its numbers and the sentence that it stands behind."""
    found: list[tuple[tuple[int, ...], str]] = []
    after = 0
    statement = ""
    for marker in find_markers(text):
        before = text[after : marker.start]
        if any(char.isalnum() for char in before):
            statement = _last_sentence(before)
        found.append((marker.numbers, statement))
        after = marker.end
    return found


def _last_sentence(text: str) -> str:
    spans = [(start, end) for start, end in split_sentences(text) if any(char.isalnum() for char in text[start:end])]
    last = text[spans[-1][0] : spans[-1][1]]
    return last if len(tokenize(last)) >= 3 else text


def _citation(passage: Passage, statements: list[str]) -> Citation:
    start, end = _supporting_span(passage.text, statements)
    first, last = _document_offsets(passage, start, end)
    return Citation(
        index=passage.index,
        title=passage.title,
        snippet=snippet(passage.text, start, end),
        start=first,
        end=last,
        page=passage.page,
        url=passage.url,
    )


def _supporting_span(text: str, statements: list[str]) -> tuple[int, int]:
    """Offsets into the passage's text."""
    spans = split_sentences(text)
    pieces = [Piece(tokenize(text[start:end])) for start, end in spans]
    weights = WordWeights(pieces)
    best: list[tuple[float, tuple[int, int]]] = []
    for statement in statements:
        words = informative(tokenize(statement))
        scores = [weights.coverage(words, piece) for piece in pieces]
        if scores and max(scores) > 0:
            best.append((max(scores), spans[scores.index(max(scores))]))
    if not best:
        return 0, len(text)
    start, end = min(span[0] for _, span in best), max(span[1] for _, span in best)
    return (start, end) if end - start <= _MAX_SPAN_CHARACTERS else max(best, key=lambda pair: pair[0])[1]


def _document_offsets(passage: Passage, start: int, end: int) -> tuple[int, int]:
    """Offsets into the document. A passage may begin with words that are not there, such as a repeated table header."""
    if not passage.is_verbatim:
        return passage.start, passage.end
    added = max(0, len(passage.text) - (passage.end - passage.start))
    first = min(passage.start + max(0, start - added), passage.end)
    last = min(passage.start + max(0, end - added), passage.end)
    return (first, last) if first < last else (passage.start, passage.end)


def snippet(text: str, start: int, end: int) -> str:
    """Return at most MAX_SNIPPET_CHARACTERS of the text around text[start:end], on one line, cut between words."""
    room = MAX_SNIPPET_CHARACTERS - 2
    around = max(0, room - (end - start)) // 2
    first = max(0, start - around)
    last = min(len(text), first + room)
    first = max(0, min(first, last - room))
    if first and (space := text.find(" ", first, max(start, first))) >= 0:
        first = space + 1
    if last < len(text) and (space := text.rfind(" ", min(end, last), last)) >= 0:
        last = space
    shown = " ".join(text[first:last].split())
    return f"{'…' if first else ''}{shown}{'…' if last < len(text) else ''}"
