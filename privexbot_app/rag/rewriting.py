"""Make a follow-up question stand alone for a search. Pure and quick: words only, no language model.

“And in winter?” finds nothing alone. Joined with everything said before, it finds what was asked before. In between:
only a question that leans on earlier ones gets words of theirs, and only the few that say what the talk is about.
Measured on conversations of several collections (`bench.retrieval`): better than the last turn alone, than the last two
turns, and than all turns.
"""

import re
from collections.abc import Sequence
from typing import Protocol

from privexbot_app.kit.words import informative, tokenize
from privexbot_app.rag.keywords import match_query

FEW_WORDS = 4
"""A question with fewer telling words than this leans on what was said before."""
BORROWED_WORDS = 4
FADING = 0.7  # what a turn's words are worth against those of the turn after it
NAME_WEIGHT = 1.5

# Words that stand for something named before: en, es, de, fr, it, pt, nl.
_POINTING_WORDS = (
    "it its they them their theirs this that these those he him his she her hers there one ones such same former "
    "latter both either others another else "
    "eso esto ello ellos ellas esos esas estos estas alli mismo misma "
    "dieser diese dieses diesen diesem dessen deren jener jene dazu davon damit dafur darin dort "
    "celui celle ceux celles cela ca eux leur leurs "
    "questo questa questi queste quello quella quelli quelle esso loro "
    "isso isto esse essa esses essas deste desta dele dela deles delas "
    "deze daar hun"
)
_POINTING = frozenset(_POINTING_WORDS.split())
_OPENING = re.compile(
    r"\s*(and|or|but|also|so|then|what about|how about|what else|why|how so|ok|okay|yes|no|any|"
    r"y|pero|entonces|und|aber|oder|et|mais|alors|e|ma|allora|mas|maar)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
_INSIDE_SENTENCE = re.compile(r"[^\W\d_]\W*[ ,;:(]\s*$")


class Said(Protocol):
    """One turn of a conversation: who spoke (`user` or `assistant`), and what."""

    @property
    def role(self) -> str: ...
    @property
    def content(self) -> str: ...


def stand_alone(question: str, history: Sequence[Said]) -> str:
    """Return what to search for: the question, with the few words of earlier questions that it leans on.

    history: oldest first; answers are not read, since a wrong one would lead the search further astray.

    >>> from collections import namedtuple
    >>> Turn = namedtuple("Turn", "role content")
    >>> stand_alone("And in winter?", [Turn("user", "When does the Harbour Museum open?")])
    'And in winter? Harbour Museum open'
    >>> stand_alone("Which parking garages near the station are free?", [Turn("user", "When do you open?")])
    'Which parking garages near the station are free?'
    """
    earlier = [turn.content for turn in history if turn.role == "user" and turn.content.strip()]
    if not earlier or not _leans_on_earlier(question):
        return question
    borrowed = _telling_words(earlier, known=frozenset(tokenize(question)))
    if not borrowed and not _has_spaced_words(earlier[-1]):
        return f"{earlier[-1]}\n{question}"
    return " ".join([question, *borrowed])


def _leans_on_earlier(question: str) -> bool:
    if len(match_query(question)) < FEW_WORDS or _OPENING.match(question):
        return True
    return not _POINTING.isdisjoint(_WORD.findall(question.lower()))


def _telling_words(earlier: Sequence[str], *, known: frozenset[str]) -> list[str]:
    """The words that earlier questions turn on, best first: the later and the more often said, the better; names most.

    Scripts without spaces have no words to take out.
    """
    worth: dict[str, float] = {}
    written: dict[str, str] = {}
    for age, text in enumerate(reversed(earlier)):
        telling = frozenset(informative(tokenize(text)))
        for match in _WORD.finditer(text):
            tokens = tokenize(match.group())
            if len(tokens) != 1 or tokens[0] in known or tokens[0] not in telling:
                continue
            is_name = match.group()[0].isupper() and bool(_INSIDE_SENTENCE.search(text[: match.start()]))
            worth[tokens[0]] = worth.get(tokens[0], 0.0) + FADING**age * (NAME_WEIGHT if is_name else 1.0)
            written.setdefault(tokens[0], match.group())
    return [written[token] for token in sorted(worth, key=lambda token: -worth[token])[:BORROWED_WORDS]]


def _has_spaced_words(text: str) -> bool:
    return any(len(tokenize(word)) == 1 for word in _WORD.findall(text))
