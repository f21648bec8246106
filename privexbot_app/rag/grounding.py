"""Tell whether the retrieved passages can support an answer at all, so that a strict bot need not ask a model to guess.

Pure: reads words and similarities, not facts; what it lets through, the prompt's grounding rule still governs. A false
refusal is worse than a weak answer, so every doubt counts as support.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from privexbot_app.kit.languages import guess_language
from privexbot_app.kit.overlap import Piece
from privexbot_app.kit.text import Passage
from privexbot_app.kit.words import informative, tokenize

# Tuned on questions of xquad with the five passages that BM25 and all-MiniLM-L6-v2, fused, find among all paragraphs,
# and with their own paragraph alone; negatives are the same questions on the passages of mtragun_mini, five best of
# each collection. At these values, false refusals: English 1.1 % (alone 1.7 %), Spanish 0 % (alone 1.4 %); refused of
# the unrelated: 76 % (all collections together), 90, 93, 98, 99 % (one collection). Of mtragun's own unanswerable last
# turns 58 % are refused, and 10 % of the answerable, most of them follow-ups that say nothing on their own ("When did
# it take place?"): rewrite those before. Words count alike here: how rare they are among five passages says little.
# Embedding models whose unrelated texts lie closer than MiniLM's only make the judgement milder.
MIN_COMBINED_SUPPORT = 0.49
COVERAGE_SHARE = 0.4
# Without cosines, words alone. False refusals 1.4 to 1.9 %; refused of the unrelated: 27 to 73 %.
MIN_COVERAGE_ALONE = 0.3
# Most words of a question in one passage are support enough, whatever the vectors say.
SURE_COVERAGE = 0.75
_LANGUAGE_SAMPLE_CHARACTERS = 600

_REFUSALS = {
    "en": "I could not find an answer to this in the documents.",
    "es": "No he encontrado una respuesta a esto en los documentos.",
    "de": "Dazu habe ich in den Dokumenten keine Antwort gefunden.",
    "fr": "Je n’ai pas trouvé de réponse à cette question dans les documents.",
    "it": "Non ho trovato una risposta nei documenti.",
    "pt": "Não encontrei uma resposta para isto nos documentos.",
    "nl": "Ik heb hierop geen antwoord gevonden in de documenten.",
    "ru": "Я не нашёл ответа на этот вопрос в документах.",
    "ar": "لم أجد إجابة عن هذا السؤال في المستندات.",
    "hi": "मुझे दस्तावेज़ों में इसका उत्तर नहीं मिला।",
    "zh": "我在文档中没有找到这个问题的答案。",
    "ja": "文書の中にこの質問への答えは見つかりませんでした。",
    "ko": "문서에서 이 질문에 대한 답을 찾지 못했습니다.",
}


class SupportReason(StrEnum):
    """Why passages do or do not support an answer."""

    COVERED = "covered"
    TOO_SHORT = "too_short"
    OTHER_LANGUAGE = "other_language"
    NO_PASSAGES = "no_passages"
    UNRELATED = "unrelated"


@dataclass(frozen=True)
class Support:
    """A judgement. score: 0 for none, 1 at the threshold, more for clearer support; not a probability."""

    is_supported: bool
    score: float
    reason: SupportReason


def assess_support(question: str, passages: Sequence[Passage]) -> Support:
    """Judge whether the passages may hold an answer.

    question: in full; resolve follow-ups ("and in winter?") before.
    passages: what was retrieved, with cosine similarities where a dense retriever found them.
    A remark of at most one telling word (a greeting) counts as supported, as does a question in another language than
    the passages', where words cannot be compared.
    """
    words = informative(tokenize(question))
    if len(words) < 2 and not question.rstrip().endswith(("?", "？", "؟")):
        return Support(True, 1.0, SupportReason.TOO_SHORT)
    if not passages:
        return Support(False, 0.0, SupportReason.NO_PASSAGES)
    score = _score(words, passages)
    if score >= 1:
        return Support(True, score, SupportReason.COVERED)
    if guess_language(question) != _language_of(passages):
        return Support(True, score, SupportReason.OTHER_LANGUAGE)
    return Support(False, score, SupportReason.UNRELATED)


def refusal(question: str) -> str:
    """Return the sentence that says that the documents hold no answer, in the question's language.

    >>> refusal("Wie hoch ist der Eiffelturm?")
    'Dazu habe ich in den Dokumenten keine Antwort gefunden.'
    """
    return _REFUSALS.get(guess_language(question), _REFUSALS["en"])


def _score(words: Sequence[str], passages: Sequence[Passage]) -> float:
    """Support as a multiple of the threshold that applies."""
    pieces = [Piece(tokenize(f"{passage.title} {passage.text}")) for passage in passages]
    coverage = max(sum(map(piece.share_of, words)) for piece in pieces) / max(1, len(words))
    cosines = [passage.cosine_similarity for passage in passages if passage.cosine_similarity is not None]
    if not cosines:
        return coverage / MIN_COVERAGE_ALONE
    combined = (max(cosines) + COVERAGE_SHARE * coverage) / MIN_COMBINED_SUPPORT
    return max(combined, coverage / SURE_COVERAGE)


def _language_of(passages: Sequence[Passage]) -> str:
    return guess_language(" ".join(passage.text[:_LANGUAGE_SAMPLE_CHARACTERS] for passage in passages))
