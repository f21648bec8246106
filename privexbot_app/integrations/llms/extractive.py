"""Answers without a language model: the best supported sentences of the passages, each with its citation.

Needs no key and no network, so that a fresh installation answers. Owns the choice of sentences and their wording as
an answer; never adds a fact. Says at the end that no language model is connected.
"""

import math
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from privexbot_app.integrations.llms.base import (
    LLMS,
    ChatRequest,
    Embed,
    TokenDelta,
    TokenUsage,
)
from privexbot_app.kit.http import HttpClient
from privexbot_app.kit.languages import guess_language
from privexbot_app.kit.overlap import Piece, WordWeights
from privexbot_app.kit.sentences import is_table_row, split_sentences
from privexbot_app.kit.text import Passage
from privexbot_app.kit.words import informative, tokenize

NO_MODEL_NOTICE = "No language model is connected, so this answer quotes the documents."
NOTHING_FOUND = "The documents do not say."
_NOTICES = {
    "en": NO_MODEL_NOTICE,
    "es": "No hay ningún modelo de lenguaje conectado; esta respuesta cita los documentos.",
    "de": "Es ist kein Sprachmodell verbunden; diese Antwort zitiert die Dokumente.",
    "fr": "Aucun modèle de langage n’est connecté ; cette réponse cite les documents.",
    "ar": "لا يوجد نموذج لغوي متصل، لذلك تقتبس هذه الإجابة من المستندات.",
    "zh": "未连接语言模型，此回答引自文档。",
}
_NOTHING_FOUND = {
    "en": NOTHING_FOUND,
    "es": "Los documentos no lo dicen.",
    "de": "Die Dokumente sagen dazu nichts.",
    "fr": "Les documents ne le disent pas.",
    "ar": "لا تذكر المستندات ذلك.",
    "zh": "文档中没有说明。",
}

MAX_SENTENCES = 4
# Tuned on English and Spanish encyclopedia questions, five paragraphs each: see the test of the evidence rate.
_CONTEXT_SHARE = 0.35
_RANK_BONUS = 0.12
_ANSWER_TYPE_BONUS = 0.08
_MEANING_WEIGHT = 0.5
_KEEP_ABOVE_SHARE_OF_BEST = 0.7
_MIN_COVERAGE = 0.18
_MIN_COSINE = 0.45
_SAME_SENTENCE_JACCARD = 0.75
_MAX_SENTENCE_CHARACTERS = 480
_MAX_EMBEDDED_SENTENCES = 16

_ASKS_FOR_NUMBER = re.compile(
    r"how (?:many|much|long|old|far|often|big|tall|large|high)|\bwhen\b|what (?:year|date|time|percent\w*|price|age)"
    r"|cu[aá]nt|cu[aá]ndo|qué (?:año|fecha|porcentaje)|wie ?viel|wie (?:lange|oft|alt|hoch)|\bwann\b|combien|\bquand\b"
    r"|多少|几|什么时候|何时|多久|多长|كم|متى",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\d|[一二三四五六七八九十百千万两]+[天年月日个元次]"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|hundred|thousand|million|half"
    r"|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|cien|mil|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn)\b",
    re.IGNORECASE,
)
_QUESTION_MARK = re.compile(r"(?:^|\n)\s*(?:Q|Question|Pregunta|Frage|问|س)\s*[:：]\s*")
_ANSWER_MARK = re.compile(r"(?:^|\s)(?:A|Answer|Respuesta|Antwort|Réponse|答|ج)\s*[:：]\s*")
_BULLET = re.compile(r"^(?:[-*+•·▪◦–—]\s+|\(?\d{1,3}[.)]\s+|#{1,6}\s+|>\s*)")
_OWN_MARKERS = re.compile(r"\s?(?:\[\d{1,3}(?:\s*,\s*\d{1,3})*\]|【\d+】)")
_TABLE_RULE = re.compile(r"\|?[\s:|-]*-[\s:|-]*\|?")
_STREAMED_PIECE = re.compile(r"\s*[\u3040-\u9fff\uf900-\ufaff]{1,4}\S?|\s*\S+\s*?", re.UNICODE)


