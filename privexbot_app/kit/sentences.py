"""Where sentences begin and end, in any script. Owns no dictionary of grammar; a boundary is punctuation or a line.

Used by chunkers, by citations and by the model that quotes sentences. A sentence never crosses a blank line, a list
line or a table row; a line that was merely wrapped is joined to the next one.
"""

import re

_ABBREVIATED_WORDS = (
    "mr mrs ms dr prof sr jr st mt vs etc inc ltd co corp dept est approx fig figs no nos vol pp ed eds al ca cf eg "
    "ie e.g i.e a.m p.m u.s u.k u.n jan feb mar apr jun jul aug sep sept oct nov dec gen col lt sgt rev hon sen rep "
    "gov bzw z.b d.h u.a usw ggf nr str abs art bspw sog evtl mio mrd vgl inkl "
    "sra srta ud uds pág núm av dra p.ej ee.uu avda aprox mme mlle env"
)
_ABBREVIATIONS = frozenset(_ABBREVIATED_WORDS.split())
_CLOSERS = "\"'”’»)\\]}」』）】"
_SENTENCE_END = re.compile(
    rf"[。！？｡！？]+[{_CLOSERS}]*"  # a full stop of full width needs no space after it
    rf"|[.!?…؟۔।॥]+[{_CLOSERS}]*(?:\[\d{{1,3}}\])*(?=\s|$)"
)
_LAST_WORD = re.compile(r"[^\s(\[\"“«]+$")
_LIST_LINE = re.compile(r"\s*(?:[-*+•·▪◦–—]\s|\(?\d{1,3}[.)]\s|\(?[A-Za-z][.)]\s|#{1,6}\s|\||>|[QA]:\s)")
_LIST_NUMBER = re.compile(r"\(?(?:\d{1,3}|[A-Za-z])")
_LINE = re.compile(r"[^\n\r\u2028\u2029\f]+")
_LINE_STOPS = ".!?:;|…。！？؟"
# A line this long that ends in the middle of a phrase was broken by a page's margin, not by its author.
_WRAPPED_LINE_CHARACTERS = 70


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return half-open character spans of the sentences, in order, without the white space around them.

    Every character that is not white space lies in exactly one span.

    >>> text = "Dr. Li paid 3.50 dollars. Why? 没关系。好的！"
    >>> [text[start:end] for start, end in split_sentences(text)]
    ['Dr. Li paid 3.50 dollars.', 'Why?', '没关系。', '好的！']
    """
    spans: list[tuple[int, int]] = []
    for start, end in _lines(text):
        spans.extend(_split_line(text, start, end))
    return spans


def is_table_row(line: str) -> bool:
    """Whether the line is a row of a table, in Markdown or as parsers write it: cells with bars between."""
    return " | " in line or line.lstrip().startswith("|")


def _lines(text: str) -> list[tuple[int, int]]:
    """Lines of the text, where wrapped lines are joined to the line before."""
    joined: list[tuple[int, int]] = []
    for match in _LINE.finditer(text):
        if not match[0].strip():
            continue
        start, end = match.span()
        if joined and _is_wrapped(text, joined[-1], start, end):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _is_wrapped(text: str, before: tuple[int, int], start: int, end: int) -> bool:
    """Whether the line start..end continues the line before it."""
    gap = text[before[1] : start]
    if gap.count("\n") > 1 or gap.count("\r") > 1 or "\f" in gap:
        return False
    line_start = max(text.rfind("\n", before[0], before[1]) + 1, before[0])
    last_line = text[line_start : before[1]].rstrip()
    if not last_line or last_line[-1] in _LINE_STOPS or _LIST_LINE.match(text, start, end):
        return False
    if last_line.lstrip().startswith("#") or is_table_row(last_line) or is_table_row(text[start:end]):
        return False
    if text[start:end].lstrip()[0].islower():
        return True
    return len(last_line) >= _WRAPPED_LINE_CHARACTERS and (last_line[-1].islower() or last_line[-1] == ",")


def _split_line(text: str, start: int, end: int) -> list[tuple[int, int]]:
    if is_table_row(text[start:end]):
        return _trimmed(text, start, end)  # a table row is one statement, whatever its cells hold
    spans: list[tuple[int, int]] = []
    begin = start
    for match in _SENTENCE_END.finditer(text, start, end):
        if _is_boundary(text, begin, match, end):
            spans.extend(_trimmed(text, begin, match.end()))
            begin = match.end()
    spans.extend(_trimmed(text, begin, end))
    return spans


def _is_boundary(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    following = text[match.end() : min(match.end() + 8, end)].lstrip()
    if match[0][0] in "。！？｡":
        return True
    if following[:1].islower():
        return False
    if match[0] != ".":
        return True
    before = _LAST_WORD.search(text[max(begin, match.start() - 24) : match.start()])
    word = before[0] if before else ""
    if word.lower() in _ABBREVIATIONS:
        return False
    if len(word) == 1 and word.isupper():  # an initial: J. Smith
        return False
    is_list_number = _LIST_NUMBER.fullmatch(text[begin : match.start()].strip())
    return not (is_list_number and following)


def _trimmed(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The span without white space around it, or nothing."""
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = end - (len(piece) - len(piece.rstrip()))
    return [(left, right)] if left < right else []