@dataclass(frozen=True)
class _Statement:
    """A sentence, a table row or an answer of a question/answer pair, as it may be quoted."""

    passage: int  # position in the request, best first
    order: int
    index: int  # what the citation says
    text: str
    own: Piece
    around: Piece
    is_quotable: bool = True


@LLMS.register("extractive")
class ExtractiveModel:
    """Quotes instead of writing. Deterministic; takes about a millisecond per passage."""

    label = "Quotes from your documents (no language model)"
    is_language_model = False

    class Config(BaseModel):
        """Nothing to configure."""

        model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, config: Config, http: HttpClient | None = None) -> None:
        self.config = config

    async def stream(self, request: ChatRequest) -> AsyncIterator[TokenDelta | TokenUsage]:
        language = guess_language(request.question)
        chosen = await choose_statements(request.question, request.passages, embed=request.embed)
        answer = " ".join(f"{text} [{index}]" for index, text in chosen)
        answer = answer or _NOTHING_FOUND.get(language, NOTHING_FOUND)
        for piece in _STREAMED_PIECE.findall(answer):
            yield TokenDelta(piece)
        yield TokenDelta(f"\n\n{_NOTICES.get(language, NO_MODEL_NOTICE)}")
        yield TokenUsage(prompt_tokens=0, completion_tokens=0)

    async def list_models(self) -> list[str]:
        return []

    async def check(self) -> None:
        return None

    async def close(self) -> None:
        return None


async def choose_statements(
    question: str, passages: Sequence[Passage], *, embed: Embed | None = None
) -> list[tuple[int, str]]:
    """Return (citation index, sentence) of what answers best, at most MAX_SENTENCES; empty where nothing fits.

    Sentences of one passage stand in their source order; the passage with the best sentence comes first.
    """
    statements = [one for position, passage in enumerate(passages) for one in _statements(position, passage)]
    words = informative(tokenize(question))
    weights = WordWeights([statement.own for statement in statements])
    scored = [(_score(question, words, weights, one), one) for one in statements if one.is_quotable]
    scored.sort(key=lambda pair: (-pair[0], pair[1].passage, pair[1].order))
    best_coverage = max(
        (weights.coverage(words, one.own, one.around, share=_CONTEXT_SHARE) for _, one in scored), default=0.0
    )
    is_supported = best_coverage >= _MIN_COVERAGE
    if embed is not None and scored:
        scored, best_cosine = await _with_meaning(question, scored, embed)
        is_supported = is_supported or best_cosine >= _MIN_COSINE
    return _readable(_distinct_best(scored), words) if is_supported else []


def _score(question: str, words: list[str], weights: WordWeights, one: _Statement) -> float:
    score = weights.coverage(words, one.own, one.around, share=_CONTEXT_SHARE)
    score += _RANK_BONUS / (1 + one.passage)
    if _ASKS_FOR_NUMBER.search(question) and _NUMBER.search(one.text):
        score += _ANSWER_TYPE_BONUS
    if one.text.endswith(("?", "？", "؟")):
        score *= 0.6  # a question in the text is seldom the answer to one
    return score


async def _with_meaning(
    question: str, scored: list[tuple[float, _Statement]], embed: Embed
) -> tuple[list[tuple[float, _Statement]], float]:
    """Add the similarity of meaning to the best by words; the others fall away."""
    candidates = scored[:_MAX_EMBEDDED_SENTENCES]
    vectors = await embed([question, *(one.text for _, one in candidates)])
    cosines = [_cosine(vectors[0], vector) for vector in vectors[1:]]
    rescored = [
        (score + _MEANING_WEIGHT * cosine, one) for (score, one), cosine in zip(candidates, cosines, strict=True)
    ]
    rescored.sort(key=lambda pair: (-pair[0], pair[1].passage, pair[1].order))
    return rescored, max(cosines)


def _cosine(left: Sequence[float], right: Sequence[float]) -> float:
    norm = math.hypot(*left) * math.hypot(*right)
    return sum(a * b for a, b in zip(left, right, strict=True)) / norm if norm else 0.0


def _distinct_best(scored: list[tuple[float, _Statement]]) -> list[_Statement]:
    chosen: list[_Statement] = []
    for score, one in scored:
        if len(chosen) == MAX_SENTENCES or score < _KEEP_ABOVE_SHARE_OF_BEST * scored[0][0]:
            break
        if not any(_is_same(one, other) for other in chosen):
            chosen.append(one)
    return chosen


def _is_same(one: _Statement, other: _Statement) -> bool:
    union = one.own.tokens | other.own.tokens
    return len(one.own.tokens & other.own.tokens) >= _SAME_SENTENCE_JACCARD * len(union)


def _readable(chosen: list[_Statement], words: list[str]) -> list[tuple[int, str]]:
    """In source order within a passage; passages in the order of their best sentence."""
    passages = list(dict.fromkeys(one.passage for one in chosen))
    ordered = sorted(chosen, key=lambda one: (passages.index(one.passage), one.order))
    return [(one.index, _shortened(one.text, words)) for one in ordered]


def _shortened(text: str, words: list[str]) -> str:
    """The part of an endless sentence around the first word asked for."""
    if len(text) <= _MAX_SENTENCE_CHARACTERS:
        return text
    lowered = text.lower()
    hits = [at for word in words if (at := lowered.find(word)) >= 0]
    start = max(0, min(hits, default=0) - 80)
    start = text.find(" ", start) + 1 if start else 0
    end = text.rfind(" ", start, start + _MAX_SENTENCE_CHARACTERS)
    end = end if end > start else start + _MAX_SENTENCE_CHARACTERS
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _statements(position: int, passage: Passage) -> list[_Statement]:
    """Everything in the passage that may be quoted, in order, with the words that stand around it."""
    found: list[_Statement] = []
    before = Piece(tokenize(passage.title))
    for quote, matched, is_quotable in _quotes(passage.text):
        tokens = tokenize(matched)
        if not tokens:
            continue
        own = Piece(tokens)
        found.append(_Statement(position, len(found), passage.index, quote, own, before, is_quotable))
        before = own
    return found


def _quotes(text: str) -> list[tuple[str, str, bool]]:
    """(what to say, what to compare with the question, whether it says anything) for each sentence, row or pair."""
    quotes: list[tuple[str, str, bool]] = []
    pair_question = ""
    header: list[str] = []
    lines = [text[start:end] for start, end in split_sentences(text)]
    lines = [line for line in lines if not _TABLE_RULE.fullmatch(line)]
    for at, piece in enumerate(lines):
        if is_table_row(piece):
            is_followed = at + 1 < len(lines) and is_table_row(lines[at + 1])
            if is_followed and not (at and is_table_row(lines[at - 1])):
                header = _cells(piece)  # the first of several rows names the columns
                continue
            quotes.append((_row(header, _cells(piece)), f"{' '.join(header)} {piece}", True))
            continue
        header = []
        is_question = _QUESTION_MARK.match(piece)
        answer = _ANSWER_MARK.search(piece) if is_question or pair_question else None
        if is_question:
            pair_question = piece[is_question.end() : answer.start() if answer else len(piece)]
        if is_question and not answer:
            continue
        said = _clean(piece[answer.end() :] if answer else piece)
        quotes.append((said, f"{pair_question} {said}", _says_something(piece, said)))
    return quotes


def _says_something(piece: str, said: str) -> bool:
    """Headings lend their words to what follows and are not quoted themselves."""
    return bool(said) and not piece.startswith("#") and not said.endswith((":", "："))


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def _row(header: list[str], cells: list[str]) -> str:
    if len(header) == len(cells):
        return "; ".join(f"{name}: {cell}" if name else cell for name, cell in zip(header, cells, strict=True) if cell)
    return " — ".join(cell for cell in cells if cell)


def _clean(sentence: str) -> str:
    """One line, without bullets, and without the document's own reference marks, which are not our citations."""
    return _OWN_MARKERS.sub("", _BULLET.sub("", " ".join(sentence.split()))).strip()
